package fields

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Made is an object that a step made, and what tells the step's own work in it from what
// was done since.
type Made struct {
	Live *unstructured.Unstructured
	// Again is what the step would make of it now, by the operation By: what somebody
	// changed or took out of it is there again, which no manager of a field tells.
	Again *unstructured.Unstructured
	By    metav1.ManagedFieldsOperationType
}

// Since names who changed, since the step made it, what the object shall be, and a field
// of that; empty: nobody. Labels, annotations and finalizers that were added are no change,
// since controllers write them into all kinds of objects, nor are those that admission gives
// another value each time. The control plane is nobody.
//
// What is not certain is returned as extra: fields that other actions of ours set, to what
// may be their defaults.
func (m Made) Since() (who, field string, extra []Change, err error) {
	added, err := m.added()
	if err != nil {
		return "", "", nil, err
	}
	for _, a := range added {
		path, named := pathOf(m.Live, a.at)
		if a.by != cluster.Manager || m.By == metav1.ManagedFieldsOperationUpdate || !named {
			return nameOf(a.by), strings.TrimPrefix(a.at.String(), "."), nil, nil
		}
		extra = append(extra, Change{Path: path, Parents: len(path) - 1})
	}
	changes, err := Between(m.Live, m.Again)
	if err != nil {
		return "", "", nil, err
	}
	for _, c := range changes {
		owners := c.ownersIn(m.Live)
		if c.Path[0].Field != "status" && !m.isOfAdmission(c) && (len(owners) == 0 || !isControlPlane(owners[0])) {
			return Who(m.Live, m.By, c), c.Path.String(), nil, nil
		}
	}
	return "", "", extra, nil
}

// isOfAdmission says whether a change is that of a label or an annotation which nobody gives,
// the step neither: admission does, and may give another value each time.
func (m Made) isOfAdmission(c Change) bool {
	isNote := len(c.Path) > 2 && c.Path[0].Field == "metadata" && (c.Path[1].Field == "labels" || c.Path[1].Field == "annotations")
	return isNote && len(c.ownersIn(m.Live)) == 0 && len(c.ownersIn(m.Again)) == 0
}

func (c Change) ownersIn(object *unstructured.Unstructured) []string {
	return cluster.Owners(object.GetManagedFields(), c.Path.Managed(object)...)
}

func isControlPlane(manager string) bool { return strings.HasPrefix(manager, "kube-") }

// addition is a field that somebody manages.
type addition struct {
	by string
	at fieldpath.Path
}

// added are the fields of what the object shall be that others manage, or that we do by
// another operation and the step does not declare.
func (m Made) added() (all []addition, err error) {
	declared := &fieldpath.Set{}
	for _, entry := range m.Again.GetManagedFields() {
		if entry.Manager == cluster.Manager && entry.Operation == m.By {
			own, err := fieldsOf(entry)
			if err != nil {
				return nil, err
			}
			declared = declared.Union(own)
		}
	}
	for _, entry := range m.Live.GetManagedFields() {
		ours := entry.Manager == cluster.Manager
		if ours && entry.Operation == m.By || entry.Subresource == "status" || isControlPlane(entry.Manager) {
			continue
		}
		managed, err := fieldsOf(entry)
		if err != nil {
			return nil, err
		}
		more := managed.Leaves()
		if ours && m.By == metav1.ManagedFieldsOperationApply {
			more = more.Difference(declared)
		}
		more.Iterate(func(at fieldpath.Path) {
			if !isBeside(at) {
				all = append(all, addition{entry.Manager, at.Copy()})
			}
		})
	}
	return all, nil
}

// isBeside says whether a field is no part of what the object shall be: the metadata, its
// status, and the marks of restarts, which stay when the pods are long replaced.
func isBeside(at fieldpath.Path) bool {
	top, last := at[0].FieldName, at[len(at)-1].FieldName
	return top == nil || *top == "metadata" || *top == "status" || last != nil && (*last == cluster.KeyAnnotation || *last == cluster.RestartedAfter)
}
