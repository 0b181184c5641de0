package objects_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func setting() map[string]any {
	return map[string]any{"set": map[string]any{"color": "blue", "shape": "round"}, "remove": []any{"size", "weight"}}
}

func creating() map[string]any {
	return map[string]any{"name": "new", "set": map[string]any{"color": "blue"}, "create": true}
}

func TestConfigMapSetKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "configmap_set"),
		sdktest.Case{Name: "values", World: colored(setting())},
		sdktest.Case{Name: "a new one", World: colored(creating())},
		sdktest.Case{Name: "nothing to change", World: colored(map[string]any{"set": map[string]any{"color": "red"}})},
		sdktest.Case{Name: "none, and none to make", Fails: sdk.Permanent, World: colored(map[string]any{
			"name": "new", "set": map[string]any{"color": "blue"},
		})},
		sdktest.Case{Name: "a key both ways", Fails: sdk.Permanent, World: colored(map[string]any{
			"set": map[string]any{"color": "blue"}, "remove": []any{"color"},
		})},
		sdktest.Case{Name: "nothing asked", Fails: sdk.Permanent, World: colored(nil)})
}

// Who may not make one has nothing to take back.
func TestAConfigMapThatMayNotBeMade(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "reader", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}})
	handler := action(t, shared.ConnectAs(t, "reader"), "configmap_set")
	host, params := &sdktest.Host{}, creating()
	params["namespace"] = shared.Namespace(t)
	_, err := handler.Apply(t.Context(), lab.Request(t, params), host)
	if err == nil || sdk.AsError(err).Class != sdk.Denied || !sdk.AsError(err).Unchanged {
		t.Errorf("got %v, want a denied error that changed nothing", err)
	}
	if host.StateBefore() == nil {
		t.Error("it did not come as far as the change")
	}
}

// set applies configmap_set, and returns what it gave out.
func set(t *testing.T, req sdk.Request, host sdk.Host) objects.ConfigMapOutput {
	t.Helper()
	text, err := action(t, shared.Connect(t), "configmap_set").Apply(t.Context(), req, host)
	lab.Must(t, err)
	var out objects.ConfigMapOutput
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

func TestConfigMapSetSaysWhatChangedAndHashesAll(t *testing.T) {
	t.Parallel()
	world := colored(setting())(t)
	req := lab.Request(t, world.Params)
	handler := action(t, shared.Connect(t), "configmap_set")
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	if want := fmt.Sprintf("would change color, shape, size of the ConfigMap %s/web", world.Params["namespace"]); preview.Summary != want {
		t.Errorf("got %q, want %q", preview.Summary, want)
	}
	if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "-  color: red\n") {
		t.Errorf("the plan is %+v", preview)
	}
	out := set(t, req, &sdktest.Host{})
	if !out.Changed || out.Created || fmt.Sprint(out.Keys) != "[color shape size]" || len(out.Hash) != 64 {
		t.Errorf("got %+v", out)
	}
	again := set(t, req, &sdktest.Host{})
	if again.Changed || again.Hash != out.Hash {
		t.Errorf("the same data hash to %s and %s", out.Hash, again.Hash)
	}
	recolor(t, world.Params["namespace"].(string), `{"binaryData":{"logo":"AAAA"}}`)
	if other := set(t, req, &sdktest.Host{}); other.Hash == out.Hash {
		t.Errorf("other data have the same hash")
	}
}

func TestUndoOfAConfigMapThatTheStepMade(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "configmap_set")
	for name, c := range map[string]struct{ foreign, says string }{
		"untouched":   {"", ""},
		"changed":     {`{"data":{"color":"green"}}`, "somebody-else changed data.color"},
		"added to":    {`{"data":{"taste":"sweet"}}`, "somebody-else changed data.taste"},
		"binary data": {`{"binaryData":{"cert":"AAEC"}}`, "somebody-else changed binaryData.cert"},
		"less":        {`{"data":{"color":null}}`, "somebody changed data.color"},
		"noted":       {`{"metadata":{"labels":{"seen-by":"a-controller"}}}`, ""},
		"another one": {"new", "a new one of that name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := creating()
			params["name"], params["namespace"] = "web", shared.Namespace(t)
			namespace, req, host := params["namespace"].(string), lab.Request(t, params), &sdktest.Host{}
			if out := set(t, req, host); !out.Created || fmt.Sprint(out.Keys) != "[color]" {
				t.Errorf("got %+v", out)
			}
			req.Before = host.StateBefore()
			if out := set(t, req, host); !out.Created { // its answer was lost
				t.Errorf("the second attempt says %+v", out)
			}
			switch c.foreign {
			case "":
			case "new":
				lab.Must(t, shared.Kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}))
				configMap(t, namespace, "web", map[string]string{"color": "blue"})
			default:
				recolor(t, namespace, c.foreign)
			}
			err := handler.Undo(t.Context(), req, host)
			if c.says == "" && (err != nil || probe(t, namespace, "web") != "none") {
				t.Errorf("got %v, and there is %s", err, probe(t, namespace, "web"))
			}
			if c.says != "" && (err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want a conflict with %q", err, c.says)
			}
		})
	}
}

func TestPlanOfConfigMapSetSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "map-getter", readers("configmaps", "get")...)
	handler := action(t, shared.ConnectAs(t, "map-getter"), "configmap_set")
	for what, params := range map[string]map[string]any{"patch the ConfigMap web": setting(), "create configmaps": creating()} {
		world := colored(params)(t)
		preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
		lab.Must(t, err)
		if want := fmt.Sprintf("You may not %s in %s.", what, world.Params["namespace"]); len(preview.Blockers) != 1 || preview.Blockers[0] != want {
			t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
		}
		_, err = handler.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != sdk.Denied {
			t.Errorf("got %v, want a denied error", err)
		}
	}
}
