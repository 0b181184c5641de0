package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// run is one attempt to apply.
type run struct {
	step
	call    *sdk.Call[Input]
	targets []target
	views   []view // by target
	prunes  []doomed
	before  before
	saved   []byte // what of before is on the disk
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
	if err := r.begin(ctx); err != nil {
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
	listed, _, err := r.read(ctx)
	if err != nil {
		return err
	}
	if r.before.Inventory == nil && r.inventory != "" {
		r.before.Inventory = &listed
	}
	r.before.Key = r.key
	earlier := r.before.Objects
	r.before.Objects = make([]record, len(r.targets))
	copy(r.before.Objects, earlier)
	for i, t := range r.targets {
		v, err := r.survey(ctx, t, r.targets)
		if err != nil {
			return err
		}
		r.views = append(r.views, v)
		r.before.Objects[i] = v.record(r.before.Objects[i], r.key)
	}
	if r.prunes, err = r.leftovers(ctx, listed.List, r.targets); err != nil {
		return err
	}
	for _, d := range r.prunes {
		if err := r.recordPrune(d); err != nil {
			return err
		}
	}
	return r.save(ctx)
}

// save makes what undoing has to know durable, where it is not.
func (r *run) save(ctx context.Context) error {
	text, err := json.Marshal(r.before)
	if err != nil || bytes.Equal(text, r.saved) {
		return err
	}
	r.saved = text
	return r.call.SaveBefore(ctx, json.RawMessage(text))
}

func (r *run) carryOut(ctx context.Context) error {
	// Until all is done, the list has what was applied and what is going to be.
	if err := r.write(ctx, func(list []ref) []ref { return with(list, r.refs()) }); err != nil {
		return err
	}
	for i, t := range r.targets {
		r.call.Host.Progress(sdk.Progress{Message: fmt.Sprintf("%s (%d of %d)", t, i+1, len(r.targets)), Done: int64(i), Total: int64(len(r.targets))})
		if err := r.one(ctx, i); err != nil {
			return fmt.Errorf("%d of %d objects are applied: %w", i, len(r.targets), err)
		}
	}
	if err := r.prune(ctx); err != nil {
		return fmt.Errorf("all %d objects are applied, and not all others are deleted: %w", len(r.targets), err)
	}
	return r.write(ctx, r.list)
}

// refs are the objects of the step.
func (r *run) refs() []ref {
	refs := make([]ref, 0, len(r.targets))
	for _, t := range r.targets {
		refs = append(refs, refOf(t.object))
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
		if v.settled() {
			return r.defined(ctx, t)
		}
		if err := r.backUp(ctx, v); err != nil {
			return err
		}
		got, err := r.put(ctx, t, v.live)
		switch {
		case err == nil:
			if err := r.met(ctx, i, got); err != nil {
				return err
			}
			return r.defined(ctx, t)
		case isStale(err), v.live == nil && apierrors.IsConflict(err):
			if err := r.again(ctx, i); err != nil {
				return err
			}
		default:
			return t.fault(ctx, err, "apply")
		}
	}
	return sdk.Errorf(sdk.Transient, "the %s changed each time it was looked at", t)
}

// again looks anew at an object that somebody changed since the first look.
func (r *run) again(ctx context.Context, i int) error {
	v, err := r.survey(ctx, r.targets[i], r.targets[:0])
	if err != nil {
		return err
	}
	r.views[i] = v
	r.before.Objects[i] = v.record(r.before.Objects[i], r.key)
	return r.save(ctx)
}

func (r *run) backUp(ctx context.Context, v view) error {
	if v.live == nil || len(v.changes) == 0 || !diff.IsSecret(v.object) {
		return nil
	}
	return r.keep(ctx, v.live, backup{Changes: v.changes})
}

// met holds what came of an apply against what was foreseen.
func (r *run) met(ctx context.Context, i int, got *unstructured.Unstructured) error {
	v := r.views[i]
	if v.live == nil {
		for _, entry := range got.GetManagedFields() {
			if entry.Manager != cluster.Manager {
				r.before.Objects[i].UID = got.GetUID() // so that undoing does not delete it
				return errors.Join(r.save(ctx), sdk.Errorf(sdk.Conflict, "%s made the %s at the same time", entry.Manager, v.target))
			}
		}
		return nil
	}
	// The server may have chosen a value, as it chooses ports, and not the one that it foresaw.
	changes, err := between(v.live, got)
	if err != nil || alike(changes, v.changes) {
		return err
	}
	v.changes = changes
	r.before.Objects[i] = v.record(r.before.Objects[i], r.key)
	return errors.Join(r.save(ctx), r.backUp(ctx, v))
}

// defined waits until a kind that was defined is served.
func (r *run) defined(ctx context.Context, t target) error {
	if !t.defines() {
		return nil
	}
	defined, served := cluster.Defined(t.object)
	return cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("%s is served", defined.Name), Timeout: r.in.Timeout,
		Tell: func(seen string) { r.call.Progressf("the %s: %s", t, seen) },
		Look: func(ctx context.Context) (string, bool, error) {
			live, err := r.look(ctx, t)
			if err != nil || live == nil {
				return "it is gone", false, err
			}
			for _, version := range served {
				if _, err := r.Kind(ctx, defined.Served.Group+"/"+version, defined.Name); err != nil {
					return "its kind is not served yet", false, unlessUnserved(err)
				}
			}
			return "", isEstablished(live), nil
		},
		Sources: []cluster.Source{r.Watch(t.kind, "", t.name())},
	})
}

func unlessUnserved(err error) error {
	if isUnserved(err) {
		return nil
	}
	return err
}

func isEstablished(definition *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions")
	for _, condition := range conditions {
		if c, _ := condition.(map[string]any); c["type"] == "Established" && c["status"] == "True" {
			return true
		}
	}
	return false
}

// outputs are what the step did, from its first attempt on.
func outputs(b before) Output {
	out := Output{Created: []string{}, Changed: []string{}, Unchanged: []string{}, Pruned: []string{}}
	for _, r := range b.Objects {
		switch {
		case r.UID == "":
			out.Created = append(out.Created, r.String())
		case r.changed():
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

// String is the object as a person reads it: "Deployment shop/web".
func (r ref) String() string {
	return cluster.Kind{Name: r.Kind, Namespaced: r.Namespace != ""}.Named(r.Namespace, r.Name)
}
