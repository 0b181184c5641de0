package workloads

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// RestartInput is what rollout_restart is given.
type RestartInput struct {
	Target
}

// RestartOutput is what rollout_restart returns.
type RestartOutput struct {
	Generation int64  `json:"generation" required:"true" doc:"Generation of the workload, after the change."`
	Mark       string `json:"mark" required:"true" doc:"What this restart is known by in the pod template, as long as nobody else restarts it; rollout_undo takes it back, and nothing else."`
}

func (w workloads) restart() sdk.Action[RestartInput, RestartOutput] {
	return sdk.Action[RestartInput, RestartOutput]{
		Name:    "rollout_restart",
		Summary: "Replace all pods of a workload by new ones of the same kind",
		Description: `Begins a rollout without a change, by an annotation of the pod template that holds the step's key, so that
all attempts of one step are one restart; ` + "`rollout`" + ` waits for its end.

Pods that were replaced do not come back, so that it has no undo. ` + "`rollout_undo`" + ` with ` + "`restart`" + ` puts back those that it has not replaced yet,
as in ` + "`finally`" + `, when what they read is as it was.`,
		Effect:        sdk.Change,
		Idempotent:    true,
		NothingToUndo: "pods that were replaced do not come back",
		Examples: []schema.Example{
			{Title: "A Deployment", With: map[string]any{"name": "web", "namespace": "shop"}},
		},
		Plan:    own.Planned(w.planRestart),
		Apply:   w.applyRestart,
		Observe: w.observeRestart,
	}
}

// restartPatch marks the pod template with the key of a step.
func (w *workload) restartPatch(key string) map[string]any {
	return templatePatch(map[string]any{"metadata": map[string]any{"annotations": revision.Restarting(w.template, key)}})
}

// restartedBy is the key of the step that restarted the workload last.
func (w *workload) restartedBy() string { return w.template.Annotations[cluster.KeyAnnotation] }

// restartNote keeps over attempts what the first one met. Another restart puts its key in the
// place of this one's, so that the key alone does not tell whether there was one.
const restartNote = "restart"

// restarting is a restart that was begun.
type restarting struct {
	UID  types.UID `json:"uid"`
	Key  string    `json:"key,omitempty"` // that the pod template had
	Done bool      `json:"done,omitempty"`
}

// over says whether the workload was restarted since the step of a key looked at it first,
// be it by another step.
func (r restarting) over(found *workload, key string) bool {
	by := found.restartedBy()
	return by == key || found.GetUID() == r.UID && (r.Done || by != r.Key)
}

// restart is what a step with a key returns.
func (w *workload) restart(key string) RestartOutput { return RestartOutput{w.GetGeneration(), key} }

// beforeRestart is the revision to which the restart of a mark, and nothing else, is taken back.
func (w *workload) beforeRestart(revisions []revision.Revision, mark string) (revision.Revision, error) {
	const anew = "restart it where its pods shall read anew what they read"
	made, before := revision.OfRestart(revisions, mark)
	switch {
	case before >= 0 && min(made, before) == 0: // it is the newest, or taken back already
		return revisions[before], nil
	case made == 0:
		return revision.Revision{}, own.Missing("restart", "the %s keeps no revision from before its restart; %s", w, anew)
	}
	since, when := "", ", which keeps no revision of its restart"
	if made > 0 {
		was := revisions[made]
		since, when = was.Name, " after its restart"+revision.Between(was.Images, w.images())
	}
	return revision.Revision{}, sdk.Errorf(sdk.Conflict, "%s changed the template of the %s%s, and so it stays; %s",
		revision.Changed(w.kept(), revisions, since), w, when, anew).NothingChanged()
}

func (w workloads) applyRestart(ctx context.Context, call *sdk.Call[RestartInput]) (RestartOutput, error) {
	begun, noted, err := sdk.LoadNote[restarting](call, restartNote)
	if err != nil {
		return RestartOutput{}, err
	}
	var found *workload
	err = cluster.Again(func() (err error) {
		if found, err = w.read(ctx, call.Input.Target); err != nil || begun.over(found, call.Key) {
			return err
		}
		if found.paused {
			return sdk.Errorf(sdk.Permanent, "the rollouts of the %s are paused, so that it cannot be restarted", found).NothingChanged()
		}
		if !noted {
			begun, noted = restarting{UID: found.GetUID(), Key: found.restartedBy()}, true
			if err := call.Note(restartNote, begun); err != nil {
				return err
			}
		}
		found, err = w.change(ctx, found, found.restartPatch(call.Key))
		return err
	})
	if err == nil {
		err = call.Note(restartNote, restarting{UID: found.GetUID(), Done: true})
	}
	if err != nil {
		return RestartOutput{}, err
	}
	return found.restart(call.Key), nil
}

func (w workloads) planRestart(ctx context.Context, call *sdk.Call[RestartInput]) (sdk.Preview, error) {
	if !call.Knows("kind", "name", "namespace") {
		return sdk.Preview{Summary: "would restart a workload that is not known yet"}, nil
	}
	target := w.named(call.Input.Target)
	preview := sdk.Preview{Summary: fmt.Sprintf("would restart the %s", target)}
	var err error
	if preview.Blockers, err = w.Lacking(ctx, target.patchRights()...); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	found, err := w.read(ctx, target)
	if err != nil {
		return preview, err
	}
	delta, err := w.foresee(ctx, found, found.restartPatch("the step's key"))
	if err != nil {
		return sdk.Preview{}, err
	}
	preview.Summary += fmt.Sprintf(", which replaces %d pods", found.replicas-found.untouched)
	preview.Changes = []sdk.Delta{delta}
	if found.paused {
		preview.Blockers = []string{fmt.Sprintf("The rollouts of the %s are paused.", target)}
	}
	return preview, nil
}

func (w workloads) observeRestart(ctx context.Context, call *sdk.Call[RestartInput]) (sdk.Observed[RestartOutput], error) {
	begun, _, err := sdk.LoadNote[restarting](call, restartNote)
	if err != nil {
		return sdk.Observed[RestartOutput]{}, err
	}
	found, gone, err := w.look(ctx, call.Input.Target)
	if err != nil || found == nil {
		return sdk.Observed[RestartOutput]{State: sdk.NotDone, Detail: gone}, err
	}
	if !begun.over(found, call.Key) {
		return sdk.Observed[RestartOutput]{State: sdk.NotDone, Detail: fmt.Sprintf("The pod template of the %s does not have this step's key.", found)}, nil
	}
	seen := sdk.Observed[RestartOutput]{
		State: sdk.Done, Outputs: found.restart(call.Key),
		Detail: fmt.Sprintf("The pod template of the %s has this step's key.", found),
	}
	if found.restartedBy() != call.Key {
		seen.Detail = fmt.Sprintf("The pod template of the %s was changed again since this step began to restart it.", found)
	}
	return seen, nil
}
