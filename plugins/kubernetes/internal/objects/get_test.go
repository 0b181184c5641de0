package objects_test

import (
	"encoding/json"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestGetKeepsTheContract(t *testing.T) {
	t.Parallel()
	of := func(kind, name, missing string) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			namespace := shared.Namespace(t)
			configMap(t, namespace, "web", map[string]string{"color": "red"})
			return sdktest.World{Params: map[string]any{
				"apiVersion": "v1", "kind": kind, "name": name, "namespace": namespace, "missing": missing,
			}}
		}
	}
	sdktest.Run(t, action(t, shared.Connect(t), "get"),
		sdktest.Case{Name: "an object", World: of("ConfigMap", "web", "fail")},
		sdktest.Case{Name: "none, which is well", World: of("ConfigMap", "db", "ok")},
		sdktest.Case{Name: "none", World: of("ConfigMap", "db", "fail"), Fails: sdk.Permanent},
		sdktest.Case{Name: "no such kind", World: of("Nonsense", "web", "ok"), Fails: sdk.Permanent})
}

func TestGetReadsOutNoSecret(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	secret(t, namespace, "key", map[string]string{"word": "opensesame"})
	req := lab.Request(t, map[string]any{"apiVersion": "v1", "kind": "Secret", "name": "key", "namespace": namespace})
	text, err := action(t, shared.Connect(t), "get").Apply(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	var out objects.GetOutput
	lab.Must(t, json.Unmarshal(text, &out))
	if data, _ := out.Object["data"].(map[string]any); !out.Exists || len(data) != 1 || data["word"] != "(secret)" {
		t.Errorf("got %s", text)
	}
	if strings.Contains(string(text), "managedFields") {
		t.Errorf("managedFields are in %s", text)
	}
}

func TestPlanOfGetSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "getter", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}})
	req := lab.Request(t, map[string]any{"apiVersion": "v1", "kind": "Secret", "name": "key", "namespace": "payments"})
	preview, err := action(t, shared.ConnectAs(t, "getter"), "get").Plan(t.Context(), req)
	lab.Must(t, err)
	if want := "You may not get the Secret key in payments."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
}
