package objects_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// toDelete is a world with a ConfigMap, which may have a finalizer.
func toDelete(params map[string]any, finalizers ...string) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		live := shared.Kube.CoreV1().ConfigMaps(namespace)
		_, err := live.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "old", Finalizers: finalizers}}, metav1.CreateOptions{})
		lab.Must(t, err)
		return sdktest.World{Params: ofConfigMap(namespace, "old", params), Probe: func() string {
			found, err := live.Get(context.WithoutCancel(t.Context()), "old", metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return "gone"
			}
			lab.Must(t, err)
			return fmt.Sprint(found.UID, found.DeletionTimestamp)
		}}
	}
}

func ofConfigMap(namespace, name string, params map[string]any) map[string]any {
	given := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": name, "namespace": namespace}
	maps.Copy(given, params)
	return given
}

func TestDeleteKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "delete"),
		sdktest.Case{Name: "an object", World: toDelete(map[string]any{"missing": "ok"})},
		sdktest.Case{Name: "none, which is well", World: toDelete(map[string]any{"name": "none", "missing": "ok"})},
		sdktest.Case{Name: "none", World: toDelete(map[string]any{"name": "none"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "another one", World: toDelete(map[string]any{"uid": "1-2-3"}), Fails: sdk.Conflict},
		sdktest.Case{Name: "one that is held", World: toDelete(nil, "lab.example/hold"), Blocks: true})
}

func TestDeleteSaysWhichFinalizerHolds(t *testing.T) {
	t.Parallel()
	world, host := toDelete(nil, "lab.example/hold")(t), &sdktest.Host{}
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	handler := action(t, shared.Connect(t), "delete")
	go func() {
		_, err := handler.Apply(ctx, lab.Request(t, world.Params), host)
		ended <- err
	}()
	lab.Eventually(t, "it says what holds the object", func(context.Context) error {
		if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "held by its finalizers lab.example/hold") {
			return errors.New(said)
		}
		return nil
	})
	cancel(context.Canceled)
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "lab.example/hold") {
		t.Errorf("got %v", err)
	}

	req := lab.Request(t, world.Params)
	req.Attempt, req.Before = 2, host.StateBefore()
	seen, err := handler.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "lab.example/hold") {
		t.Errorf("got %+v, %v", seen, err)
	}
	_, err = shared.Kube.CoreV1().ConfigMaps(world.Params["namespace"].(string)).Patch(t.Context(), "old", types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	lab.Must(t, err)
	outputs, err := handler.Apply(t.Context(), req, host)
	if err != nil || !strings.Contains(string(outputs), `"deleted":true`) {
		t.Errorf("got %s, %v", outputs, err)
	}
	if seen, err := handler.Observe(t.Context(), req, host); err != nil || seen.State != sdk.Done {
		t.Errorf("got %+v, %v", seen, err)
	}
}

// What another attempt met is deleted, and never what came after it.
func TestDeleteLeavesANewObjectOfTheNameAlone(t *testing.T) {
	t.Parallel()
	world, host := toDelete(nil)(t), &sdktest.Host{}
	handler, req := action(t, shared.Connect(t), "delete"), lab.Request(t, world.Params)
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	created := configMap(t, world.Params["namespace"].(string), "old", nil)
	req.Attempt, req.Before = 2, host.StateBefore()
	outputs, err := handler.Apply(t.Context(), req, host)
	var out objects.DeleteOutput
	lab.Must(t, errors.Join(err, json.Unmarshal(outputs, &out)))
	if !out.Deleted || out.UID == string(created.UID) || !strings.HasPrefix(world.Probe(), string(created.UID)) {
		t.Errorf("got %s, and now there is %s", outputs, world.Probe())
	}
}

func TestPlanOfDeleteListsWhatGoesWithIt(t *testing.T) {
	t.Parallel()
	namespace, c := shared.Namespace(t), shared.Connect(t)
	shared.Deploy(t, namespace, "web", "web:1", 2, nil)
	params := map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": namespace}
	count := func(params map[string]any) (string, map[string]int) {
		preview, err := action(t, c, "delete").Plan(t.Context(), lab.Request(t, params))
		lab.Must(t, err)
		kinds := map[string]int{}
		for _, change := range preview.Changes {
			kinds[change.Kind]++
		}
		return preview.Summary, kinds
	}
	summary, kinds := count(params)
	if want := map[string]int{"Deployment": 1, "ReplicaSet": 1, "Pod": 2}; !maps.Equal(kinds, want) || !strings.HasSuffix(summary, "and with it 3 objects") {
		t.Errorf("it plans %q: %v", summary, kinds)
	}
	params["propagation"] = "orphan"
	if _, kinds := count(params); len(kinds) != 1 {
		t.Errorf("with orphans, it plans %v", kinds)
	}
	_, kinds = count(map[string]any{"apiVersion": "v1", "kind": "Namespace", "name": namespace})
	if kinds["Pod"] != 2 || kinds["Deployment"] != 1 || kinds["ConfigMap"] != 1 || kinds["Event"] != 0 {
		t.Errorf("of the namespace, it plans %v", kinds)
	}
}

func TestPlanOfDeleteSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	configMap(t, namespace, "old", nil)
	secret(t, namespace, "key", nil)
	shared.Allow(t, "deleter", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "delete", "list"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}})
	handler := action(t, shared.ConnectAs(t, "deleter"), "delete")
	params := ofConfigMap(namespace, "key", map[string]any{"kind": "Secret"})
	preview, err := handler.Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if want := "You may not delete the Secret key in " + namespace + "."; !slices.Equal(preview.Blockers, []string{want}) {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	preview, err = handler.Plan(t.Context(), lab.Request(t, ofConfigMap(namespace, "old", nil)))
	lab.Must(t, err)
	if len(preview.Blockers) > 0 || len(preview.Warnings) != 1 || !strings.Contains(preview.Warnings[0], "pods, ") {
		t.Errorf("got %+v", preview)
	}
}
