package keeping

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
	// BackupLabel is on all backups, so that those that nobody needs any more are found by it.
	BackupLabel = "gatebook.dev/backup"
)

// BackupName is the name of the backup of a Secret that the step with a key keeps: each
// step has its own, so that several can be taken back one after the other.
func BackupName(uid types.UID, key string) string {
	return own.Name("gatebook-before-"+string(uid), key)
}

// IsBackup says whether an object is a backup.
func IsBackup(object *unstructured.Unstructured) bool {
	kind, _, _ := unstructured.NestedString(object.Object, "type")
	return diff.IsSecret(object) && kind == secretType
}

// BackupRights are what keeping backups in a namespace takes.
func BackupRights(namespace string) []cluster.Right {
	return []cluster.Right{backupRight("get", namespace), backupRight("create", namespace), backupRight("patch", namespace)}
}

// RightToDropBackups is what it takes to delete them when they are no longer needed.
func RightToDropBackups(namespace string) cluster.Right { return backupRight("delete", namespace) }

func backupRight(verb, namespace string) cluster.Right {
	return cluster.Right{Verb: verb, Resource: "secrets", Namespace: namespace, Words: verb + " the backup of a Secret"}
}

// Backup is what undoing has to know of a Secret.
type Backup struct {
	Changes []fields.Change `json:"changes,omitempty"`
	Object  json.RawMessage `json:"object,omitempty"` // whole, where the step deletes it
}

// Backups keeps the backups of one step.
type Backups struct {
	Cluster *cluster.Cluster
	Key     string // of the step
}

// Keep writes the backup of a Secret, before that is changed. Changes that an earlier
// attempt of the step kept stay.
//
// The backup goes with the Secret, and that of a Secret that is deleted with the undoing,
// or when a person deletes it: nobody else knows when no run is to be taken back any more.
func (b Backups) Keep(ctx context.Context, of *unstructured.Unstructured, content Backup) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	made := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: BackupName(of.GetUID(), b.Key), Annotations: map[string]string{cluster.KeyAnnotation: b.Key}, Labels: map[string]string{BackupLabel: "true"},
		},
		Type: secretType, Data: map[string][]byte{contentKey: text},
	}
	if content.Object == nil {
		made.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: of.GetName(), UID: of.GetUID()}}
	}
	client := b.Cluster.Kube.CoreV1().Secrets(of.GetNamespace())
	return cluster.Again(func() error {
		there, err := client.Get(ctx, made.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			_, err = client.Create(ctx, made, metav1.CreateOptions{FieldManager: cluster.Manager})
		case err == nil && content.Object == nil && there.Annotations[cluster.KeyAnnotation] == b.Key:
			return nil
		case err == nil:
			made.ResourceVersion = there.ResourceVersion
			err = replace(ctx, made, client.Patch)
		}
		return cluster.FaultIn(ctx, err, "keep a backup of the Secret %s", of.GetName())
	})
}

// Load reads a backup of this step's; nil where there is none: the Secret was never
// changed, or that was taken back already, or somebody deleted it.
func (b Backups) Load(ctx context.Context, namespace, name string) (*Backup, error) {
	there, err := b.Cluster.Kube.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the backup %s/%s", namespace, name)
	case there.Annotations[cluster.KeyAnnotation] != b.Key:
		return nil, sdk.Errorf(sdk.Conflict, "the backup %s/%s is not the one of this step", namespace, name)
	}
	content := &Backup{}
	return content, json.Unmarshal(there.Data[contentKey], content)
}

// Drop deletes a backup that is no longer needed; without a name, there is none.
func (b Backups) Drop(ctx context.Context, namespace, name string) error {
	if name == "" {
		return nil
	}
	err := b.Cluster.Kube.CoreV1().Secrets(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return cluster.FaultIn(ctx, err, "delete the backup %s/%s", namespace, name)
}
