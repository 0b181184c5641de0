package look_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

type waitInput struct {
	Class  sdk.Class       `json:"class" required:"true" doc:"How it fails."`
	Within schema.Duration `json:"within" default:"5m" doc:"How long to ask again until it is so."`
}

type waitOutput struct {
	OK bool `json:"ok" required:"true" doc:"Whether it is so."`
}

// What an action asks for again until it is so has not failed where it is not so yet.
func TestWhatAnActionWaitsForIsNotSoYet(t *testing.T) {
	t.Parallel()
	action := sdk.Action[waitInput, waitOutput]{
		Name: "wait", Summary: "Wait for something", Description: "It waits.", Effect: sdk.Read, InPlan: true,
		Apply: func(_ context.Context, call *sdk.Call[waitInput]) (waitOutput, error) {
			return waitOutput{}, sdk.Errorf(call.Input.Class, "it is not so")
		},
	}
	handler, err := action.Handler()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := catalog.New(handler)
	if err != nil {
		t.Fatal(err)
	}
	for with, want := range map[string]bool{
		"{class: transient}":               true,
		"{class: transient, within: 1m}":   true,
		"{class: transient, within: 0s}":   false,
		"{class: permanent}":               false,
		"{class: permanent, within: 100h}": false,
	} {
		checked := checktest.Load(t, catalogue, "test.yaml", checktest.Head+fmt.Sprintf(`
steps:
  - {id: a, uses: wait, with: %s}
  - {id: b, uses: wait, needs: [], with: {class: permanent, within: 0s}, when: "true", gate: {observe: {uses: wait, with: %s}, expr: observed.ok}}
`, with, with))
		inputs, _, found := input.Values(checked, nil)
		checktest.NoErrors(t, found)
		made, _, err := plan.Make(checked, plan.Options{Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		p := look.Now(t.Context(), made, look.Options{At: night()})
		if seen := p.Steps[0].Seen; seen == nil || seen.Error == "" || seen.Waits != want {
			t.Errorf("%s: seen is %+v", with, seen)
		}
		if now := p.Steps[1].Gate[0].Now; now == nil || now.Observed == nil || now.Observed.Waits != want {
			t.Errorf("%s: of the gate it is %+v", with, now)
		}
	}
}
