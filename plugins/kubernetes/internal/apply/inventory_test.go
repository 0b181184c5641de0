package apply_test

import (
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
