package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// sets is a world with the StatefulSet db.
func sets(replicas int32, params map[string]any, change func(*appsv1.StatefulSet)) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		made := &appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Name: "db"},
			Spec:       appsv1.StatefulSetSpec{Replicas: &replicas, Selector: lab.Selector("db"), Template: lab.Template("db", "db:1")},
		}
		if change != nil {
			change(made)
		}
		_, err := shared.Kube.AppsV1().StatefulSets(namespace).Create(t.Context(), made, metav1.CreateOptions{})
		lab.Must(t, err)
		return sdktest.World{Params: with(params, map[string]any{"name": "db", "namespace": namespace}), Probe: func() string {
			set, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(context.WithoutCancel(t.Context()), "db", metav1.GetOptions{})
			lab.Must(t, err)
			text, err := json.Marshal(map[string]any{"spec": set.Spec, "annotations": set.Annotations})
			lab.Must(t, err)
			return string(text)
		}}
	}
}

func onDelete(s *appsv1.StatefulSet) {
	s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
}

func TestPartitionKeepsTheContract(t *testing.T) {
	t.Parallel()
	two := map[string]any{"partition": 2}
	sdktest.Run(t, action(t, shared.Connect(t), "statefulset_partition"),
		sdktest.Case{Name: "two of three", World: sets(3, two, nil)},
		sdktest.Case{Name: "none, as it is", World: sets(3, map[string]any{"partition": 0}, nil)},
		sdktest.Case{Name: "more than there are", World: sets(1, two, nil)},
		sdktest.Case{Name: "one whose pods go by hand", World: sets(1, two, onDelete), Fails: sdk.Permanent})
}

func TestPartitionRefusesOnDelete(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "statefulset_partition")
	world := sets(1, map[string]any{"partition": 1}, onDelete)(t)
	_, applied := handler.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	_, planned := handler.Plan(t.Context(), lab.Request(t, world.Params))
	for what, err := range map[string]error{"Apply": applied, "Plan": planned} {
		if err == nil || sdk.AsError(err).Field != "partition" || !sdk.AsError(err).Unchanged || !strings.Contains(err.Error(), "OnDelete") {
			t.Errorf("%s: got %v, want an error about the field partition that names OnDelete", what, err)
		}
	}
}

// A canary: all pods are held back, then one is let go, then the others.
func TestPartitionLetsPodsGoOneAfterTheOther(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	world := sets(3, nil, nil)(t)
	names := map[string]any{"name": "db", "namespace": world.Params["namespace"]}
	set := with(names, map[string]any{"kind": "StatefulSet"})
	apply := func(name string, params map[string]any, out any) {
		t.Helper()
		outputs, err := action(t, c, name).Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
		lab.Must(t, err)
		lab.Must(t, json.Unmarshal(outputs, out))
	}
	var status workloads.Status
	apply("rollout", set, &status)
	for _, step := range []struct {
		partition int
		updated   int32
	}{{3, 0}, {2, 1}, {0, 3}} {
		params := with(names, map[string]any{"partition": step.partition})
		if step.partition == 2 {
			preview, err := action(t, c, "statefulset_partition").Plan(t.Context(), lab.Request(t, params))
			lab.Must(t, err)
			if !strings.Contains(preview.Summary, "from 3 to 2, so that 1 of 3 pods get the newest template") ||
				!strings.Contains(preview.Changes[0].Diff, "-      partition: 3\n+      partition: 2\n") {
				t.Errorf("the plan is %+v", preview)
			}
		}
		var out workloads.PartitionOutput
		apply("statefulset_partition", params, &out)
		if out.Canaries != step.updated {
			t.Errorf("with the partition %d got %+v", step.partition, out)
		}
		apply("set_image", with(set, map[string]any{"images": map[string]any{"main": "db:2"}}), &map[string]any{})
		apply("rollout", set, &status)
		if got := updatedPods(t, fmt.Sprint(names["namespace"])); got != step.updated || status.AvailableReplicas != 3 {
			t.Errorf("with the partition %d, %d pods have the new image; the status is %+v", step.partition, got, status)
		}
	}
	raised := with(names, map[string]any{"partition": 3})
	preview, err := action(t, c, "statefulset_partition").Plan(t.Context(), lab.Request(t, raised))
	lab.Must(t, err)
	if len(preview.Warnings) != 1 {
		t.Errorf("that pods keep the new template is not in the plan %+v", preview)
	}
}

// updatedPods counts the pods of the StatefulSet db with its second image.
func updatedPods(t *testing.T, namespace string) (count int32) {
	t.Helper()
	pods, err := shared.Kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=db"})
	lab.Must(t, err)
	for _, pod := range pods.Items {
		if pod.Spec.Containers[0].Image == "db:2" {
			count++
		}
	}
	return count
}
