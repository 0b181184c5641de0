package fields

import (
	"bytes"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Managers is who is to manage what in an object whose changes were taken back: who did
// before, since the server only knows who wrote last. Where somebody else has begun to
// manage something since, all stays as it is, which is said by false; so it does where
// nothing has to be restored.
func Managers(now, former []metav1.ManagedFieldsEntry) (restored []metav1.ManagedFieldsEntry, restore bool, err error) {
	for _, entry := range former {
		if entry.Subresource == "" {
			restored = append(restored, entry)
		}
	}
	same := true
	for _, entry := range now {
		i := slices.IndexFunc(restored, func(f metav1.ManagedFieldsEntry) bool {
			return f.Manager == entry.Manager && f.Operation == entry.Operation && f.APIVersion == entry.APIVersion
		})
		switch {
		case entry.Subresource != "":
			restored = append(restored, entry) // the status is not what was changed
		case i < 0 && entry.Manager != cluster.Manager:
			return nil, false, nil
		case i < 0:
			same = false
		default:
			more, equal, err := compare(entry, restored[i])
			if err != nil || more && entry.Manager != cluster.Manager {
				return nil, false, err
			}
			same = same && equal
		}
	}
	return restored, !same || len(restored) != len(now), nil
}

// compare says whether the one entry has fields that the other has not, and whether they
// have the same.
func compare(one, other metav1.ManagedFieldsEntry) (more, equal bool, err error) {
	a, err := fieldsOf(one)
	if err != nil {
		return false, false, err
	}
	b, err := fieldsOf(other)
	if err != nil {
		return false, false, err
	}
	return !a.Difference(b).Empty(), a.Equals(b), nil
}

func fieldsOf(entry metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	fields := &fieldpath.Set{}
	if entry.FieldsV1 == nil {
		return fields, nil
	}
	if err := fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		return nil, fmt.Errorf("the fields that %s manages: %w", entry.Manager, err)
	}
	return fields, nil
}

// SameManagers says whether two states of an object have the same managers of the same
// fields, whenever they wrote them.
func SameManagers(one, other *unstructured.Unstructured) bool {
	return equality.Semantic.DeepEqual(timeless(one), timeless(other))
}

func timeless(object *unstructured.Unstructured) []metav1.ManagedFieldsEntry {
	entries := object.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	return entries
}
