package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/apply"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

func handler(t testing.TB, c *cluster.Cluster) sdk.Handler {
	t.Helper()
	return lab.Action(t, apply.Actions(c), "apply")
}

// configMap is the manifest of a ConfigMap.
func configMap(name string, data map[string]any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": data}
}

// secret is the manifest of a Secret.
func secret(name string, values map[string]any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name}, "stringData": values}
}

// applied applies, as another run did before.
func applied(t testing.TB, params map[string]any) apply.Output {
	t.Helper()
	req := lab.Request(t, params)
	req.Key = "earlier-step-0-do"
	return outputs(t, req, &sdktest.Host{})
}

func outputs(t testing.TB, req sdk.Request, host sdk.Host) apply.Output {
	t.Helper()
	text, err := handler(t, shared.Connect(t)).Apply(t.Context(), req, host)
	lab.Must(t, err)
	var out apply.Output
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

// probe is all that an apply could change in a namespace.
func probe(t testing.TB, namespace string) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	state := map[string]any{}
	configMaps, err := shared.Kube.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	lab.Must(t, err)
	for _, m := range configMaps.Items {
		if m.Name != "kube-root-ca.crt" {
			state["ConfigMap "+m.Name] = []any{m.Data, m.Labels, m.Annotations}
		}
	}
	secrets, err := shared.Kube.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{})
	lab.Must(t, err)
	for _, s := range secrets.Items {
		state["Secret "+s.Name] = []any{s.Data, s.Labels, s.Annotations, s.Type}
	}
	text, err := json.Marshal(state)
	lab.Must(t, err)
	return string(text)
}

// world is one in which something was applied before, and something else is now.
func world(params map[string]any, earlier ...map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		for _, before := range earlier {
			applied(t, in(namespace, before))
		}
		return sdktest.World{Params: in(namespace, params), Probe: func() string { return probe(t, namespace) }}
	}
}

func in(namespace string, params map[string]any) map[string]any {
	given := maps.Clone(params)
	given["namespace"] = namespace
	return given
}

func manifest(objects ...any) map[string]any { return map[string]any{"manifest": objects} }

// pruning applies with an inventory.
func pruning(objects ...any) map[string]any {
	return map[string]any{"manifest": objects, "inventory": "all", "prune": true}
}

const documents = `
# Two objects, of which the second is two.
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {color: blue}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: db}, data: {port: "5432"}}
- {apiVersion: v1, kind: Secret, metadata: {name: key}, stringData: {word: opensesame}}
`

func TestApplyKeepsTheContract(t *testing.T) {
	t.Parallel()
	red, blue := configMap("web", map[string]any{"color": "red", "size": "big"}), configMap("web", map[string]any{"color": "blue"})
	sdktest.Run(t, handler(t, shared.Connect(t)),
		sdktest.Case{Name: "new objects", World: world(map[string]any{"manifests": documents})},
		sdktest.Case{Name: "one object that changes", World: world(map[string]any{"manifest": blue}, manifest(red))},
		sdktest.Case{Name: "one that is as it should be", World: world(manifest(red), manifest(red))},
		sdktest.Case{Name: "a Secret", World: world(manifest(secret("key", map[string]any{"word": "new-word", "more": "more-words"})),
			manifest(secret("key", map[string]any{"word": "old-word", "less": "less-words"})))},
		sdktest.Case{Name: "a first inventory", World: world(pruning(blue), manifest(red))},
		sdktest.Case{Name: "a prune", World: world(pruning(blue), pruning(red, configMap("old", nil), secret("old", map[string]any{"word": "old-word"})))},
		sdktest.Case{Name: "a prune that is held", Blocks: true, World: world(pruning(blue), pruning(red, map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "held", "finalizers": []any{"lab.example/hold"}},
		}))},
		sdktest.Case{Name: "no object", World: world(manifest("red")), Fails: sdk.Permanent},
		sdktest.Case{Name: "no such kind", World: world(manifest(map[string]any{"apiVersion": "v1", "kind": "Nonsense", "metadata": map[string]any{"name": "a"}})), Fails: sdk.Permanent},
		sdktest.Case{Name: "no YAML", World: world(map[string]any{"manifests": "a: b: c"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "what the server refuses", World: world(manifest(configMap("web", map[string]any{"a b": "c"}))), Fails: sdk.Permanent},
		sdktest.Case{Name: "what another inventory has", World: world(pruning(red), map[string]any{"manifest": red, "inventory": "other"}), Fails: sdk.Conflict})
}

func TestApplySaysWhatItDid(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	applied(t, in(namespace, pruning(configMap("same", nil), configMap("other", map[string]any{"a": "1"}), configMap("old", nil))))
	req := lab.Request(t, in(namespace, pruning(configMap("same", nil), configMap("other", map[string]any{"a": "2"}), configMap("new", nil))))
	preview, err := handler(t, shared.Connect(t)).Plan(t.Context(), req)
	lab.Must(t, err)
	if want := "would create 1 of 3 objects and change 1, and delete 1 other"; preview.Summary != want || len(preview.Changes) != 3 || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %+v", preview)
	}
	if d := preview.Changes[0]; d.Op != "update" || !strings.Contains(d.Diff, "-  a: \"1\"\n+  a: \"2\"\n") {
		t.Errorf("the first change is %+v", d)
	}
	host := &sdktest.Host{}
	out := outputs(t, req, host)
	of := func(name string) string { return "[ConfigMap " + namespace + "/" + name + "]" }
	if got, want := fmt.Sprint(out.Created, out.Changed, out.Unchanged, out.Pruned), of("new")+" "+of("other")+" "+of("same")+" "+of("old"); got != want {
		t.Errorf("it says %s, want %s", got, want)
	}
	if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, "/new (3 of 3)") {
		t.Errorf("it told %s", told)
	}
}

// The fields that a manifest no longer has go, and those that others set stay.
func TestApplyIsServerSide(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	_, err := live.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Data: map[string]string{"theirs": "1"}},
		metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	applied(t, in(namespace, manifest(configMap("web", map[string]any{"ours": "1", "size": "big"}))))
	applied(t, in(namespace, manifest(configMap("web", map[string]any{"ours": "2"}))))
	found, err := live.Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	if want := map[string]string{"theirs": "1", "ours": "2"}; !maps.Equal(found.Data, want) {
		t.Errorf("got %v, want %v", found.Data, want)
	}
}
