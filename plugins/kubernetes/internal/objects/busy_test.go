package objects_test

import (
	"context"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// A controller writes into an object between the look at it and the question what a change
// would make of it.
func TestPlanOfAChangeOfABusyObject(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]map[string]any{
		"patch":         patching("merge", map[string]any{"data": map[string]any{"color": "blue"}}),
		"configmap_set": {"set": map[string]any{"color": "blue"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := colored(params)(t)
			namespace := world.Params["namespace"].(string)
			c := shared.Ahead(t, http.MethodPatch, "/configmaps/web", func(ctx context.Context) error {
				_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Patch(ctx, "web", types.MergePatchType,
					[]byte(`{"metadata":{"annotations":{"seen":"now"}}}`), metav1.PatchOptions{FieldManager: "kube-controller-manager"})
				return err
			})
			preview, err := action(t, c, name).Plan(t.Context(), lab.Request(t, world.Params))
			if err != nil || len(preview.Changes) != 1 || len(preview.Blockers) > 0 {
				t.Errorf("the plan is %+v, %v", preview, err)
			}
		})
	}
}

// A patch that names the resourceVersion is for no other, however often it is tried.
func TestAPatchOfOneVersionIsForNoOther(t *testing.T) {
	t.Parallel()
	for form, patch := range map[string]any{
		"merge": map[string]any{"metadata": map[string]any{"resourceVersion": "1"}, "data": map[string]any{"color": "blue"}},
		"json": []any{
			map[string]any{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"},
			map[string]any{"op": "replace", "path": "/data/color", "value": "blue"},
		},
	} {
		world := colored(patching(form, patch))(t)
		h, req := action(t, shared.Connect(t), "patch"), lab.Request(t, world.Params)
		_, err := h.Plan(t.Context(), req)
		lab.Fails(t, err, sdk.Conflict, "the object has been modified")
		_, err = h.Apply(t.Context(), req, &sdktest.Host{})
		lab.Fails(t, err, sdk.Conflict, "the object has been modified")
	}
}

// A patch that would take out what holds it to the object as it was read, which is what
// undo restores, is held to that all the same.
func TestAPatchIsForTheObjectAsItWasRead(t *testing.T) {
	t.Parallel()
	remove := map[string]any{"op": "remove", "path": "/metadata/resourceVersion"}
	blue := map[string]any{"op": "replace", "path": "/data/color", "value": "blue"}
	for name, patch := range map[string]map[string]any{
		"json":       patching("json", []any{remove, blue}),
		"json, last": patching("json", []any{blue, remove}),
		"merge":      patching("merge", map[string]any{"metadata": map[string]any{"resourceVersion": nil}, "data": map[string]any{"color": "blue"}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := colored(patch)(t)
			namespace := world.Params["namespace"].(string)
			c := shared.Ahead(t, http.MethodPatch, "/configmaps/web", func(ctx context.Context) error {
				_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Patch(ctx, "web", types.MergePatchType,
					[]byte(`{"data":{"color":"green"}}`), metav1.PatchOptions{FieldManager: "kubectl"})
				return err
			})
			h, req, host := action(t, c, "patch"), lab.Request(t, world.Params), &sdktest.Host{}
			_, err := h.Apply(t.Context(), req, host)
			lab.Must(t, err)
			req.Before = host.StateBefore()
			lab.Must(t, h.Undo(t.Context(), req, host))
			found, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "web", metav1.GetOptions{})
			lab.Must(t, err)
			if got := found.Data["color"]; got != "green" {
				t.Errorf("undo made it %s", got)
			}
		})
	}
}
