package apply_test

import (
	"context"
	"net/http"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// A controller writes into an object between the look at it and the question what the step
// would make of it.
func TestABusyObjectIsInNobodysWay(t *testing.T) {
	t.Parallel()
	for resource, manifests := range map[string][2]map[string]any{
		"configmaps": {configMap("busy", map[string]any{"a": "1"}), configMap("busy", map[string]any{"a": "2"})},
		"secrets":    {secret("busy", map[string]any{"a": "old-word"}), secret("busy", map[string]any{"a": "new-word"})},
	} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			namespace := shared.Namespace(t)
			applied(t, in(namespace, manifest(manifests[0])))
			req := lab.Request(t, in(namespace, manifest(manifests[1])))
			busy := func(during string) *cluster.Cluster {
				return shared.Ahead(t, http.MethodPatch, "/"+resource+"/busy", func(ctx context.Context) error {
					body := []byte(`{"metadata":{"annotations":{"seen":"` + during + `"}}}`)
					return shared.Kube.CoreV1().RESTClient().Patch(types.MergePatchType).Namespace(namespace).Resource(resource).Name("busy").Body(body).Do(ctx).Error()
				})
			}
			preview, err := handler(t, busy("plan")).Plan(t.Context(), req)
			if err != nil || len(preview.Blockers) > 0 || len(preview.Changes) != 1 {
				t.Errorf("the plan is %+v, %v", preview, err)
			}
			_, err = handler(t, busy("run")).Apply(t.Context(), req, &sdktest.Host{})
			lab.Must(t, err)
		})
	}
}
