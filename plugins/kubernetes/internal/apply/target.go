package apply

import (
	"context"
	"errors"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// target is an object of the step, and how the API serves it.
type target struct {
	manifest.Item
	kind cluster.Kind
	// unserved is the error for a kind that is not served, and that an earlier step may
	// define: then no more is known of it than the manifest says.
	unserved error
}

func (t target) namespace() string { return t.Object.GetNamespace() }
func (t target) name() string      { return t.Object.GetName() }

// String is the object as a person reads it: "Deployment shop/web".
func (t target) String() string { return t.kind.Named(t.namespace(), t.name()) }

// targets asks how the kinds of the objects are served.
func (a applier) targets(ctx context.Context, in Input) ([]target, error) {
	targets, err := a.foreseen(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if t.unserved != nil {
			return nil, t.Fault(t.unserved)
		}
	}
	return targets, nil
}

// foreseen are the objects as far as they are known before the step. A kind that is not
// served, but defined among the objects, is known from there.
func (a applier) foreseen(ctx context.Context, in Input) ([]target, error) {
	if in.Prune && in.Inventory == "" {
		return nil, sdk.FieldErrorf("inventory", "is needed to prune")
	}
	items, err := manifest.Read(in.Manifest, in.Manifests)
	if err != nil {
		return nil, err
	}
	list, defined := a.step(in, "").list, manifest.Kinds(items)
	targets, seen := make([]target, 0, len(items)), map[string]bool{}
	for _, i := range items {
		t, err := a.target(ctx, i, defined)
		if err != nil {
			return nil, err
		}
		switch {
		case !t.kind.Namespaced:
			i.Object.SetNamespace("")
		case t.namespace() == "":
			i.Object.SetNamespace(a.In(in.Namespace))
		}
		id := t.kind.Served.Group + t.String()
		switch {
		case seen[id]:
			return nil, sdk.FieldErrorf(i.Field, "the %s is given twice", t)
		case list != nil && list.Is(manifest.RefOf(i.Object)):
			return nil, sdk.FieldErrorf("inventory", "the %s is among the objects, and cannot hold their list as well", t)
		}
		seen[id] = true
		targets = append(targets, t)
	}
	return targets, nil
}

// target asks how the kind of one object is served.
func (a applier) target(ctx context.Context, i manifest.Item, defined map[schema.GroupKind]cluster.Kind) (target, error) {
	of := i.Object.GroupVersionKind()
	kind, err := a.Kind(ctx, i.Object.GetAPIVersion(), i.Object.GetKind())
	known, is := defined[of.GroupKind()]
	switch {
	case err == nil:
		return target{Item: i, kind: kind}, nil
	case is && cluster.IsUnserved(err):
		known.Served.Version = of.Version
		return target{Item: i, kind: known}, nil
	case cluster.MayCome(err):
		guess := cluster.Kind{Name: of.Kind, Namespaced: i.Object.GetNamespace() != "", Served: of.GroupVersion().WithResource("")}
		return target{Item: i, kind: guess, unserved: err}, nil
	default:
		return target{}, i.Fault(err)
	}
}

// fault is what the server said of the object, without the values of a Secret: those that
// it shall have, and those that it has.
func (t target) fault(ctx context.Context, err error, doing string, has ...*unstructured.Unstructured) error {
	err = cluster.FaultIn(ctx, err, "%s the %s", doing, t)
	typed, is := errors.AsType[*sdk.Error](err)
	if is && strings.Contains(typed.Message, "failed to create typed patch object") {
		typed.Class = sdk.Permanent // the server takes a value of a wrong type for a fault of its own
	}
	err = t.Fault(err)
	typed, is = errors.AsType[*sdk.Error](err)
	if !is || !diff.IsSecret(t.Object) {
		return err
	}
	hidden := sdk.Errorf(typed.Class, "%s", diff.Hide(typed.Message, err, append(has, t.Object)...))
	hidden.Field = typed.Field
	return hidden
}

func (a applier) look(ctx context.Context, t target) (*unstructured.Unstructured, error) {
	return a.Look(ctx, t.kind, t.namespace(), t.name())
}

// step is what all objects of one step have in common.
type step struct {
	applier
	in   Input
	key  string             // empty for a plan
	list *keeping.Inventory // nil: none
}

func (a applier) step(in Input, key string) step {
	s := step{applier: a, in: in, key: key}
	if in.Inventory != "" {
		s.list = &keeping.Inventory{Cluster: a.Cluster, Namespace: a.In(in.Namespace), Name: in.Inventory}
	}
	return s
}

// member is the mark of an object that is part of the step's inventory.
func (s step) member() string {
	if s.list == nil {
		return ""
	}
	return s.list.String()
}

func (s step) backups() keeping.Backups {
	return keeping.Backups{Cluster: s.Cluster, Key: s.key}
}

func (s step) readList(ctx context.Context) (keeping.List, error) {
	if s.list == nil {
		return keeping.List{}, nil
	}
	return s.list.Read(ctx)
}

func (s step) writeList(ctx context.Context, change func(objects []manifest.Ref) []manifest.Ref) error {
	if s.list == nil {
		return nil
	}
	return s.list.Write(ctx, s.key, change)
}

// put applies the object to what is there. What was looked at must still be what is
// there; the error is the API's own, and its answer to what meets another manager.
func (s step) put(ctx context.Context, t target, live *unstructured.Unstructured, dryRun ...string) (*unstructured.Unstructured, error) {
	marks := map[string]string{}
	if live == nil && s.key != "" {
		marks[cluster.CreatedBy] = s.key
	}
	if len(dryRun) == 0 {
		marks[cluster.AppliedBy] = s.key
	}
	if s.list != nil {
		marks[keeping.PartOf] = s.member()
	}
	wanted := keeping.Marked(t.Object, live, marks)
	if live != nil {
		wanted.SetResourceVersion(live.GetResourceVersion())
	}
	// What is made anew takes nothing over: nobody has seen what would be taken.
	options := metav1.ApplyOptions{FieldManager: cluster.Manager, Force: s.in.Force && live != nil, DryRun: dryRun}
	client := s.Objects(t.kind, t.namespace())
	got, err := client.Apply(ctx, t.name(), wanted, options)
	if live != nil && fields.MeetsOurselves(err) {
		options.Force = true
		got, err = client.Apply(ctx, t.name(), wanted, options)
	}
	return got, err
}
