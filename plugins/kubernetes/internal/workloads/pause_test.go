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

func pauseIt(d *appsv1.Deployment) { d.Spec.Paused = true }

func TestPauseAndResumeKeepTheContract(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	moves := []string{"updatedReplicas"} // as the controller comes to see it
	for _, name := range []string{"rollout_pause", "rollout_resume"} {
		t.Run(name, func(t *testing.T) {
			sdktest.Run(t, action(t, c, name),
				sdktest.Case{Name: "one that rolls", World: deployed(nil, nil), Moves: moves},
				sdktest.Case{Name: "one that is paused", World: rolling(pauseIt, "web:2"), Moves: moves},
				sdktest.Case{Name: "nothing", Fails: sdk.Permanent, World: func(testing.TB) sdktest.World {
					return sdktest.World{Params: map[string]any{"name": "no-such-workload"}}
				}})
		})
	}
}

// A template that changes during a pause is rolled out at its end, and not before.
func TestAPauseHoldsARolloutBack(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	world := deployed(nil, nil)(t)
	namespace := world.Params["namespace"].(string)
	apply := func(name string, params map[string]any) (out workloads.PauseOutput) {
		t.Helper()
		outputs, err := action(t, c, name).Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
		lab.Must(t, err)
		lab.Must(t, json.Unmarshal(outputs, &out))
		return out
	}
	if out := apply("rollout_pause", world.Params); !out.Paused || !out.Changed || out.Replicas != 2 {
		t.Errorf("got %+v", out)
	}
	apply("set_image", map[string]any{"name": "web", "namespace": namespace, "images": map[string]any{"main": "web:2"}})
	lab.Eventually(t, "the controller has seen the template, and does nothing", func(ctx context.Context) error {
		d, err := shared.Kube.AppsV1().Deployments(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err == nil && (d.Status.ObservedGeneration < d.Generation || d.Status.UpdatedReplicas != 0 || d.Status.AvailableReplicas != 2) {
			err = fmt.Errorf("its status is %+v", d.Status)
		}
		return err
	})
	if out := apply("rollout_resume", world.Params); out.Paused || !out.Changed {
		t.Errorf("got %+v", out)
	}
	apply("rollout", world.Params)
	if state := world.Probe(); !strings.Contains(state, `"image":"web:2"`) {
		t.Errorf("it is %s", state)
	}
}

// While rollouts are paused, another template replaces nothing.
func TestThePlanOfAnImageSaysThatNothingFollowsYet(t *testing.T) {
	t.Parallel()
	world := deployed(map[string]any{"images": map[string]any{"main": "web:2"}}, nil)(t)
	edit(t, world.Params["namespace"].(string), pauseIt)
	preview, err := action(t, shared.Connect(t), "set_image").Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if want := "which replaces 2 pods once its rollouts are resumed"; !strings.HasSuffix(preview.Summary, want) {
		t.Errorf("the plan is %+v, want that it says %q", preview, want)
	}
}

// Whoever paused it anew wants it paused.
func TestUndoOfAPauseLeavesWhatSomebodyElsePaused(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "rollout_pause")
	world, host := deployed(nil, nil)(t), &sdktest.Host{}
	namespace, req := world.Params["namespace"].(string), lab.Request(t, world.Params)
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.Paused = false })
	edit(t, namespace, pauseIt)
	req.Before = host.StateBefore()
	err = handler.Undo(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else set it anew") {
		t.Errorf("got %v, want a conflict with somebody-else", err)
	}
	if state := world.Probe(); !strings.Contains(state, `"paused":true`) {
		t.Errorf("it is %s", state)
	}
}
