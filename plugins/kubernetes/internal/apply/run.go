package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// run is one attempt to apply.
type run struct {
	step
	call    *sdk.Call[Input]
	targets []target
	views   []view // by target
	prunes  []keeping.Leftover
	before  before // as the first attempt found it: nothing else is kept
}

func (a applier) apply(ctx context.Context, call *sdk.Call[Input]) (Output, error) {
	targets, err := a.targets(ctx, call.Input)
	if err != nil {
		return Output{}, err
	}
	was, again, err := sdk.LoadBefore[before](call)
	if err != nil {
		return Output{}, err
	}
	r := &run{step: a.step(call.Input, call.Key), call: call, targets: targets, before: was}
	begin := r.begin
	if again {
		begin = r.resume
	}
	if err := begin(ctx); err != nil {
		if typed, is := errors.AsType[*sdk.Error](err); is && !again {
			return Output{}, typed.NothingChanged()
		}
		return Output{}, err
	}
	err = r.carryOut(ctx)
	return outputs(r.before), err
}

// begin looks at everything, and saves what undoing has to know, before the first change.
func (r *run) begin(ctx context.Context) error {
	listed, err := r.readList(ctx)
	if err != nil {
		return err
	}
	r.before.Key = r.key
	if r.list != nil {
		r.before.Inventory = &listed
	}
	for _, t := range r.targets {
		v, err := r.survey(ctx, t, r.targets)
		if err != nil {
			return err
		}
		now, err := r.record(v)
		if err != nil {
			return err
		}
		r.views, r.before.Objects = append(r.views, v), append(r.before.Objects, now)
	}
	if r.prunes, err = r.leftovers(ctx, listed.Objects, r.targets); err != nil {
		return err
	}
	for _, d := range r.prunes {
		if d.Stays != "" {
			continue
		}
		made, err := r.deleted(d)
		if err != nil {
			return err
		}
		r.before.Pruned = append(r.before.Pruned, made)
	}
	if err := r.call.SaveBefore(ctx, r.before); err != nil {
		field, _, _ := strings.Cut(r.targets[0].Field, "[") // in which of the objects, the host does not say
		return fields.Unkept(err, field, r.openly())
	}
	return nil
}

// openly names the objects of the step of which a journal would show the values, or what
// there is beside them.
func (r *run) openly() string {
	var names []string
	for _, t := range r.targets {
		switch {
		case !diff.IsSecret(t.Object):
			names = append(names, t.String())
		case len(t.Object.GetLabels())+len(t.Object.GetAnnotations()) > 0:
			names = append(names, t.String()+" (its metadata)")
		}
	}
	return strings.Join(cluster.Few(names), ", ")
}

// resume looks at everything again, after an attempt that may have come to any point.
func (r *run) resume(ctx context.Context) error {
	listed, err := r.readList(ctx)
	if err != nil {
		return err
	}
	for i, t := range r.targets {
		v, err := r.survey(ctx, t, r.targets)
		if err == nil {
			err = r.meets(v, r.before.Objects[i])
		}
		if err != nil {
			return err
		}
		r.views = append(r.views, v)
	}
	r.prunes, err = r.leftovers(ctx, listed.Objects, r.targets)
	return err
}

func (r *run) carryOut(ctx context.Context) error {
	// A list in a namespace that the step makes has to wait for that, and for no more.
	home := r.home(r.before) + 1
	if err := r.applyEach(ctx, 0, home); err != nil {
		return err
	}
	// Until all is done, the list has what was applied and what is going to be.
	if err := r.writeList(ctx, func(list []manifest.Ref) []manifest.Ref { return manifest.With(list, refsOf(r.targets)) }); err != nil {
		return err
	}
	if err := r.applyEach(ctx, home, len(r.targets)); err != nil {
		return err
	}
	if err := r.prune(ctx); err != nil {
		return fmt.Errorf("%s applied, and not all others are deleted: %w", cluster.Count(len(r.targets), "object"), err)
	}
	return r.writeList(ctx, r.final)
}

// applyEach applies the objects from one to another, which is left out.
func (r *run) applyEach(ctx context.Context, from, to int) error {
	for i := from; i < to; i++ {
		r.call.Host.Progress(sdk.Progress{
			Message: fmt.Sprintf("%s (%d of %d)", r.targets[i], i+1, len(r.targets)), Done: int64(i), Total: int64(len(r.targets)),
		})
		if err := r.one(ctx, i); err != nil {
			return fmt.Errorf("%d of %s applied: %w", i, cluster.Count(len(r.targets), "object"), err)
		}
	}
	return nil
}

// refsOf names objects.
func refsOf(targets []target) []manifest.Ref {
	refs := make([]manifest.Ref, 0, len(targets))
	for _, t := range targets {
		refs = append(refs, manifest.RefOf(t.Object))
	}
	return refs
}

// mostTries bounds how often an object is looked at anew that others change meanwhile.
const mostTries = 10

// one applies one object, as it was looked at or else anew.
func (r *run) one(ctx context.Context, i int) error {
	t := r.targets[i]
	for range mostTries {
		v := r.views[i]
		if v.unknown != "" {
			if err := r.again(ctx, i); err != nil {
				return err
			}
			if v = r.views[i]; v.unknown != "" {
				return sdk.Errorf(sdk.Transient, "the %s cannot be applied: %s", t, v.unknown)
			}
		}
		if v.done(r.before.Objects[i]) {
			return r.defined(ctx, t)
		}
		if err := r.backUp(ctx, v); err != nil {
			return err
		}
		got, err := r.put(ctx, t, v.live)
		switch {
		case err == nil:
			if err := r.made(ctx, v, got); err != nil {
				return err
			}
			return r.defined(ctx, t)
		case fields.IsStale(err), v.live == nil && apierrors.IsConflict(err):
			if err := r.again(ctx, i); err != nil {
				return err
			}
		default:
			return t.fault(ctx, err, "apply", v.live)
		}
	}
	return sdk.Errorf(sdk.Transient, "the %s changed each time it was looked at", t)
}

// again looks anew at an object that changed since the first look.
func (r *run) again(ctx context.Context, i int) error {
	v, err := r.survey(ctx, r.targets[i], r.targets[:0])
	if err != nil {
		return err
	}
	r.views[i] = v
	return r.meets(v, r.before.Objects[i])
}

func (r *run) backUp(ctx context.Context, v view) error {
	if v.live == nil || len(v.changes) == 0 || !diff.IsSecret(v.Object) {
		return nil
	}
	changes, err := fields.Whole(v.live, keeping.Stamped(v.after, r.key))
	if err != nil {
		return err
	}
	return r.backups().Keep(ctx, v.live, keeping.Backup{Changes: changes})
}

// made looks whether somebody else made an object in the very moment in which the step
// did, and takes the step's marks off it then: undoing is to leave it, and so is a later prune.
func (r *run) made(ctx context.Context, v view, got *unstructured.Unstructured) error {
	if v.live != nil {
		return nil
	}
	for _, entry := range got.GetManagedFields() {
		if entry.Manager == cluster.Manager {
			continue
		}
		if err := keeping.Unmark(ctx, r.Cluster, v.kind, v.namespace(), v.name()); err != nil {
			return v.fault(ctx, err, "unmark")
		}
		return sdk.Errorf(sdk.Conflict, "%s made the %s at the same time", entry.Manager, v.target)
	}
	return nil
}

// defined waits until a kind that was defined is served.
func (r *run) defined(ctx context.Context, t target) error {
	if !t.Defines() {
		return nil
	}
	tell := func(seen string) { r.call.Progressf("the %s: %s", t, seen) }
	return contents.AwaitServed(ctx, r.Cluster, t.kind, t.name(), cluster.Awaited{Timeout: r.in.Timeout, Tell: tell})
}

// outputs are what the step did, from its first attempt on.
func outputs(b before) Output {
	out := Output{Created: []string{}, Changed: []string{}, Unchanged: []string{}, Pruned: []string{}}
	for _, r := range b.Objects {
		switch {
		case r.UID == "":
			out.Created = append(out.Created, r.String())
		case r.changed() && !r.remarked():
			out.Changed = append(out.Changed, r.String())
		default:
			out.Unchanged = append(out.Unchanged, r.String())
		}
	}
	for _, r := range b.Pruned {
		out.Pruned = append(out.Pruned, r.String())
	}
	return out
}
