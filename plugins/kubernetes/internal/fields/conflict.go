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
// person reads it, or set them to what they are again.
func Meddled(object string, live *unstructured.Unstructured, changes ...Change) error {
	var paths []string
	verb := "set anew"
	for _, c := range changes {
		if by := live.GetAnnotations()[cluster.AppliedBy]; c.IsMark() && by != "" {
			return AppliedSince(object, live, "")
		}
		paths = append(paths, c.Path.String())
		if c.Standing(live) != Changed {
			verb = "changed"
		}
	}
	return sdk.Errorf(sdk.Conflict, "%s %s %s of the %s meanwhile", Who(live, changes...), verb, strings.Join(paths, ", "), object)
}

// Who names, for a sentence, who changed fields of an object.
func Who(live *unstructured.Unstructured, changes ...Change) string {
	var managed [][]string
	for _, c := range changes {
		managed = append(managed, c.Path.Managed(live))
	}
	return cluster.ChangedBy(live.GetManagedFields(), managed...)
}
