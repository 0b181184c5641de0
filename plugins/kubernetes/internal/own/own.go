// Package own is about objects that a step makes for itself, as a snapshot or a backup:
// all attempts of the step make one, which is known by an annotation with the step's
// key, and undoing deletes that one and no other. It leaves out what the objects are.
package own

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Object is an object that a step makes.
type Object struct {
	Cluster         *cluster.Cluster
	Kind            cluster.Kind
	Namespace, Name string
}

// Before is the state that undoing needs: by which key the step's object is known, since
// that of the undo is another one, and its name.
type Before struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// String is the object as a person reads it.
func (o Object) String() string { return o.Kind.Named(o.Namespace, o.Name) }

// shortKey is how many bytes of a key's hash are in a name.
const shortKey = 5

// Name is a name for what a step makes, the same for all its attempts. It begins with
// the base, which is cut where the name would be longer than names may be. Without a
// key, as in a plan, it is one like it.
func Name(base, key string) string {
	suffix := "-" + strings.Repeat("x", 2*shortKey)
	if key != "" {
		sum := sha256.Sum256([]byte(key))
		suffix = "-" + hex.EncodeToString(sum[:shortKey])
	}
	if longest := 253 - len(suffix); len(base) > longest {
		base = strings.TrimRight(base[:longest], "-.")
	}
	return base + suffix
}

// Look reads the object of the name, whoever made it; nil where there is none.
func (o Object) Look(ctx context.Context) (*unstructured.Unstructured, error) {
	return o.Cluster.Look(ctx, o.Kind, o.Namespace, o.Name)
}

// Find reads the object that the step with a key made; nil where there is none.
func (o Object) Find(ctx context.Context, key string) (*unstructured.Unstructured, error) {
	found, err := o.Look(ctx)
	if err != nil || found == nil || !IsBy(found, key) {
		return nil, err
	}
	return found, nil
}

// Mine is Find, to which one of the name that somebody else made is a conflict.
func (o Object) Mine(ctx context.Context, key string) (*unstructured.Unstructured, error) {
	found, err := o.Look(ctx)
	if err == nil && found != nil && !IsBy(found, key) {
		err = sdk.Errorf(sdk.Conflict, "there is a %s already, which this step did not make: %s made it",
			o, cluster.Somebody(found.GetManagedFields(), "f:spec"))
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// IsBy says whether the step with a key made an object.
func IsBy(object *unstructured.Unstructured, key string) bool {
	return object.GetAnnotations()[cluster.KeyAnnotation] == key
}

// Make makes the object, where no earlier attempt of the step has. One of the same name
// that somebody else made is a conflict.
func (o Object) Make(ctx context.Context, key string, content map[string]any) (*unstructured.Unstructured, error) {
	made, err := o.post(ctx, key, content)
	if !apierrors.IsAlreadyExists(err) {
		return made, cluster.FaultIn(ctx, err, "create the %s", o)
	}
	found, err := o.Mine(ctx, key)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Conflict:
		return nil, sdk.AsError(err).NothingChanged()
	case err == nil && found == nil:
		return nil, sdk.Errorf(sdk.Permanent, "there was a %s already, and it is gone; whether this step made it is lost", o)
	}
	return found, err
}

// Try asks the server what Make would do, and what it would refuse.
func (o Object) Try(ctx context.Context, content map[string]any) (*unstructured.Unstructured, error) {
	planned, err := o.post(ctx, "planned", content, metav1.DryRunAll)
	if err == nil {
		mark(planned, "")
	}
	return planned, cluster.FaultIn(ctx, err, "create the %s", o)
}

func (o Object) post(ctx context.Context, key string, content map[string]any, dryRun ...string) (*unstructured.Unstructured, error) {
	object := (&unstructured.Unstructured{Object: content}).DeepCopy()
	object.SetKind(o.Kind.Name)
	object.SetAPIVersion(o.Kind.Served.GroupVersion().String())
	object.SetName(o.Name)
	mark(object, key)
	return o.Cluster.Objects(o.Kind, o.Namespace).Create(ctx, object, metav1.CreateOptions{FieldManager: cluster.Manager, DryRun: dryRun})
}

// mark sets the key in the annotations of an object, or takes it away.
func mark(object *unstructured.Unstructured, key string) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[cluster.KeyAnnotation] = key
	if key == "" {
		delete(annotations, cluster.KeyAnnotation)
	}
	if len(annotations) == 0 {
		annotations = nil // an empty map would be shown
	}
	object.SetAnnotations(annotations)
}

// Rights are what making the object takes, and undoing that.
func (o Object) Rights() []cluster.Right {
	return []cluster.Right{
		o.Kind.Right("get", o.Namespace, ""), o.Kind.Right("create", o.Namespace, ""), o.Kind.Right("delete", o.Namespace, ""),
	}
}

// Needed asks how a kind is served that an action cannot do without. Where it is not,
// missing is the sentence that says so, with what would bring it.
func Needed(ctx context.Context, c *cluster.Cluster, apiVersion, kind, bringer string) (found cluster.Kind, missing []string, err error) {
	found, err = c.Kind(ctx, apiVersion, kind)
	if err != nil && sdk.AsError(err).Field != "" {
		return found, []string{fmt.Sprintf("The cluster serves no %s in %s, which %s brings.", kind, apiVersion, bringer)}, nil
	}
	return found, nil, err
}

// Lacking is the error for what [Needed] says to be missing.
func Lacking(missing []string) error {
	return sdk.Errorf(sdk.Permanent, "%s", strings.TrimSuffix(strings.Join(missing, " "), ".")).NothingChanged()
}

// Text reads a field of an object that is a string; empty where it is not there.
func Text(object *unstructured.Unstructured, path ...string) string {
	found, _, _ := unstructured.NestedString(object.Object, path...)
	return found
}
