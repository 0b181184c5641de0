package workloads

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// PauseInput is what rollout_pause and rollout_resume are given.
type PauseInput struct {
	Name      string `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"web" doc:"Name of the Deployment."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the Deployment; without it, the connection's."`
}

// PauseOutput is what rollout_pause and rollout_resume return.
type PauseOutput struct {
	Paused          bool  `json:"paused" required:"true" doc:"Whether rollouts are paused, after the change."`
	Changed         bool  `json:"changed" required:"true" doc:"Whether this step changed it: false where it was so already."`
	Replicas        int32 `json:"replicas" required:"true" unit:"pods" doc:"How many pods there shall be."`
	UpdatedReplicas int32 `json:"updatedReplicas" required:"true" unit:"pods" doc:"How many are of the newest template that a rollout began with."`
}

func (w workloads) pause() sdk.Action[PauseInput, PauseOutput] {
	return w.pauser(true, sdk.Action[PauseInput, PauseOutput]{
		Name:    "rollout_pause",
		Summary: "Let a Deployment's rollout stand still",
		Description: `A rollout that is under way goes no further, and a change of the template begins none, until ` + "`rollout_resume`" + `. Pods
are replaced and scaled all the same. While it is paused, ` + "`rollout`" + ` fails.

Undo resumes it, unless it was paused before the step, or somebody else paused it anew since.`,
	})
}

func (w workloads) resume() sdk.Action[PauseInput, PauseOutput] {
	return w.pauser(false, sdk.Action[PauseInput, PauseOutput]{
		Name:    "rollout_resume",
		Summary: "Let a Deployment's rollout go on",
		Description: `Ends a pause. What changed in the template meanwhile is rolled out at once; ` + "`rollout`" + ` waits for its end.

Undo pauses it again, unless it was not paused before the step.`,
	})
}

// pauser completes an action that pauses rollouts, or resumes them.
func (w workloads) pauser(to bool, a sdk.Action[PauseInput, PauseOutput]) sdk.Action[PauseInput, PauseOutput] {
	a.Examples = []schema.Example{{Title: "A Deployment", With: map[string]any{"name": "web", "namespace": "shop"}}}
	verb := map[bool]string{true: "pause", false: "resume"}[to]
	target := func(in PauseInput) Target { return w.named(Target{"Deployment", in.Name, in.Namespace}) }
	return setting.Setting[PauseInput, PauseOutput, *workload, bool]{
		Cluster: w.Cluster,
		Names:   []string{"name", "namespace"},
		Verb:    verb + " rollouts of",
		Name:    func(in PauseInput) string { return target(in).String() },
		Rights:  func(in PauseInput) []cluster.Right { return target(in).patchRights() },
		Get:     func(ctx context.Context, in PauseInput) (*workload, error) { return w.get(ctx, target(in)) },
		Value:   func(_ PauseInput, live *workload) (bool, error) { return live.paused, nil },
		Want:    func(PauseInput, bool) bool { return to },
		Put: func(ctx context.Context, live *workload, to bool, dryRun []string) (*workload, error) {
			return w.patch(ctx, live, map[string]any{"spec": map[string]any{"paused": to}}, dryRun)
		},
		// Only true is kept as a field: with false the field is gone, and with it who set it.
		Fields: func(bool, bool) [][]string { return [][]string{{"f:spec", "f:paused"}} },
		State: func(paused bool) string {
			return map[bool]string{true: "has its rollouts paused", false: "does not have its rollouts paused"}[paused]
		},
		Summary: func(_ PauseInput, c setting.Change[*workload, bool]) string {
			return fmt.Sprintf("would %s rollouts of the %s, of whose pods %d of %d are updated", verb, c.Live, c.Live.updated, c.Live.replicas)
		},
		Outputs: func(_ PauseInput, c setting.Change[*workload, bool]) PauseOutput {
			return PauseOutput{Paused: to, Changed: c.Changed(), Replicas: c.Live.replicas, UpdatedReplicas: c.Live.updated}
		},
	}.Action(a)
}
