package apply

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/inventory"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What undoing has to know of a Secret stays in the cluster, in a Secret beside it that
// whoever may read the one may read too.

// backupType marks the Secrets that are backups.
const backupType = "gatebook.dev/before"

func backupName(uid types.UID) string { return "gatebook-before-" + string(uid) }

// backup is what undoing has to know of a Secret.
type backup struct {
	Changes []fields.Change `json:"changes,omitempty"`
	Object  json.RawMessage `json:"object,omitempty"` // whole, where the step deleted it
}

// keep writes a backup of a Secret, before that is changed. What an earlier attempt of
// the step kept stays; what an earlier step kept is replaced, since its change is no
// longer the last one.
func (s step) keep(ctx context.Context, of *unstructured.Unstructured, b backup) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	made := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: backupName(of.GetUID()), Annotations: map[string]string{cluster.KeyAnnotation: s.key}},
		Type:       backupType, Data: map[string][]byte{"before": text},
	}
	if b.Object == nil { // it goes with the Secret
		made.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: of.GetName(), UID: of.GetUID()}}
	} else { // or with the next prune
		made.Annotations[inventory.PartOf] = s.member()
	}
	client := s.Kube.CoreV1().Secrets(of.GetNamespace())
	return cluster.Again(func() error {
		there, err := client.Get(ctx, made.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			_, err = client.Create(ctx, made, metav1.CreateOptions{FieldManager: cluster.Manager})
		case err == nil && there.Annotations[cluster.KeyAnnotation] == s.key:
			return nil
		case err == nil:
			made.ResourceVersion = there.ResourceVersion
			err = cluster.Replace(ctx, made, client.Patch)
		}
		return cluster.FaultIn(ctx, err, "keep a backup of the Secret %s", of.GetName())
	})
}

func decodeBackup(kept *corev1.Secret) (b backup, err error) {
	return b, json.Unmarshal(kept.Data["before"], &b)
}

// kept reads what undoing has to know of a record, wherever that is.
func (s step) kept(ctx context.Context, r record) (backup, error) {
	if r.Backup == "" {
		return backup{Changes: r.Changes, Object: r.Object}, nil
	}
	there, err := s.Kube.CoreV1().Secrets(r.Namespace).Get(ctx, r.Backup, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return backup{}, nil // taken back already, or never changed
	case err != nil:
		return backup{}, cluster.FaultIn(ctx, err, "read the backup of the Secret %s/%s", r.Namespace, r.Name)
	case there.Annotations[cluster.KeyAnnotation] != s.key:
		return backup{}, sdk.Errorf(sdk.Conflict, "a later step changed the Secret %s/%s", r.Namespace, r.Name)
	}
	return decodeBackup(there)
}

// drop deletes the backup of a record that is taken back.
func (s step) drop(ctx context.Context, r record) error {
	if r.Backup == "" {
		return nil
	}
	client := s.Kube.CoreV1().Secrets(r.Namespace)
	err := client.Delete(ctx, r.Backup, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return cluster.FaultIn(ctx, err, "delete the backup of the Secret %s/%s", r.Namespace, r.Name)
}
