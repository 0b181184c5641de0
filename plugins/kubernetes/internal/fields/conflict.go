package fields

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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
		data, there := find(live.Object, c.Path)
		if c.wasThinned(data) {
			continue
		}
		for _, entry := range cluster.Holders(live.GetManagedFields(), c.Path.Managed(live)...) {
			switch {
			case entry.Manager != cluster.Manager:
				return entry.Manager
			case entry.Operation != by, there && by == metav1.ManagedFieldsOperationUpdate: // a value is held by who gave it
				who = cluster.AnotherStep
			}
		}
	}
	return who
}

// wasThinned says whether a list, which is compared as a whole, has nothing that the change
// did not leave in it.
func (c Change) wasThinned(now any) bool {
	left, are := c.After.items()
	items, is := now.([]any)
	return are && is && len(items) < len(left) && areAmong(items, left)
}
