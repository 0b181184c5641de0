package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// upgraded is a world whose Deployment has gone from web:1 to web:2.
func upgraded(params map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		world := deployed(params, nil)(t)
		namespace := world.Params["namespace"].(string)
		edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:2" })
		shared.AwaitDeployment(t, namespace, "web")
		return world
	}
}

// upgradedSet is the same of a StatefulSet.
func upgradedSet(t testing.TB) sdktest.World {
	namespace := shared.Namespace(t)
	sets := shared.Kube.AppsV1().StatefulSets(namespace)
	_, err := sets.Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec:       appsv1.StatefulSetSpec{Replicas: new(int32(1)), Selector: lab.Selector("db"), Template: lab.Template("db", "db:1")},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	seen := func(ctx context.Context) error {
		set, err := sets.Get(ctx, "db", metav1.GetOptions{})
		if err == nil && set.Status.ObservedGeneration < set.Generation {
			err = fmt.Errorf("generation %d of %d", set.Status.ObservedGeneration, set.Generation)
		}
		return err
	}
	lab.Eventually(t, "the controller has seen it", seen)
	patch := `{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"db:2"}]}}}}`
	_, err = sets.Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the controller has seen the change", seen)
	return sdktest.World{
		Params: map[string]any{"kind": "StatefulSet", "name": "db", "namespace": namespace},
		Probe: func() string {
			set, err := sets.Get(context.WithoutCancel(t.Context()), "db", metav1.GetOptions{})
			lab.Must(t, err)
			text, err := json.Marshal(map[string]any{"spec": set.Spec, "annotations": set.Annotations})
			lab.Must(t, err)
			return string(text)
		},
	}
}

func TestRolloutUndoKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "rollout_undo"),
		sdktest.Case{Name: "the one before", World: upgraded(nil)},
		sdktest.Case{Name: "a StatefulSet", World: upgradedSet},
		sdktest.Case{Name: "no such revision", World: upgraded(map[string]any{"toRevision": 9}), Fails: sdk.Permanent},
		sdktest.Case{Name: "no revision before", World: deployed(nil, nil), Fails: sdk.Permanent})
}

// A rollout that stalls is taken back, and it is known afterwards who did what.
func TestRolloutUndoTakesBackAStall(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	world := rolling(func(*appsv1.Deployment) {}, "web:bad")(t)
	namespace, host := world.Params["namespace"].(string), &sdktest.Host{}
	rollout, back := action(t, c, "rollout"), action(t, c, "rollout_undo")
	if _, err := rollout.Apply(t.Context(), lab.Request(t, world.Params), host); err == nil {
		t.Fatal("the rollout did not stall")
	}
	req := lab.Request(t, world.Params)
	_, err := back.Apply(t.Context(), req, host)
	lab.Must(t, err)
	outputs, err := rollout.Apply(t.Context(), lab.Request(t, world.Params), host)
	lab.Must(t, err)
	if !strings.Contains(string(outputs), `"main":"web:1"`) {
		t.Errorf("got %s", outputs)
	}
	edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:3" })
	req.Before = host.StateBefore()
	err = back.Undo(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
}
