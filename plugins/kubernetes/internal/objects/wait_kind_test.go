package objects_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
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
	const want = "would wait until the Widget web is gone; now, it is so already: the cluster serves no Widget in never.example/v1"
	if err != nil || !strings.HasPrefix(preview.Summary, want) || len(preview.Blockers) > 0 {
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

// What is not there by a version that the cluster does not serve, may well be there by another.
func TestNothingIsGoneWhoseKindIsServedInAnotherVersion(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "wait")
	for name, c := range map[string]struct{ version, kind, says string }{
		"a version that was":      {"networking.k8s.io/v1beta1", "Ingress", "it serves Ingress in networking.k8s.io/v1"},
		"a slip of the pen":       {"networking.k8s.io/v1", "ingress", "it serves Ingress in networking.k8s.io/v1"},
		"a version never to come": {"batch/v1beta1", "CronJob", "it serves CronJob in batch/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := waitFor(shared.Namespace(t), map[string]any{"apiVersion": c.version, "kind": c.kind, "state": "gone"})
			_, err := handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
			lab.Fails(t, err, sdk.Permanent, "the cluster serves no "+c.kind+" in "+c.version+"; "+c.says)
			preview, err := handler.Plan(t.Context(), lab.Request(t, params))
			said := strings.Join(preview.Blockers, " ") + preview.Summary
			if err != nil {
				said += err.Error()
			}
			if !strings.Contains(said, c.says) || strings.Contains(said, "it is so already") {
				t.Errorf("the plan is %+v, %v", preview, err)
			}
		})
	}
}

// moving defines a kind Widget that is served in v1 and v1beta1, which a connection knows then.
func moving(t *testing.T, c *cluster.Cluster, group string) {
	t.Helper()
	text, err := os.ReadFile("testdata/widgets.yaml")
	lab.Must(t, err)
	const version = "    - name: v1\n"
	former := strings.ReplaceAll(string(text), "objects.example", group)
	_, schema, _ := strings.Cut(former, version)
	former += "    - name: v1beta1\n" + strings.Replace(schema, "storage: true", "storage: false", 1)
	definition := filepath.Join(t.TempDir(), "moving.yaml")
	lab.Must(t, os.WriteFile(definition, []byte(former), 0o600))
	shared.Define(t, definition)
	lab.Eventually(t, "both are served", func(ctx context.Context) error {
		for _, v := range []string{group + "/v1", group + "/v1beta1"} {
			if _, err := c.Kind(ctx, v, "Widget"); err != nil {
				return err
			}
		}
		return nil
	})
}

// withdraw lets v1beta1 of a kind be served no longer.
func withdraw(t *testing.T, group string) {
	t.Helper()
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), "apiextensions.k8s.io/v1", "CustomResourceDefinition")
	lab.Must(t, err)
	_, err = c.Objects(kind, "").Patch(t.Context(), "widgets."+group, types.JSONPatchType,
		[]byte(`[{"op":"replace","path":"/spec/versions/1/served","value":false}]`), metav1.PatchOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the cluster serves the former version no longer", func(ctx context.Context) error {
		kinds, err := c.KindsIn(ctx, schema.GroupVersion{Group: group, Version: "v1beta1"})
		if err == nil && len(kinds) > 0 {
			err = fmt.Errorf("it serves %v", kinds)
		}
		return err
	})
}

// That goes for a version which was served when the run began, too.
func TestNothingIsGoneWhoseVersionIsServedNoLonger(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	moving(t, c, "moving.example")
	params := waitFor(shared.Namespace(t), map[string]any{"apiVersion": "moving.example/v1beta1", "kind": "Widget", "state": "gone"})
	handler := action(t, c, "wait")
	_, err := handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	withdraw(t, "moving.example")
	lab.Eventually(t, "the wait is refused", func(ctx context.Context) error {
		_, err := handler.Apply(ctx, lab.Request(t, params), &sdktest.Host{})
		if err == nil || !strings.Contains(err.Error(), "it serves Widget in moving.example/v1") {
			return fmt.Errorf("it ends with %w", cmp.Or(err, errors.ErrUnsupported))
		}
		return nil
	})
}

// Nor does a delete take that for gone, be it withdrawn in the very moment of the delete.
func TestDeleteTakesNothingForGoneWhoseVersionIsServedNoLonger(t *testing.T) {
	t.Parallel()
	const group = "leaving.example"
	namespace := shared.Namespace(t)
	c := shared.Ahead(t, http.MethodDelete, "/widgets/w", func(context.Context) error { withdraw(t, group); return nil })
	moving(t, c, group)
	kind, err := c.Kind(t.Context(), group+"/v1", "Widget")
	lab.Must(t, err)
	_, err = c.Objects(kind, namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/v1", "kind": "Widget", "metadata": map[string]any{"name": "w"},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	handler, host := action(t, c, "delete"), &sdktest.Host{}
	params := map[string]any{"apiVersion": group + "/v1beta1", "kind": "Widget", "name": "w", "namespace": namespace, "missing": "ok"}
	req := lab.Request(t, params)
	for range 2 {
		_, err := handler.Apply(t.Context(), req, host)
		lab.Fails(t, err, sdk.Permanent, "the Widget "+namespace+"/w stays: the cluster serves its kind no longer in "+group+"/v1beta1, but in "+group+"/v1")
		req.Before = host.StateBefore()
	}
	if seen, err := handler.Observe(t.Context(), req, host); err != nil || seen.State != sdk.NotDone {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	_, err = handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "it serves Widget in "+group+"/v1")
	preview, err := handler.Plan(t.Context(), lab.Request(t, params))
	if err != nil || len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "it serves Widget in "+group+"/v1") {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
}
