package fields

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// managersIn are the managers whose fields an apply would take.
func managersIn(err error) []string {
	status, is := errors.AsType[*apierrors.StatusError](err)
	if !is || status.Status().Details == nil {
		return nil
	}
	var managers []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			managers = append(managers, cause.Message)
		}
	}
	return managers
}

// MeetsOurselves says whether all that is in the way was set by other actions of ours,
// which set single fields and are other managers to the server.
func MeetsOurselves(err error) bool {
	managers := managersIn(err)
	for _, manager := range managers {
		if !strings.HasPrefix(manager, fmt.Sprintf("conflict with %q", cluster.Manager)) {
			return false
		}
	}
	return len(managers) > 0
}

// IsStale says whether the object is no longer what was looked at.
func IsStale(err error) bool { return apierrors.IsConflict(err) && len(managersIn(err)) == 0 }

// Meddled is the conflict with whoever changed fields of an object, which is named as a
// person reads it, or set them to what they are again, since a step set them by an operation.
func Meddled(object string, live *unstructured.Unstructured, by metav1.ManagedFieldsOperationType, changes ...Change) error {
	var paths []string
	verb := "set anew"
	for _, c := range changes {
		if c.IsMark() && live.GetAnnotations()[cluster.AppliedBy] != "" {
			return AppliedSince(object, live, "")
		}
		paths = append(paths, c.Path.String())
		if c.Standing(live) != Changed {
			verb = "changed"
		}
	}
	return sdk.Errorf(sdk.Conflict, "%s %s %s of the %s meanwhile", Who(live, by, changes...), verb, strings.Join(paths, ", "), object)
}

// Who names, for a sentence, who changed fields of an object since a step of ours set them by
// an operation. Who took something out leaves no trace, and is none of those who manage what
// is left: what the step holds by its own operation says nothing of another step.
func Who(live *unstructured.Unstructured, by metav1.ManagedFieldsOperationType, changes ...Change) string {
	who := cluster.Unknown
	for _, c := range changes {
		path := c.Path.Managed(live)
		for _, entry := range cluster.Holders(live.GetManagedFields(), path...) {
			_, there := find(live.Object, c.Path)
			switch {
			case !c.isHeldAnew(live, entry, path):
			case entry.Manager != cluster.Manager:
				return entry.Manager
			case entry.Operation != by, there && by == metav1.ManagedFieldsOperationUpdate: // a value is held by who gave it
				who = cluster.AnotherStep
			}
		}
	}
	return who
}

// isHeldAnew says whether a manager holds something of the field, or all around it, that is
// not as the change left it: who holds a part of a list need not have changed another one.
// Where all is as the change left it, he declares the same.
func (c Change) isHeldAnew(live *unstructured.Unstructured, entry metav1.ManagedFieldsEntry, path []string) bool {
	now, there := find(live.Object, c.Path)
	managed, err := fieldsOf(entry)
	if err != nil || c.After.Seal != nil || c.After.is(now, there) {
		return true
	}
	var left any
	if c.After.There {
		if left, err = c.After.data(); err != nil {
			return true
		}
	}
	anew := false
	managed.Leaves().Iterate(func(at fieldpath.Path) {
		parts := partsOf(at)
		n := min(len(parts), len(path))
		if !slices.Equal(parts[:n], path[:n]) {
			return
		}
		was, had := below(left, parts[n:])
		is, has := below(now, parts[n:])
		anew = anew || had != has || !reflect.DeepEqual(was, is)
	})
	return anew
}

// below follows a path, as managedFields write it, as far as it leads.
func below(data any, path []string) (found any, there bool) {
	for _, part := range path {
		if field, is := strings.CutPrefix(part, "f:"); is {
			fields, _ := data.(map[string]any)
			if data, there = fields[field]; !there {
				return nil, false
			}
			continue
		}
		items, _ := data.([]any)
		i := slices.IndexFunc(items, func(item any) bool { return isItem(item, part) })
		if i < 0 {
			return nil, false
		}
		data = items[i]
	}
	return data, true
}

// isItem says whether managedFields name an item of a list so: by some of its fields, or by
// what it is.
func isItem(item any, part string) bool {
	if key, is := strings.CutPrefix(part, "k:"); is {
		fields, _ := item.(map[string]any)
		return hasKey(fields, key)
	}
	var value any
	text, is := strings.CutPrefix(part, "v:")
	return is && utiljson.Unmarshal([]byte(text), &value) == nil && reflect.DeepEqual(value, item)
}
