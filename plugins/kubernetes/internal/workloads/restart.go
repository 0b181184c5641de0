package workloads

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// RestartInput is what rollout_restart is given.
type RestartInput struct {
	Target
}

// RestartOutput is what rollout_restart returns.
type RestartOutput struct {
	Generation int64 `json:"generation" required:"true" doc:"Generation of the workload, after the change."`
}

func (w workloads) restart() sdk.Action[RestartInput, RestartOutput] {
	return sdk.Action[RestartInput, RestartOutput]{
		Name:    "rollout_restart",
		Summary: "Replace all pods of a workload by new ones of the same kind",
		Description: `Begins a rollout without a change, by an annotation of the pod template that holds the step's key, so that
all attempts of one step are one restart; ` + "`rollout`" + ` waits for its end.`,
		Effect:        sdk.Change,
		Idempotent:    true,
		NothingToUndo: "pods that were replaced do not come back",
		Examples: []schema.Example{
			{Title: "A Deployment", With: map[string]any{"name": "web", "namespace": "shop"}},
		},
		Plan:    w.planRestart,
		Apply:   w.applyRestart,
		Observe: w.observeRestart,
	}
}

// restartPatch marks the pod template with the key of a step.
func restartPatch(key string) map[string]any {
	annotations := map[string]any{"annotations": map[string]any{cluster.KeyAnnotation: key}}
	return map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": annotations}}}
}

func (w workloads) applyRestart(ctx context.Context, call *sdk.Call[RestartInput]) (RestartOutput, error) {
	found, err := w.read(ctx, call.Input.Target)
	if err != nil {
		return RestartOutput{}, err
	}
	if found.paused {
		return RestartOutput{}, sdk.Errorf(sdk.Permanent, "the rollouts of the %s are paused, so that it cannot be restarted", found).NothingChanged()
	}
	if err := w.patch(ctx, found, restartPatch(call.Key), nil); err != nil {
		return RestartOutput{}, err
	}
	if found, err = w.read(ctx, call.Input.Target); err != nil {
		return RestartOutput{}, err
	}
	return RestartOutput{found.meta.Generation}, nil
}

func (w workloads) planRestart(ctx context.Context, call *sdk.Call[RestartInput]) (sdk.Preview, error) {
	if !call.Knows("kind", "name", "namespace") {
		return sdk.Preview{Summary: "would restart a workload that is not known yet"}, nil
	}
	target := call.Input.Target
	target.Namespace = w.In(target.Namespace)
	lacking, err := w.Lacking(ctx, target.right("get", "", "read"), target.right("patch", "", "change"))
	if err != nil || len(lacking) > 0 {
		return sdk.Preview{Summary: fmt.Sprintf("would restart the %s", target), Blockers: lacking}, err
	}
	found, err := w.read(ctx, target)
	if err != nil {
		return sdk.Preview{}, err
	}
	// What admission would refuse, it refuses now.
	if err := w.patch(ctx, found, restartPatch("planned"), []string{metav1.DryRunAll}); err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{
		Summary: fmt.Sprintf("would restart the %s, which replaces %d pods", target, found.replicas-found.untouched),
		Changes: []sdk.Delta{{Target: target.String(), Kind: target.Kind, Op: "update"}},
	}
	if found.paused {
		preview.Blockers = []string{fmt.Sprintf("The rollouts of the %s are paused.", target)}
	}
	return preview, nil
}

func (w workloads) observeRestart(ctx context.Context, call *sdk.Call[RestartInput]) (sdk.Observed[RestartOutput], error) {
	found, err := w.read(ctx, call.Input.Target)
	if err != nil {
		return sdk.Observed[RestartOutput]{}, err
	}
	if found.template.Annotations[cluster.KeyAnnotation] != call.Key {
		return sdk.Observed[RestartOutput]{State: sdk.NotDone, Detail: fmt.Sprintf("The pod template of the %s does not have this step's key.", found)}, nil
	}
	return sdk.Observed[RestartOutput]{
		State: sdk.Done, Outputs: RestartOutput{found.meta.Generation},
		Detail: fmt.Sprintf("The pod template of the %s has this step's key.", found),
	}, nil
}
