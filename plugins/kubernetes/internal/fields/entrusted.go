package fields

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Entrusted is who is to manage what in an object that a step made anew: who managed the
// former one, and who has begun to since. Where a step has applied the object since, all
// stays as it is, which is said by false.
func Entrusted(now, former []metav1.ManagedFieldsEntry) (restored []metav1.ManagedFieldsEntry, restore bool, err error) {
	for _, entry := range former {
		if entry.Subresource != "status" { // which the object has not got yet
			restored = append(restored, entry)
		}
	}
	for _, entry := range now {
		switch i := indexOf(restored, entry); {
		case entry.Manager == cluster.Manager && entry.Operation == metav1.ManagedFieldsOperationApply:
			return nil, false, nil
		case entry.Manager == cluster.Manager: // it made the object
		case i < 0:
			restored = append(restored, entry)
		default:
			if restored[i], err = joined(restored[i], entry); err != nil {
				return nil, false, err
			}
		}
	}
	return restored, len(former) > 0, nil
}

// indexOf finds the entry that is of the same manager in the same way.
func indexOf(entries []metav1.ManagedFieldsEntry, of metav1.ManagedFieldsEntry) int {
	return slices.IndexFunc(entries, func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == of.Manager && e.Operation == of.Operation && e.APIVersion == of.APIVersion && e.Subresource == of.Subresource
	})
}

// joined is an entry with the fields of another one as well.
func joined(one, other metav1.ManagedFieldsEntry) (metav1.ManagedFieldsEntry, error) {
	a, err := fieldsOf(one)
	if err != nil {
		return one, err
	}
	b, err := fieldsOf(other)
	if err != nil {
		return one, err
	}
	text, err := a.Union(b).ToJSON()
	one.FieldsV1, one.Time = metav1.NewFieldsV1(string(text)), other.Time
	return one, err
}
