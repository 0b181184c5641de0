package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// definition is the manifest of a CustomResourceDefinition. The kind is of one test alone: who
// finds it served in one group is told so where it is missing in another.
func definition(group, kind string) map[string]any {
	singular := strings.ToLower(kind)
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": singular + "s." + group},
		"spec": map[string]any{
			"group": group, "scope": "Namespaced",
			"names": map[string]any{"plural": singular + "s", "singular": singular, "kind": kind, "listKind": kind + "List"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}
}

// A namespace, a kind and an object of both are one step, whatever their order in it.
func TestApplyMakesWhatItsObjectsNeedFirst(t *testing.T) {
	t.Parallel()
	h, group, namespace := handler(t, shared.Connect(t)), "order.lab.example", "order-of-objects"
	gear := map[string]any{"apiVersion": group + "/v1", "kind": "Gear", "metadata": map[string]any{"name": "big", "namespace": namespace}, "teeth": 12}
	home := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}
	params := manifest(gear, definition(group, "Gear"), home)
	req, host := lab.Request(t, params), &sdktest.Host{}
	preview, err := h.Plan(t.Context(), req)
	lab.Must(t, err)
	if len(preview.Changes) != 3 || preview.Changes[0].Kind != "Namespace" || preview.Changes[2].Kind != "Gear" || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %+v", preview)
	}
	if said := fmt.Sprint(preview.Warnings); !strings.Contains(said, "Gear "+namespace+"/big") || !strings.Contains(said, "the step itself") {
		t.Errorf("the warnings are %s", said)
	}
	if out := outputs(t, req, host); len(out.Created) != 3 {
		t.Errorf("it did %+v", out)
	}
	req.Before = host.StateBefore()
	if seen, err := h.Observe(t.Context(), req, host); err != nil || seen.State != sdk.Done {
		t.Errorf("got %+v, %v", seen, err)
	}
	for range 2 { // the second time, there is no such kind any more
		lab.Must(t, h.Undo(t.Context(), req, host))
	}
	if _, err := shared.Kube.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace is there: %v", err)
	}
}

// Undoing does not delete a namespace that others put something into.
func TestUndoLeavesANamespaceThatOthersUse(t *testing.T) {
	t.Parallel()
	h, namespace := handler(t, shared.Connect(t)), "used-by-others"
	req, host := lab.Request(t, manifest(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}})), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	foreign := in(namespace, manifest(configMap("theirs", nil)))
	applied(t, foreign)
	err := h.Undo(t.Context(), req, host)
	lab.Fails(t, err, sdk.Conflict, "the Namespace used-by-others stays: somebody put the ConfigMap used-by-others/theirs into it")
	if strings.Contains(err.Error(), "into it,") {
		t.Errorf("it counts what is one: %v", err)
	}
	lab.Must(t, shared.Kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "theirs", metav1.DeleteOptions{}))
	lab.Must(t, h.Undo(t.Context(), req, host))
}

// Nobody is said to have put into a namespace what the step itself did, be it that this is on
// its way out or that it stays.
func TestUndoTakesNothingOfTheStepItselfForThatOfOthers(t *testing.T) {
	t.Parallel()
	h, c := handler(t, shared.Connect(t)), shared.Kube.CoreV1()
	for namespace, test := range map[string]struct {
		change   string // of what the step made
		class    sdk.Class
		says     string
		changes  string // of it, after which all can be taken back
		onItsWay bool   // is the namespace
	}{
		"own-is-held":    {`{"metadata":{"finalizers":["lab.example/hold"]}}`, sdk.Transient, "finalizers lab.example/hold", `{"metadata":{"finalizers":null}}`, true},
		"own-is-changed": {`{"data":{"color":"red"}}`, sdk.Conflict, "it still holds the ConfigMap own-is-changed/web, which the step made", `{"data":null}`, false},
	} {
		t.Run(namespace, func(t *testing.T) {
			t.Parallel()
			home := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}
			params := in(namespace, manifest(home, configMap("web", nil)))
			params["timeout"] = "2s"
			req, host := lab.Request(t, params), &sdktest.Host{}
			outputs(t, req, host)
			req.Before = host.StateBefore()
			change := func(patch string) {
				t.Helper()
				_, err := c.ConfigMaps(namespace).Patch(t.Context(), "web", types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "alice"})
				lab.Must(t, err)
			}
			change(test.change)
			err := h.Undo(t.Context(), req, host)
			if lab.Fails(t, err, test.class, test.says); strings.Contains(err.Error(), "put") {
				t.Errorf("it blames somebody: %v", err)
			}
			found, err := c.Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
			if lab.Must(t, err); (found.DeletionTimestamp != nil) != test.onItsWay {
				t.Errorf("the namespace is %+v", found.ObjectMeta)
			}
			change(test.changes)
			lab.Eventually(t, "all is taken back", func(ctx context.Context) error { return h.Undo(ctx, req, host) })
		})
	}
}

// What a manifest says and the step does not apply, the plan tells.
func TestPlanOfApplyTellsWhatIsNotApplied(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	exported := configMap("web", nil)
	exported["metadata"] = map[string]any{"name": "web", "resourceVersion": "1", "uid": "abc", "creationTimestamp": nil}
	exported["status"] = map[string]any{"a": 1}
	preview, err := h.Plan(t.Context(), lab.Request(t, in(namespace, manifest(exported, configMap("db", nil)))))
	lab.Must(t, err)
	want := "Some of the manifests is not applied, since the server keeps it by itself: metadata.resourceVersion, metadata.uid, status of the ConfigMap " + namespace + "/web."
	if !slices.Equal(preview.Warnings, []string{want}) {
		t.Errorf("the plan warns of %q", preview.Warnings)
	}
}

// What more would be lost with than can be made anew is not pruned.
func TestPruneLeavesWhatKeepsData(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	claim := map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "data"},
		"spec": map[string]any{"accessModes": []any{"ReadWriteOnce"}, "resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}}},
	}
	applied(t, in(namespace, pruning(configMap("web", nil), claim)))
	params := in(namespace, pruning(configMap("web", nil)))
	for range 2 { // it stays on the list, and so is told again
		preview, err := h.Plan(t.Context(), lab.Request(t, params))
		if err != nil || len(preview.Warnings) != 1 || !strings.Contains(preview.Warnings[0], "The PersistentVolumeClaim "+namespace+"/data") {
			t.Errorf("the plan is %+v, %v", preview, err)
		}
		if out := applied(t, params); len(out.Pruned) > 0 {
			t.Errorf("it pruned %v", out.Pruned)
		}
	}
}

func TestWhatCannotBeAppliedIsSaid(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	lost := configMap("web", nil)
	lost["metadata"] = map[string]any{"name": "web", "namespace": "no-such-namespace"}
	configMapOf := func(name string) map[string]any { return configMap(name, map[string]any{"a": 1}) }
	for says, params := range map[string]map[string]any{
		"manifest[1]: the ConfigMap " + namespace + "/web is given twice":                  manifest(configMap("web", nil), configMap("web", nil)),
		`manifest[0]: apply the ConfigMap no-such-namespace/web: namespaces "no-such-name`: manifest(lost),
		"manifest[0]: a ConfigMap has no metadata.name":                                    manifest(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{}}),
		"manifest[0]: apply the ConfigMap " + namespace + "/typed: failed to create typed": manifest(configMapOf("typed")),
		"manifests: document 2":                       {"manifests": "# nothing\n---\na: b: c\n"},
		"manifests: hold no object":                   {"manifests": "# nothing\n"},
		"manifest: give either manifest or manifests": {"manifest": lost, "manifests": "a: b"},
		"inventory: is needed to prune":               {"manifest": lost, "prune": true},
		"inventory: the ConfigMap " + namespace + "/kube-root-ca.crt is there, and is no inv": {"manifest": configMap("web", nil), "inventory": "kube-root-ca.crt"},
	} {
		_, err := h.Apply(t.Context(), lab.Request(t, in(namespace, params)), &sdktest.Host{})
		if err == nil || !strings.Contains(err.Error(), says) || !sdk.AsError(err).Unchanged {
			t.Errorf("got %v, want %q, and that nothing was changed", err, says)
		}
	}
}

// Nor one of which not all can be seen that may be in it.
func TestUndoLeavesANamespaceThatCannotBeSeenThrough(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "founder", rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get", "create", "patch", "delete"},
	})
	h := handler(t, shared.ConnectAs(t, "founder"))
	req, host := lab.Request(t, manifest(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "not-seen-through"}})), &sdktest.Host{}
	_, err := h.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Conflict, "the Namespace not-seen-through stays", "you may not list: ", "configmaps, ")
}

// What may be listed, and is empty, says nothing of what may not.
func TestUndoTakesNobodysSecretWithItsNamespace(t *testing.T) {
	t.Parallel()
	name := "blind-" + shared.Namespace(t)
	shared.Allow(t, name,
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces", "configmaps"}, Verbs: []string{"get", "create", "patch", "delete", "list", "watch"}})
	h := handler(t, shared.ConnectAs(t, name))
	req, host := lab.Request(t, manifest(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}})), &sdktest.Host{}
	_, err := h.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	applied(t, in(name, manifest(secret("foreign", nil))))
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Conflict, "the Namespace "+name+" stays", "secrets")
	found, err := shared.Kube.CoreV1().Secrets(name).Get(t.Context(), "foreign", metav1.GetOptions{})
	if err != nil || found.DeletionTimestamp != nil {
		t.Errorf("somebody's Secret is gone: %v", err)
	}
}

// Nor what does not answer: a server of its own that is away may have anything.
func TestUndoLeavesANamespaceWhereAServerIsAway(t *testing.T) {
	t.Parallel()
	away := func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/cronjobs") {
			http.Error(w, "service unavailable", http.StatusServiceUnavailable)
			return
		}
		api.ServeHTTP(w, r)
	}
	h, name := handler(t, shared.Through(t, away)), "away-"+shared.Namespace(t)
	req, host := lab.Request(t, manifest(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}})), &sdktest.Host{}
	_, err := h.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Transient, "list cronjobs")
	if found, err := shared.Kube.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{}); err != nil || found.DeletionTimestamp != nil {
		t.Errorf("the namespace is gone: %v", err)
	}
}
