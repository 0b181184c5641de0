package cluster_test

import (
	"errors"
	"testing"
	"testing/synctest"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestAgainTriesWhatMetAnotherChange(t *testing.T) {
	t.Parallel()
	changed := apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, "web", errors.New("it was changed"))
	managed := apierrors.NewApplyConflict([]metav1.StatusCause{{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.replicas"}}, "conflict with flux")
	for name, c := range map[string]struct {
		met   error
		of    int // so many tries
		tries int
		class sdk.Class
	}{
		"once":                {changed, 1, 2, ""},
		"often":               {changed, 20, 21, ""},
		"always":              {changed, 1000, 25, sdk.Transient},
		"somebody's field":    {managed, 1000, 1, sdk.Conflict},
		"what is no conflict": {errors.New("no"), 1000, 1, sdk.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				err := cluster.Again(func() error {
					if tries++; tries > c.of {
						return nil
					}
					return cluster.Fault(c.met, "change the Deployment shop/web")
				})
				if tries != c.tries || (err == nil) != (c.class == "") || err != nil && sdk.AsError(err).Class != c.class {
					t.Errorf("after %d tries, got %v", tries, err)
				}
			})
		})
	}
}
