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
// manage something since, or another step of ours set more than was taken back, all stays
// as it is, which is said by false; so it does where nothing has to be restored.
func Managers(live *unstructured.Unstructured, former []metav1.ManagedFieldsEntry, changes []Change) (restored []metav1.ManagedFieldsEntry, restore bool, err error) {
	now := live.GetManagedFields()
	for _, entry := range former {
		if entry.Subresource == "" {
			restored = append(restored, entry)
		}
	}
	same := true
	for _, entry := range now {
		if entry.Subresource != "" {
			restored = append(restored, entry) // the status is not what was changed
			continue
		}
		var was metav1.ManagedFieldsEntry
		i := indexOf(restored, entry)
		if i >= 0 {
			was = restored[i]
		}
		more, equal, err := compare(entry, was)
		switch ours := entry.Manager == cluster.Manager; {
		case err != nil:
			return nil, false, err
		case !ours && (i < 0 || !more.Empty()), ours && entry.Operation == metav1.ManagedFieldsOperationUpdate && goesBeyond(more, live, changes):
			return nil, false, nil
		}
		same = same && i >= 0 && equal
	}
	return restored, !same || len(restored) != len(now), nil
}

// compare returns the fields that the one entry has and the other has not, and says
// whether they have the same.
func compare(one, other metav1.ManagedFieldsEntry) (more *fieldpath.Set, equal bool, err error) {
	a, err := fieldsOf(one)
	if err != nil {
		return nil, false, err
	}
	b, err := fieldsOf(other)
	if err != nil {
		return nil, false, err
	}
	return a.Difference(b), a.Equals(b), nil
}

// goesBeyond says whether fields are not all among those of changes, which to take back is
// an update of ours as well.
func goesBeyond(set *fieldpath.Set, live *unstructured.Unstructured, changes []Change) bool {
	var known [][]string
	for _, c := range changes {
		known = append(known, c.Path.Managed(live))
	}
	beyond := false
	set.Leaves().Iterate(func(at fieldpath.Path) {
		path := partsOf(at)
		beyond = beyond || !slices.ContainsFunc(known, func(k []string) bool {
			n := min(len(k), len(path))
			return slices.Equal(k[:n], path[:n])
		})
	})
	return beyond
}

// partsOf is a path as [Path.Managed] has it.
func partsOf(at fieldpath.Path) []string {
	var parts []string
	for _, element := range at {
		part, _ := fieldpath.SerializePathElement(element) // it came from there
		parts = append(parts, part)
	}
	return parts
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
