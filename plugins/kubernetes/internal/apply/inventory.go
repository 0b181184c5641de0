package apply

import (
	"context"
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// listKey is where the ConfigMap of an inventory has its list.
const listKey = "objects"

// entry is the content of an inventory.
type entry struct {
	Exists bool   `json:"exists,omitempty"`
	Writer string `json:"writer,omitempty"` // key of the step that wrote it last
	List   []ref  `json:"list,omitempty"`
}

func (s step) inventories() typedv1.ConfigMapInterface {
	return s.Kube.CoreV1().ConfigMaps(s.In(s.in.Namespace))
}

// read reads the inventory; a ConfigMap that is none is refused.
func (s step) read(ctx context.Context) (entry, *corev1.ConfigMap, error) {
	if s.inventory == "" {
		return entry{}, nil, nil
	}
	client, name := s.inventories(), s.in.Inventory
	found, err := client.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return entry{}, nil, nil
	case err != nil:
		return entry{}, nil, cluster.FaultIn(ctx, err, "read the inventory %s", s.inventory)
	}
	e := entry{Exists: true, Writer: found.Annotations[cluster.KeyAnnotation]}
	if text, is := found.Data[listKey]; !is || e.Writer == "" || json.Unmarshal([]byte(text), &e.List) != nil {
		return e, nil, sdk.FieldErrorf("inventory", "the ConfigMap %s is there, and is no inventory", s.inventory)
	}
	return e, found, nil
}

// write makes the list what change makes of it.
func (s step) write(ctx context.Context, change func(list []ref) []ref) error {
	if s.inventory == "" {
		return nil
	}
	client, name := s.inventories(), s.in.Inventory
	return cluster.Again(func() error {
		now, found, err := s.read(ctx)
		if err != nil {
			return err
		}
		list := change(now.List)
		if found != nil && now.Writer == s.key && slices.Equal(list, now.List) {
			return nil
		}
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		if found == nil {
			found = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
		}
		setList(found, s.key, string(text))
		if found.ResourceVersion == "" {
			_, err = client.Create(ctx, found, metav1.CreateOptions{FieldManager: cluster.Manager})
		} else {
			_, err = client.Update(ctx, found, metav1.UpdateOptions{FieldManager: cluster.Manager})
		}
		return cluster.FaultIn(ctx, err, "write the inventory %s", s.inventory)
	})
}

func setList(of *corev1.ConfigMap, writer, text string) {
	if of.Annotations == nil {
		of.Annotations = map[string]string{}
	}
	of.Annotations[cluster.KeyAnnotation] = writer
	of.Data = map[string]string{listKey: text}
}

// with adds to a list what is not in it, by the group and kind and not by the version.
func with(list, more []ref) []ref {
	list = slices.Clone(list)
	for _, r := range more {
		if i := slices.IndexFunc(list, r.same); i >= 0 {
			list[i] = r
		} else {
			list = append(list, r)
		}
	}
	return list
}

// without takes out of a list what is in another one.
func without(list, less []ref) []ref {
	return slices.DeleteFunc(slices.Clone(list), func(r ref) bool { return slices.ContainsFunc(less, r.same) })
}

// same says whether it is the same object, in whatever version of its kind.
func (r ref) same(other ref) bool {
	return r.group() == other.group() && r.Kind == other.Kind && r.Namespace == other.Namespace && r.Name == other.Name
}

// restore makes the inventory what it was, unless another step wrote it since.
func (s step) restore(ctx context.Context, was *entry) error {
	if was == nil {
		return nil
	}
	client, name := s.inventories(), s.in.Inventory
	return cluster.Again(func() error {
		now, found, err := s.read(ctx)
		switch {
		case err != nil:
			return err
		case found == nil, now.Writer == was.Writer:
			return nil
		case now.Writer != s.key:
			return sdk.Errorf(sdk.Conflict, "a later step wrote the inventory %s", s.inventory)
		case !was.Exists:
			options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &found.UID, ResourceVersion: &found.ResourceVersion}}
			return cluster.FaultIn(ctx, client.Delete(ctx, name, options), "delete the inventory %s", s.inventory)
		}
		text, err := json.Marshal(was.List)
		if err != nil {
			return err
		}
		setList(found, was.Writer, string(text))
		_, err = client.Update(ctx, found, metav1.UpdateOptions{FieldManager: cluster.Manager})
		return cluster.FaultIn(ctx, err, "write the inventory %s", s.inventory)
	})
}
