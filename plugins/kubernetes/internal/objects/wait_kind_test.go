package objects_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// A wait may begin before the kind of its object is defined, as beside the operator that
// brings it.
func TestWaitForAnObjectWhoseKindIsStillToCome(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/widgets.yaml")
	lab.Must(t, err)
	definition := filepath.Join(t.TempDir(), "later.yaml")
	lab.Must(t, os.WriteFile(definition, []byte(strings.ReplaceAll(string(text), "objects.example", "later.example")), 0o600))
	namespace, host := shared.Namespace(t), &sdktest.Host{}
	there := begun(t, waitFor(namespace, map[string]any{"apiVersion": "later.example/v1", "kind": "Widget", "state": "exists"}), host)
	saw(t, host, "there is no Widget web: the cluster serves no Widget in later.example/v1")
	shared.Define(t, definition)
	saw(t, host, "there is no Widget "+namespace+"/web")
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), "later.example/v1", "Widget")
	lab.Must(t, err)
	_, err = c.Objects(kind, namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "later.example/v1", "kind": "Widget", "metadata": map[string]any{"name": "web"},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	end := <-there
	lab.Must(t, end.err)
	var out objects.WaitOutput
	if lab.Must(t, json.Unmarshal(end.outputs, &out)); !out.Exists {
		t.Errorf("got %s", end.outputs)
	}
}

// Of a kind that is gone, all objects are.
func TestWaitUntilAnObjectIsGoneWhoseKindIsGone(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "wait")
	params := waitFor(shared.Namespace(t), map[string]any{"apiVersion": "never.example/v1", "kind": "Widget", "state": "gone"})
	preview, err := handler.Plan(t.Context(), lab.Request(t, params))
	if want := "would wait until the Widget web is gone; now, it is so already"; err != nil || preview.Summary != want || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
	_, err = handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	params["state"] = "exists"
	preview, err = handler.Plan(t.Context(), lab.Request(t, params))
	if err != nil || len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "serves no Widget in never.example/v1") {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
}
