package sdktest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// TestEachBreachOfALookInAPlanIsFound: what reads in a plan leaves nothing behind.
func TestEachBreachOfALookInAPlanIsFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		apply func(ctx context.Context, s *shop, call *sdk.Call[addInput]) (addOutput, error)
		fault string
	}{
		"it reads": {func(_ context.Context, s *shop, _ *sdk.Call[addInput]) (addOutput, error) {
			return addOutput{s.replicas}, nil
		}, ""},
		"it looks only when it need not wait": {func(_ context.Context, s *shop, call *sdk.Call[addInput]) (addOutput, error) {
			if call.InPlan {
				return addOutput{}, sdk.ErrUnsupported
			}
			return addOutput{s.replicas}, nil
		}, ""},
		"it changes": {func(_ context.Context, s *shop, _ *sdk.Call[addInput]) (addOutput, error) {
			s.replicas++
			return addOutput{s.replicas}, nil
		}, "Apply for a plan changed the state"},
		"it saves a state": {func(ctx context.Context, s *shop, call *sdk.Call[addInput]) (addOutput, error) {
			return addOutput{s.replicas}, call.SaveBefore(ctx, s.replicas)
		}, "Apply for a plan keeps something"},
		"it notes a fact": {func(_ context.Context, s *shop, call *sdk.Call[addInput]) (addOutput, error) {
			return addOutput{s.replicas}, call.Note("pid", 1)
		}, "Apply for a plan keeps something"},
		"it fails": {func(_ context.Context, _ *shop, call *sdk.Call[addInput]) (addOutput, error) {
			return addOutput{}, sdk.Errorf(sdk.Permanent, "not in a plan: %t", call.InPlan)
		}, "Apply for a plan: not in a plan: true"},
		"it shows the secret": {func(_ context.Context, _ *shop, call *sdk.Call[addInput]) (addOutput, error) {
			call.Log.Info(call.Input.Token)
			return addOutput{}, nil
		}, "what the host was told"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, s := suite(t, func(s *shop, a *sdk.Action[addInput, addOutput]) {
				a.Effect, a.Undo, a.InPlan = sdk.Read, nil, true
				a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
					return test.apply(ctx, s, call)
				}
			})
			c := sdktest.Case{World: func(testing.TB) sdktest.World {
				return sdktest.World{Params: map[string]any{"more": 3, "token": "opensesame"}, Probe: s.state}
			}}
			faults := sdktest.CheckOne(t, "a plan may look", handler, c)
			if test.fault == "" && len(faults) > 0 || test.fault != "" && (len(faults) != 1 || !strings.Contains(faults[0], test.fault)) {
				t.Errorf("got %q, want %q", faults, test.fault)
			}
		})
	}
}

// A person who does not want to wait for a plan is heard also by what looks for it.
func TestALookInAPlanThatIsCancelledIsHeard(t *testing.T) {
	t.Parallel()
	handler, s := suite(t, func(_ *shop, a *sdk.Action[addInput, addOutput]) {
		a.Effect, a.Undo, a.InPlan = sdk.Read, nil, true
		a.Apply = func(ctx context.Context, _ *sdk.Call[addInput]) (addOutput, error) {
			<-ctx.Done()
			return addOutput{}, ctx.Err()
		}
	})
	c := sdktest.Case{Blocks: true, World: func(testing.TB) sdktest.World {
		return sdktest.World{Params: map[string]any{"more": 3}, Probe: s.state}
	}}
	if faults := sdktest.CheckOne(t, "cancel in a plan is prompt", handler, c); len(faults) > 0 {
		t.Errorf("got %q", faults)
	}
}
