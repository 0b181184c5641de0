package workloads

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/replacing"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// BackInput is what rollout_undo is given.
type BackInput struct {
	Target
	ToRevision int64           `json:"toRevision" default:"0" min:"0" doc:"Number of the revision to go back to; 0 is the one before the current one."`
	Restart    string          `json:"restart" minLength:"1" example:"gatebook-3f2a9c1b7d5e4f60a1b2c3d4e5f60718" doc:"Restart that alone is taken back, as rollout_restart returned it in mark. Where somebody changed the template since, that is a conflict, and stays."`
	Timeout    schema.Duration `json:"timeout" default:"1m" min:"1ms" doc:"How long the workload's controller may take to see its newest change. Until then it is not known which revision is the current one."`
}

// BackOutput is what rollout_undo returns.
type BackOutput struct {
	Revision string            `json:"revision" required:"true" doc:"Name of the ReplicaSet or ControllerRevision whose template is current now."`
	Images   map[string]string `json:"images" required:"true" doc:"Image of each container, after the change."`
}

func (w workloads) back() sdk.Action[BackInput, BackOutput] {
	return sdk.Action[BackInput, BackOutput]{
		Name:    "rollout_undo",
		Summary: "Go back to an earlier revision of a workload",
		Description: `Sets the pod template of an earlier revision, which begins a rollout; ` + "`rollout`" + ` waits for its end. An annotation
of the workload holds the step's key, so that all attempts of one step go back once.

A StatefulSet whose pods come one after the other waits for ever for a pod that never got ready, also when its template was taken back.
Such a pod of the revision that is left is therefore deleted. Where that is not allowed, the error has the command for somebody who may.

With ` + "`restart`" + `, it goes to the template before a certain restart, and only where that is the one change since. It is for ` + "`finally`" + `: the
revision before the current one may be somebody else's by then.

Undo returns to the revision that was current before, unless somebody began another since, which is a *conflict*. It frees a StatefulSet
as well.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Rules: []schema.Rule{
			{Expr: "!has(self.restart) || !has(self.toRevision) || self.toRevision == 0", Message: "Give either restart or toRevision."},
		},
		Examples: []schema.Example{
			{Title: "The revision before", With: map[string]any{"name": "web", "namespace": "shop"}},
			{Title: "The restart of a step, by its output mark", With: map[string]any{"name": "web", "restart": "gatebook-3f2a9c1b7d5e4f60a1b2c3d4e5f60718"}},
			{Title: "A certain one", With: map[string]any{"kind": "StatefulSet", "name": "db", "toRevision": 4}},
		},
		Plan:    own.Planned(w.planBack),
		Apply:   w.applyBack,
		Observe: w.observeBack,
		Undo:    w.undoBack,
	}
}

// backBefore is the state that undoing restores: names, since a template may hold
// what should not be written down.
type backBefore struct {
	UID  types.UID `json:"uid"`
	From string    `json:"from"` // the revision that was current
	To   string    `json:"to"`
	Key  string    `json:"key,omitempty"` // of a step that went back earlier
}

// backPatch sets a template, and the key of the step that did, or none.
func backPatch(to revision.Revision, key string) map[string]any {
	patch := templatePatch(setting.Replace{Value: to.Template})
	annotations := map[string]any{cluster.KeyAnnotation: nil}
	if key != "" {
		annotations[cluster.KeyAnnotation] = key
	}
	patch["metadata"] = map[string]any{"annotations": annotations}
	return patch
}

// pick returns the revision that a step goes to.
func pick(of *workload, revisions []revision.Revision, in BackInput) (revision.Revision, error) {
	number := in.ToRevision
	switch {
	case in.Restart != "":
		return of.beforeRestart(revisions, in.Restart)
	case number == 0 && len(revisions) < 2:
		return revision.Revision{}, own.Missing("toRevision", "the %s has no revision before its current one", of)
	case number == 0:
		return revisions[1], nil
	}
	i := slices.IndexFunc(revisions, func(r revision.Revision) bool { return r.Number == number })
	if i < 0 {
		return revision.Revision{}, own.Missing("toRevision", "the %s has no revision %d", of, number)
	}
	return revisions[i], nil
}

func (w workloads) applyBack(ctx context.Context, call *sdk.Call[BackInput]) (BackOutput, error) {
	was, saved, err := sdk.LoadBefore[backBefore](call)
	if err != nil {
		return BackOutput{}, err
	}
	var to revision.Revision
	err = cluster.Again(func() error {
		found, revisions, err := w.settled(ctx, call.Input.Target, call.Input.Timeout, func(seen string) { call.Progressf("%s", seen) })
		if err != nil {
			return err
		}
		done := found.GetAnnotations()[cluster.KeyAnnotation] == call.Key // by an earlier attempt
		switch {
		case saved && done:
			to, err = arrived(found, revisions, was)
		case saved:
			to, err = revision.Named(found, revisions, was.To)
		case done:
			to = revisions[0]
		default:
			to, err = pick(found, revisions, call.Input)
			was = backBefore{found.GetUID(), revisions[0].Name, to.Name, found.GetAnnotations()[cluster.KeyAnnotation]}
		}
		if err != nil || done {
			return err
		}
		if err := stands(found, revisions, was, was.From); err != nil {
			return err
		}
		if !saved {
			if err := call.SaveBefore(ctx, was); err != nil {
				return err
			}
			saved = true
		}
		_, err = w.change(ctx, found, backPatch(to, call.Key))
		return err
	})
	if err == nil {
		err = w.leaves(call, was.From).Free(ctx)
	}
	return BackOutput{to.Name, to.Images}, err
}

// leaves is the template of the revision of a name, from which a step or its undo goes to another.
func (w workloads) leaves(call *sdk.Call[BackInput], name string) replacing.Taken {
	is := func(of revision.Revision) bool { return of.Name == name }
	return w.taken(call.Input.Target, is, func(seen string) { call.Progressf("%s", seen) })
}

// arrived is the revision that a step went to, where that is still the current one. The
// step's key does not tell: who sets another template leaves it there.
func arrived(found *workload, revisions []revision.Revision, was backBefore) (revision.Revision, error) {
	if err := replaced(found, revisions, was, was.To); err != nil {
		return revision.Revision{}, err
	}
	return revision.Named(found, revisions, was.To)
}

// stands says why the workload is not one whose current revision is the one of a name,
// and may be changed.
func stands(found *workload, revisions []revision.Revision, was backBefore, at string) error {
	if found.paused && found.GetUID() == was.UID {
		return sdk.Errorf(sdk.Permanent, "the rollouts of the %s are paused", found).NothingChanged()
	}
	return replaced(found, revisions, was, at)
}

// replaced says who put something in the place of the workload, or of its revision of a
// name. While rollouts are paused, or the controller has not seen the template, the newest
// revision need not be that of the template.
func replaced(found *workload, revisions []revision.Revision, was backBefore, at string) error {
	kept, err := revision.Named(found, revisions, at)
	switch seen := found.counted() && !found.paused && len(revisions) > 0; {
	case found.GetUID() != was.UID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that this step began with, but a new one of that name", found)
	case seen && revisions[0].Name == at:
		return nil
	case seen:
		return sdk.Errorf(sdk.Conflict, "%s began another rollout of the %s meanwhile, %s",
			revision.Changed(found.kept(), revisions, at), found, revisions[0].Name)
	case err != nil || kept.Keeps(found.template):
		return err
	default:
		return sdk.Errorf(sdk.Conflict, "%s changed the template of the %s meanwhile, which is not that of %s",
			revision.Changed(found.kept(), revisions, at), found, at)
	}
}

// planPatience is how long a plan waits for a controller, which mostly is as quick as the
// step before is.
const planPatience = schema.Duration(3 * time.Second)

func (w workloads) planBack(ctx context.Context, call *sdk.Call[BackInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("kind", "name", "namespace") {
		return sdk.Preview{Summary: "would take back a rollout that is not known yet"}, nil
	}
	in.Target = w.named(in.Target)
	if !call.Knows("toRevision", "restart") {
		return sdk.Preview{Summary: fmt.Sprintf("would take the %s back to a revision that is not known yet", in.Target)}, nil
	}
	rights := append(in.patchRights(), in.listKept())
	preview := sdk.Preview{Summary: fmt.Sprintf("would take back the rollout of the %s", in.Target)}
	var err error
	if preview.Blockers, err = w.Lacking(ctx, rights...); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	var behind string
	found, revisions, err := w.settled(ctx, in.Target, min(in.Timeout, planPatience), func(seen string) { behind = seen })
	if err != nil {
		if found != nil && (!found.counted() || len(revisions) == 0) {
			err = own.Missing("name", "the controller of the %s has not seen its newest change: %s", in.Target, behind)
		}
		return preview, err
	}
	to, err := pick(found, revisions, in)
	if err != nil {
		return preview, err
	}
	delta, err := w.foresee(ctx, found, backPatch(to, "the step's key"))
	if err != nil {
		return sdk.Preview{}, err
	}
	preview.Summary = fmt.Sprintf("would go back to revision %d of the %s, with the images %s", to.Number, in.Target, labels.FormatLabels(to.Images))
	preview.Changes = []sdk.Delta{delta}
	preview.Warnings, err = replacing.Warnings(ctx, w.Cluster, found.Object, "This step, or its undo,")
	if found.paused {
		preview.Blockers = []string{fmt.Sprintf("The rollouts of the %s are paused.", in.Target)}
	}
	return preview, err
}

// goingBack is the note of an undo that it puts back the template.
const goingBack = "goingBack"

func (w workloads) undoBack(ctx context.Context, call *sdk.Call[BackInput]) error {
	was, saved, err := sdk.LoadBefore[backBefore](call)
	if err != nil || !saved {
		return err
	}
	// By an earlier attempt, that a crash may have cut off before it came to free the pods.
	_, changed, err := sdk.LoadNote[bool](call, goingBack)
	if err != nil {
		return err
	}
	changed = changed || call.Attempt > 1
	err = cluster.Again(func() error {
		found, revisions, err := w.settled(ctx, call.Input.Target, call.Input.Timeout, func(seen string) { call.Progressf("%s", seen) })
		if err != nil {
			return err
		}
		if found.GetUID() == was.UID && revisions[0].Name == was.From {
			return nil
		}
		if err := stands(found, revisions, was, was.To); err != nil {
			return err
		}
		from, err := revision.Named(found, revisions, was.From)
		if err != nil {
			return err
		}
		if err := call.Note(goingBack, true); err != nil {
			return err
		}
		changed = true
		_, err = w.change(ctx, found, backPatch(from, was.Key))
		return err
	})
	if err != nil || !changed {
		return err
	}
	return w.leaves(call, was.To).Free(ctx)
}

// observeBack waits for no controller: whether the step went back can be seen without it.
func (w workloads) observeBack(ctx context.Context, call *sdk.Call[BackInput]) (sdk.Observed[BackOutput], error) {
	var seen sdk.Observed[BackOutput]
	was, saved, err := sdk.LoadBefore[backBefore](call)
	if err != nil {
		return seen, err
	}
	if !saved {
		return sdk.Observed[BackOutput]{State: sdk.Untouched, Detail: "It came as far as no change."}, nil
	}
	found, gone, err := w.look(ctx, call.Input.Target)
	if err != nil || found == nil {
		return sdk.Observed[BackOutput]{State: sdk.NotDone, Detail: gone}, err
	}
	seen.State, seen.Detail = sdk.NotDone, fmt.Sprintf("The %s does not have this step's key.", found)
	revisions, err := w.revisions(ctx, found)
	switch {
	case err != nil, call.Undo: // a lost one may be made again without harm
	case found.GetAnnotations()[cluster.KeyAnnotation] == call.Key:
		return w.wentBack(ctx, call, was, found, revisions)
	case found.counted() && found.GetUID() == was.UID && len(revisions) > 0 && revisions[0].Name == was.From:
		seen.State = sdk.Untouched
	}
	return seen, err
}

// wentBack is what is seen of a step that went back: it is done once nothing waits for a
// pod of the revision that it went from.
func (w workloads) wentBack(ctx context.Context, call *sdk.Call[BackInput], was backBefore, found *workload, revisions []revision.Revision) (seen sdk.Observed[BackOutput], err error) {
	seen.State = sdk.NotDone
	to, err := arrived(found, revisions, was)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Conflict:
		seen.Detail = fmt.Sprintf("The %s has this step's key, but %s.", found, err)
		return seen, nil
	case err != nil:
		return seen, err
	}
	left, err := w.leaves(call, was.From).Left(ctx)
	if left != "" {
		seen.Detail = fmt.Sprintf("The %s went back to %s, and %s.", found, was.To, left)
		return seen, err
	}
	return sdk.Observed[BackOutput]{
		State: sdk.Done, Outputs: BackOutput{to.Name, to.Images},
		Detail: fmt.Sprintf("The %s has this step's key, and went back to %s.", found, was.To),
	}, err
}
