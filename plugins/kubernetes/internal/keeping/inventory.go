package keeping

import (
	"context"
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// PartOf is the annotation of an object that holds the inventory that it is part of.
const PartOf = "gatebook.dev/inventory"

// listKey is where the ConfigMap of an inventory has its list.
const listKey = "objects"

// Inventory is where a list is kept.
type Inventory struct {
	Cluster         *cluster.Cluster
	Namespace, Name string
}

// String names the inventory among all of the cluster: "shop/all".
func (v Inventory) String() string { return v.Namespace + "/" + v.Name }

// Is says whether an object is the ConfigMap of the inventory.
func (v Inventory) Is(r manifest.Ref) bool {
	return r.Same(manifest.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: v.Namespace, Name: v.Name})
}

// Claims refuses an object that is part of another inventory, whose prune would then not
// know it any more; nil is one that is not there.
func (v Inventory) Claims(live *unstructured.Unstructured) error {
	if live == nil {
		return nil
	}
	if other := live.GetAnnotations()[PartOf]; other != "" && other != v.String() {
		return sdk.Errorf(sdk.Conflict, "the %s is part of the inventory %s; with force, it becomes part of %s", manifest.RefOf(live), other, v)
	}
	return nil
}

// List is the content of an inventory.
type List struct {
	Exists  bool           `json:"exists,omitempty"`
	Writer  string         `json:"writer,omitempty"` // key of the step that wrote it last
	Objects []manifest.Ref `json:"objects,omitempty"`
}

// Right is what it takes to do something with the list.
func (v Inventory) Right(verb string) cluster.Right {
	return cluster.Right{Verb: verb, Resource: "configmaps", Namespace: v.Namespace, Name: v.Name, Words: verb + " the inventory " + v.Name}
}

func (v Inventory) client() typedv1.ConfigMapInterface {
	return v.Cluster.Kube.CoreV1().ConfigMaps(v.Namespace)
}

// Read reads the list; a ConfigMap that is no inventory is refused.
func (v Inventory) Read(ctx context.Context) (List, error) {
	list, _, err := v.read(ctx)
	return list, err
}

func (v Inventory) read(ctx context.Context) (List, *corev1.ConfigMap, error) {
	found, err := v.client().Get(ctx, v.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return List{}, nil, nil
	case err != nil:
		return List{}, nil, cluster.FaultIn(ctx, err, "read the inventory %s", v)
	}
	list := List{Exists: true, Writer: found.Annotations[cluster.KeyAnnotation]}
	if text, is := found.Data[listKey]; !is || list.Writer == "" || json.Unmarshal([]byte(text), &list.Objects) != nil {
		return list, nil, sdk.FieldErrorf("inventory", "the ConfigMap %s is there, and is no inventory", v)
	}
	return list, found, nil
}

// Try says why the list could not be made now, where there is none: there is no namespace
// for it, which an earlier step may make, or the server does not let it.
func (v Inventory) Try(ctx context.Context) (why string, err error) {
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: v.Name}}
	_, err = v.client().Create(ctx, made, metav1.CreateOptions{FieldManager: cluster.Manager, DryRun: []string{metav1.DryRunAll}})
	fault := cluster.FaultIn(ctx, err, "write the inventory %s", v)
	switch {
	case cluster.LacksNamespace(err):
		return "There is no namespace " + v.Namespace + ".", nil
	case apierrors.IsAlreadyExists(err):
		return "", nil
	case apierrors.IsForbidden(err):
		return cluster.Sentence(sdk.AsError(fault).Message), nil
	}
	return "", fault
}

// Write makes the list what change makes of it, in the name of a step.
func (v Inventory) Write(ctx context.Context, key string, change func(objects []manifest.Ref) []manifest.Ref) error {
	return cluster.Again(func() error {
		now, found, err := v.read(ctx)
		if err != nil {
			return err
		}
		objects := change(now.Objects)
		if found != nil && now.Writer == key && slices.Equal(objects, now.Objects) {
			return nil
		}
		return v.put(ctx, found, List{Writer: key, Objects: objects})
	})
}

// put writes the list into the ConfigMap that was read, or a new one.
func (v Inventory) put(ctx context.Context, found *corev1.ConfigMap, list List) error {
	text, err := json.Marshal(list.Objects)
	if err != nil {
		return err
	}
	isNew := found == nil
	if isNew {
		found = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: v.Name}}
	}
	metav1.SetMetaDataAnnotation(&found.ObjectMeta, cluster.KeyAnnotation, list.Writer)
	found.Data = map[string]string{listKey: string(text)}
	if isNew {
		_, err = v.client().Create(ctx, found, metav1.CreateOptions{FieldManager: cluster.Manager})
	} else {
		err = replace(ctx, found, v.client().Patch)
	}
	return cluster.FaultIn(ctx, err, "write the inventory %s", v)
}

// Restore makes the list what it was before a step, unless another step wrote it since.
func (v Inventory) Restore(ctx context.Context, key string, was List) error {
	return cluster.Again(func() error {
		now, found, err := v.read(ctx)
		switch {
		case err != nil:
			return err
		case found == nil, now.Writer == was.Writer:
			return nil
		case now.Writer != key:
			return sdk.Errorf(sdk.Conflict, "a later step wrote the inventory %s", v)
		case was.Exists:
			return v.put(ctx, found, was)
		}
		options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &found.UID, ResourceVersion: &found.ResourceVersion}}
		return cluster.FaultIn(ctx, v.client().Delete(ctx, v.Name, options), "delete the inventory %s", v)
	})
}
