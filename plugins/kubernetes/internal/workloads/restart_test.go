package workloads_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// restarts restarts the Deployment of a world by a step of a key, and returns what takes
// that back.
func restarts(t *testing.T, world sdktest.World, key string) sdk.Request {
	t.Helper()
	req := lab.Request(t, world.Params)
	req.Key = key
	outputs, err := action(t, shared.Connect(t), "rollout_restart").Apply(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	shared.AwaitDeployment(t, world.Params["namespace"].(string), "web")
	var out workloads.RestartOutput
	lab.Must(t, json.Unmarshal(outputs, &out))
	back := lab.Request(t, with(world.Params, map[string]any{"restart": out.Mark}))
	back.Key = key + "-back"
	return back
}

// podTemplate is the template of the Deployment web.
func podTemplate(t *testing.T, namespace string) string {
	t.Helper()
	d, err := shared.Kube.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	text, err := json.Marshal(d.Spec.Template)
	lab.Must(t, err)
	return string(text)
}

// A restart is taken back to the template before it, be that of another restart; and once,
// however often that is asked for.
func TestARestartIsTakenBackAlone(t *testing.T) {
	t.Parallel()
	world := upgraded(nil)(t)
	namespace, back := world.Params["namespace"].(string), action(t, shared.Connect(t), "rollout_undo")
	restarts(t, world, "the-step-of-an-earlier-run")
	before := podTemplate(t, namespace)
	req := restarts(t, world, "this-step")
	if podTemplate(t, namespace) == before {
		t.Fatal("it was not restarted")
	}
	for _, key := range []string{"finally", "finally-once-more"} {
		req.Key = key
		_, err := back.Apply(t.Context(), req, &sdktest.Host{})
		lab.Must(t, err)
		if now := podTemplate(t, namespace); now != before {
			t.Errorf("it is\n%s\nand was\n%s", now, before)
		}
		shared.AwaitDeployment(t, namespace, "web")
	}
}

// takesBack takes a restart back, until the controller has seen it.
func takesBack(t *testing.T, world sdktest.World, req sdk.Request) error {
	t.Helper()
	_, err := action(t, shared.Connect(t), "rollout_undo").Apply(t.Context(), req, &sdktest.Host{})
	shared.AwaitDeployment(t, world.Params["namespace"].(string), "web")
	return err
}

// Each revision that is gone back to is the newest again, so that their order tells nothing of
// which was there before a restart.
func TestARestartIsTakenBackAfterOthersCameAndWent(t *testing.T) {
	t.Parallel()
	for name, comeAndGo := range map[string]func(t *testing.T, world sdktest.World){
		"another restart": func(t *testing.T, world sdktest.World) {
			lab.Must(t, takesBack(t, world, restarts(t, world, "another-step")))
		},
		"another image": func(t *testing.T, world sdktest.World) {
			for _, image := range []string{"web:3", "web:2"} {
				edit(t, world.Params["namespace"].(string), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = image })
				shared.AwaitDeployment(t, world.Params["namespace"].(string), "web")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := upgraded(nil)(t)
			namespace := world.Params["namespace"].(string)
			before := podTemplate(t, namespace)
			req := restarts(t, world, "this-step")
			comeAndGo(t, world)
			lab.Must(t, takesBack(t, world, req))
			if now := podTemplate(t, namespace); now != before {
				t.Errorf("it is\n%s\nand was\n%s", now, before)
			}
		})
	}
}

// A step that meets another restart in the middle of its own makes none: there is none to
// take back, and that of the other stays.
func TestARestartThatAnotherTookThePlaceOfIsNotTakenBack(t *testing.T) {
	t.Parallel()
	world := upgraded(nil)(t)
	c, _ := meddling(t, func(_ context.Context, times int32) error {
		if times == 1 {
			restarts(t, world, "another-step")
		}
		return nil
	})
	req := lab.Request(t, world.Params)
	outputs, err := action(t, c, "rollout_restart").Apply(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	now := podTemplate(t, world.Params["namespace"].(string))
	if !strings.Contains(now, "another-step") {
		t.Fatalf("the template is %s", now)
	}
	var out workloads.RestartOutput
	lab.Must(t, json.Unmarshal(outputs, &out))
	back := lab.Request(t, with(world.Params, map[string]any{"restart": out.Mark}))
	back.Key += "-back"
	err = takesBack(t, world, back)
	lab.Fails(t, err, sdk.Conflict, "changed the template of the Deployment", ", which keeps no revision of its restart, and so it stays")
	if podTemplate(t, world.Params["namespace"].(string)) != now {
		t.Error("it changed something")
	}
}

// What somebody else rolled out after the restart is not what is taken back.
func TestARolloutAfterARestartStays(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]struct {
		then func(t *testing.T, world sdktest.World)
		says string
	}{
		"another image": {func(t *testing.T, world sdktest.World) {
			edit(t, world.Params["namespace"].(string), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:3" })
		}, "somebody-else changed the template of the Deployment"},
		"the image from before": {func(t *testing.T, world sdktest.World) {
			edit(t, world.Params["namespace"].(string), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:1" })
		}, "after its restart, from the images main=web:2 to main=web:1, and so it stays"},
		"another restart": {func(t *testing.T, world sdktest.World) {
			restarts(t, world, "another-step")
		}, "another step or run of gatebook changed the template of the Deployment"},
		"another step's image": {func(t *testing.T, world sdktest.World) {
			req := lab.Request(t, with(world.Params, map[string]any{"images": map[string]any{"main": "web:3"}}))
			req.Key = "another-step"
			_, err := action(t, shared.Connect(t), "set_image").Apply(t.Context(), req, &sdktest.Host{})
			lab.Must(t, err)
		}, "another step or run of gatebook changed the template of the Deployment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := upgraded(nil)(t)
			back, req := action(t, shared.Connect(t), "rollout_undo"), restarts(t, world, "this-step")
			use.then(t, world)
			shared.AwaitDeployment(t, world.Params["namespace"].(string), "web")
			now := world.Probe()
			_, err := back.Apply(t.Context(), req, &sdktest.Host{})
			lab.Fails(t, err, sdk.Conflict, use.says, "restart it where its pods shall read anew")
			if !sdk.AsError(err).Unchanged || world.Probe() != now {
				t.Errorf("it changed something: %v", err)
			}
			if _, err := back.Plan(t.Context(), req); err == nil {
				t.Error("the plan sees nothing of it")
			}
		})
	}
}
