package apply_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// home is the manifest of a Namespace.
func home(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}
}

// A namespace, what is in it, and the list of that are one step, and so is their undo.
func TestAnInventoryIsInTheNamespaceThatTheStepMakes(t *testing.T) {
	t.Parallel()
	h, name := handler(t, shared.Connect(t)), "home-of-"+shared.Namespace(t)
	req, host := lab.Request(t, in(name, pruning(configMap("a", nil), home(name)))), &sdktest.Host{}
	preview, err := h.Plan(t.Context(), req)
	if err != nil || len(preview.Blockers) > 0 || len(preview.Changes) != 2 {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
	if out := outputs(t, req, host); len(out.Created) != 2 {
		t.Errorf("it did %+v", out)
	}
	req.Before = host.StateBefore()
	if seen, err := h.Observe(t.Context(), req, host); err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	list, err := shared.Kube.CoreV1().ConfigMaps(name).Get(t.Context(), "all", metav1.GetOptions{})
	lab.Must(t, err)
	if text := list.Data["objects"]; !strings.Contains(text, `"Namespace"`) || !strings.Contains(text, `"ConfigMap"`) {
		t.Errorf("on the list is %s", text)
	}
	for range 2 {
		lab.Must(t, h.Undo(t.Context(), req, host))
	}
	if _, err := shared.Kube.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace is there: %v", err)
	}
}

// A namespace that a later step's list is in stays.
func TestANamespaceStaysWithTheListOfALaterStep(t *testing.T) {
	t.Parallel()
	h, name := handler(t, shared.Connect(t)), "home-of-"+shared.Namespace(t)
	params := in(name, pruning(configMap("a", nil), home(name)))
	req, host := lab.Request(t, params), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	applied(t, in(name, map[string]any{"manifest": configMap("b", nil), "inventory": "all"}))
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Conflict, "a later step wrote the inventory "+name+"/all", "the Namespace "+name+" stays")
}

// A namespace that an earlier step is to make for the list stands in the way of this plan.
func TestPlanOfAnInventoryInANamespaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	there := configMap("a", nil)
	there["metadata"] = map[string]any{"name": "a", "namespace": namespace}
	preview, err := h.Plan(t.Context(), lab.Request(t, in("not-"+namespace, pruning(there))))
	if err != nil || !slices.Equal(preview.Blockers, []string{"There is no namespace not-" + namespace + "."}) {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
}

// A ConfigMap cannot hold what its manifest says and the list of what was applied as well.
func TestAnInventoryIsNoneOfTheObjects(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	req := lab.Request(t, in(namespace, pruning(configMap("a", nil), configMap("all", map[string]any{"a": "1"}))))
	_, planned := h.Plan(t.Context(), req)
	_, done := h.Apply(t.Context(), req, &sdktest.Host{})
	for _, err := range []error{planned, done} {
		lab.Fails(t, err, sdk.Permanent, "the ConfigMap "+namespace+"/all is among the objects")
		if sdk.AsError(err).Field != "inventory" {
			t.Errorf("it blames %q", sdk.AsError(err).Field)
		}
	}
	if state := probe(t, namespace); state != "{}" {
		t.Errorf("it made %s", state)
	}
}

// What was applied by a version that the cluster serves no longer is still there, by another: a
// prune finds it, and an undo does not take it for gone.
func TestWhatIsServedInAnotherVersionNowIsNotGone(t *testing.T) {
	t.Parallel()
	namespace, c, group := shared.Namespace(t), shared.Connect(t), "moving.lab.example"
	served := definition(group, "Cam")
	versions := served["spec"].(map[string]any)["versions"].([]any)
	former := maps.Clone(versions[0].(map[string]any))
	former["name"], former["storage"] = "v1beta1", false
	served["spec"].(map[string]any)["versions"] = append(versions, former)
	applied(t, manifest(served))
	cam := map[string]any{"apiVersion": group + "/v1beta1", "kind": "Cam", "metadata": map[string]any{"name": "old"}}
	applied(t, in(namespace, pruning(configMap("a", nil), cam)))
	made := take(t, actions(t), "apply", "made-0-do", in(namespace, manifest(map[string]any{
		"apiVersion": group + "/v1beta1", "kind": "Cam", "metadata": map[string]any{"name": "new"},
	})))
	former["served"] = false
	applied(t, manifest(served))
	lab.Eventually(t, "the cluster serves the former version no longer", func(ctx context.Context) error {
		kinds, err := c.KindsIn(ctx, schema.GroupVersion{Group: group, Version: "v1beta1"})
		if err == nil && len(kinds) > 0 {
			err = fmt.Errorf("it serves %v", kinds)
		}
		return err
	})
	made.h = handler(t, shared.Connect(t))
	lab.Fails(t, made.back(t), sdk.Permanent, "the Cam "+namespace+"/new stays: the cluster serves its kind no longer in "+group+"/v1beta1, but in "+group+"/v1")
	step := take(t, actions(t), "apply", "step-0-do", in(namespace, pruning(configMap("a", nil))))
	kind, err := c.Kind(t.Context(), group+"/v1", "Cam")
	lab.Must(t, err)
	if live, err := c.Look(t.Context(), kind, namespace, "old"); err != nil || live != nil {
		t.Errorf("after the prune there is %v, %v", live, err)
	}
	lab.Must(t, step.back(t))
	if live, err := c.Look(t.Context(), kind, namespace, "old"); err != nil || live == nil {
		t.Errorf("after the undo there is %v, %v", live, err)
	}
}
