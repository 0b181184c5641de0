package apply_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/apply"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// moving is the manifest of a kind Cam that is served in v1 and v1beta1, or in v1 only.
func moving(group string, both bool) map[string]any {
	made := definition(group, "Cam")
	versions := made["spec"].(map[string]any)["versions"].([]any)
	former := maps.Clone(versions[0].(map[string]any))
	former["name"], former["storage"], former["served"] = "v1beta1", false, both
	made["spec"].(map[string]any)["versions"] = append(versions, former)
	return made
}

// formerCam is the manifest of a Cam by the version that is served no longer one day.
func formerCam(group, name string) map[string]any {
	return map[string]any{"apiVersion": group + "/v1beta1", "kind": "Cam", "metadata": map[string]any{"name": name}}
}

// withdrawn waits until the cluster serves the former version no longer.
func withdrawn(t testing.TB, group string) {
	t.Helper()
	lab.Eventually(t, "the cluster serves the former version no longer", func(ctx context.Context) error {
		kinds, err := shared.Connect(t).KindsIn(ctx, schema.GroupVersion{Group: group, Version: "v1beta1"})
		if err == nil && len(kinds) > 0 {
			err = fmt.Errorf("it serves %v", kinds)
		}
		return err
	})
}

// cam reads a Cam by the version that is always served; nil: there is none.
func cam(t testing.TB, group, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), group+"/v1", "Cam")
	lab.Must(t, err)
	live, err := c.Look(t.Context(), kind, namespace, name)
	lab.Must(t, err)
	return live
}

// What was applied by a version that the cluster serves no longer is still there, by another: a
// prune finds it, and an undo does not take it for gone, though one connection has known the
// version since before.
func TestWhatIsServedInAnotherVersionNowIsNotGone(t *testing.T) {
	t.Parallel()
	namespace, group := shared.Namespace(t), "moving.lab.example"
	room := apply.Actions(shared.Connect(t))
	do := func(name string, params map[string]any) taken { return take(t, room, "apply", name, params) }
	do("kind-0-do", manifest(moving(group, true)))
	do("list-0-do", in(namespace, pruning(configMap("a", nil), formerCam(group, "old"))))
	made := do("made-0-do", in(namespace, manifest(formerCam(group, "new"))))
	deleted := do("deleted-0-do", in(namespace, manifest(formerCam(group, "other"))))
	if preview, err := made.h.Plan(t.Context(), lab.Request(t, in(namespace, pruning(configMap("a", nil))))); err != nil || len(preview.Changes) != 1 {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
	do("kind-0-do", manifest(moving(group, false)))
	withdrawn(t, group)
	lab.Fails(t, made.back(t), sdk.Permanent, "the Cam "+namespace+"/new stays: the cluster serves its kind no longer in "+group+"/v1beta1, but in "+group+"/v1")
	step := do("step-0-do", in(namespace, pruning(configMap("a", nil))))
	if live := cam(t, group, namespace, "old"); live != nil {
		t.Errorf("after the prune there is %v", live)
	}
	lab.Must(t, step.back(t))
	if cam(t, group, namespace, "old") == nil {
		t.Error("after the undo there is none")
	}
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), group+"/v1", "Cam")
	lab.Must(t, err)
	lab.Must(t, c.Objects(kind, namespace).Delete(t.Context(), "other", metav1.DeleteOptions{}))
	lab.Must(t, deleted.back(t)) // and nothing of it stays
	for _, connection := range []*cluster.Cluster{c, shared.Connect(t)} {
		deleted.h = handler(t, connection)
		lab.Must(t, deleted.back(t))
	}
}

// A step that withdraws the version of what it is to delete does not say that it deleted that;
// its undo finds it where it is.
func TestPruneTakesNothingForDeletedWhoseVersionTheStepWithdraws(t *testing.T) {
	t.Parallel()
	namespace, group := shared.Namespace(t), "withdrawn.lab.example"
	c := shared.Ahead(t, http.MethodDelete, "/cams/old", func(context.Context) error { withdrawn(t, group); return nil })
	room := apply.Actions(c)
	take(t, room, "apply", "kind-0-do", manifest(moving(group, true)))
	take(t, room, "apply", "list-0-do", in(namespace, pruning(configMap("a", nil), formerCam(group, "old"))))
	was := cam(t, group, namespace, "old")
	step := taken{handler(t, c), lab.Request(t, in(namespace, pruning(configMap("a", nil), moving(group, false)))), &sdktest.Host{}}
	for range 2 {
		_, err := step.h.Apply(t.Context(), step.req, step.host)
		lab.Fails(t, err, sdk.Permanent, "the Cam "+namespace+"/old stays: the cluster serves its kind no longer in "+group+"/v1beta1, but in "+group+"/v1")
		step.req.Before = step.host.StateBefore()
	}
	lab.Must(t, step.back(t))
	if live := cam(t, group, namespace, "old"); live == nil || live.GetUID() != was.GetUID() {
		t.Errorf("after the undo there is %v", live)
	}
	list, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "all", metav1.GetOptions{})
	lab.Must(t, err)
	if text := list.Data["objects"]; !strings.Contains(text, `"old"`) {
		t.Errorf("on the list is %s", text)
	}
}

// An object that the step never came to make stays nowhere, though its kind is served in
// another version than the manifest asks for.
func TestUndoSaysOfNothingThatItStaysWhichNeverWas(t *testing.T) {
	t.Parallel()
	namespace, group := shared.Namespace(t), "never.lab.example"
	h := handler(t, shared.Connect(t))
	params := in(namespace, manifest(moving(group, false), formerCam(group, "never")))
	step := taken{h, lab.Request(t, params), &sdktest.Host{}}
	_, err := h.Apply(t.Context(), step.req, step.host)
	lab.Fails(t, err, sdk.Permanent, "1 of 2 objects applied")
	step.req.Before = step.host.StateBefore()
	lab.Must(t, step.back(t))
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), "apiextensions.k8s.io/v1", "CustomResourceDefinition")
	lab.Must(t, err)
	if live, err := c.Look(t.Context(), kind, "", "cams."+group); err != nil || live != nil {
		t.Errorf("after the undo there is %v, %v", live, err)
	}
}
