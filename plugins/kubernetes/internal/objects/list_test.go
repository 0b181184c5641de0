package objects_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func list(t *testing.T, params map[string]any) objects.ListOutput {
	t.Helper()
	text, err := action(t, shared.Connect(t), "list").Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	var out objects.ListOutput
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

func TestListKeepsTheContract(t *testing.T) {
	t.Parallel()
	of := func(params map[string]any) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			given := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "namespace": shared.Namespace(t)}
			maps.Copy(given, params)
			return sdktest.World{Params: given}
		}
	}
	sdktest.Run(t, action(t, shared.Connect(t), "list"),
		sdktest.Case{Name: "a namespace", World: of(nil)},
		sdktest.Case{Name: "all namespaces", World: of(map[string]any{"allNamespaces": true, "limit": 3})},
		sdktest.Case{Name: "no selector", World: of(map[string]any{"selector": "a in"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "no field selector", World: of(map[string]any{"fieldSelector": "a"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "a field that nothing is selected by", World: of(map[string]any{"fieldSelector": "data=a"}), Fails: sdk.Permanent})
}

// More than fit on one page are read page by page, and the limit is said where it cuts.
func TestListReadsPages(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	for i := range 510 {
		configMap(t, namespace, fmt.Sprintf("many-%03d", i), nil)
	}
	params := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "limit": 1000}
	// The namespace has one of its own, kube-root-ca.crt.
	if out := list(t, params); out.Count != 511 || out.Truncated || len(out.Items) != 511 || !slices.Contains(out.Names, "many-509") {
		t.Errorf("listed %d, truncated %t", out.Count, out.Truncated)
	}
	params["limit"] = 505
	if out := list(t, params); out.Count != 505 || !out.Truncated {
		t.Errorf("listed %d, truncated %t", out.Count, out.Truncated)
	}
}

func TestListEndsWhereItGrowsTooLarge(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	for i := range 6 {
		configMap(t, namespace, fmt.Sprintf("large-%d", i), map[string]string{"a": strings.Repeat("x", 900_000)})
	}
	params := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "fieldSelector": "metadata.name!=kube-root-ca.crt"}
	if out := list(t, params); out.Count != 4 || !out.Truncated {
		t.Errorf("listed %d, truncated %t", out.Count, out.Truncated)
	}
	params["fields"] = map[string]any{"name": "metadata.name"}
	if out := list(t, params); out.Count != 6 || out.Truncated || out.Items[5]["name"] != "large-5" {
		t.Errorf("of single fields, it listed %d: %v", out.Count, out.Items)
	}
}

func TestListReadsOutNoSecret(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	secret(t, namespace, "key", map[string]string{"a.b": "opensesame"})
	params := map[string]any{"apiVersion": "v1", "kind": "Secret", "namespace": namespace, "allNamespaces": true, "fieldSelector": "metadata.namespace=" + namespace}
	text, err := json.Marshal(list(t, params))
	lab.Must(t, err)
	if said := string(text); strings.Contains(said, "b3BlbnNlc2FtZQ") || !strings.Contains(said, `"a.b":"(secret)"`) || !strings.Contains(said, namespace+"/key") {
		t.Errorf("got %s", said)
	}
	params["fields"] = map[string]any{"word": "data.a.b", "none": "data.a.c"}
	if out := list(t, params); len(out.Items) != 1 || fmt.Sprint(out.Items[0]) != "map[word:(secret)]" {
		t.Errorf("got %v", out.Items)
	}
}

func TestPlanOfListSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "lister", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	req := lab.Request(t, map[string]any{"apiVersion": "v1", "kind": "Secret", "allNamespaces": true})
	preview, err := action(t, shared.ConnectAs(t, "lister"), "list").Plan(t.Context(), req)
	lab.Must(t, err)
	if want := "You may not list secrets."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
}
