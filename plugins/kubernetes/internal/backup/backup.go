// Package backup keeps in the cluster what undoing has to know of Secrets, since a journal
// is not to have their values: in a Secret beside each, which whoever may read the one may
// read too. It leaves out what the changes are.
package backup

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	secretType = "gatebook.dev/before" // marks the Secrets that are backups
	contentKey = "before"
	// Label is on all backups, so that those that nobody needs any more are found by it.
	Label = "gatebook.dev/backup"
)

// Name is the name of the backup of a Secret that the step with a key keeps: each step
// has its own, so that several can be taken back one after the other.
func Name(uid types.UID, key string) string { return own.Name("gatebook-before-"+string(uid), key) }

// Is says whether an object is a backup.
func Is(object *unstructured.Unstructured) bool {
	kind, _, _ := unstructured.NestedString(object.Object, "type")
	return diff.IsSecret(object) && kind == secretType
}

// Rights are what keeping backups in a namespace takes.
func Rights(namespace string) []cluster.Right {
	return []cluster.Right{right("get", namespace), right("create", namespace), right("patch", namespace)}
}

// RightToDrop is what it takes to delete them when they are no longer needed.
func RightToDrop(namespace string) cluster.Right { return right("delete", namespace) }

func right(verb, namespace string) cluster.Right {
	return cluster.Right{Verb: verb, Resource: "secrets", Namespace: namespace, Words: verb + " the backup of a Secret"}
}

// Content is what undoing has to know of a Secret.
type Content struct {
	Changes []fields.Change `json:"changes,omitempty"`
	Object  json.RawMessage `json:"object,omitempty"` // whole, where the step deletes it
}

// Store keeps the backups of one step.
type Store struct {
	Cluster *cluster.Cluster
	Key     string // of the step
}

// Keep writes the backup of a Secret, before that is changed. Changes that an earlier
// attempt of the step kept stay.
//
// The backup goes with the Secret, and that of a Secret that is deleted with the undoing,
// or when a person deletes it: nobody else knows when no run is to be taken back any more.
func (s Store) Keep(ctx context.Context, of *unstructured.Unstructured, content Content) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	made := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: Name(of.GetUID(), s.Key), Annotations: map[string]string{cluster.KeyAnnotation: s.Key}, Labels: map[string]string{Label: "true"},
		},
		Type: secretType, Data: map[string][]byte{contentKey: text},
	}
	if content.Object == nil {
		made.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: of.GetName(), UID: of.GetUID()}}
	}
	client := s.Cluster.Kube.CoreV1().Secrets(of.GetNamespace())
	return cluster.Again(func() error {
		there, err := client.Get(ctx, made.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			_, err = client.Create(ctx, made, metav1.CreateOptions{FieldManager: cluster.Manager})
		case err == nil && content.Object == nil && there.Annotations[cluster.KeyAnnotation] == s.Key:
			return nil
		case err == nil:
			made.ResourceVersion = there.ResourceVersion
			err = cluster.Replace(ctx, made, client.Patch)
		}
		return cluster.FaultIn(ctx, err, "keep a backup of the Secret %s", of.GetName())
	})
}

// Load reads a backup of this step's; nil where there is none: the Secret was never
// changed, or that was taken back already, or somebody deleted it.
func (s Store) Load(ctx context.Context, namespace, name string) (*Content, error) {
	there, err := s.Cluster.Kube.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the backup %s/%s", namespace, name)
	case there.Annotations[cluster.KeyAnnotation] != s.Key:
		return nil, sdk.Errorf(sdk.Conflict, "the backup %s/%s is not the one of this step", namespace, name)
	}
	content := &Content{}
	return content, json.Unmarshal(there.Data[contentKey], content)
}

// Drop deletes a backup that is no longer needed.
func (s Store) Drop(ctx context.Context, namespace, name string) error {
	err := s.Cluster.Kube.CoreV1().Secrets(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return cluster.FaultIn(ctx, err, "delete the backup %s/%s", namespace, name)
}
