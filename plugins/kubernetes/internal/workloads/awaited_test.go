package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// slow is a world in whose Deployment a rollout has begun that does not end.
func slow(t *testing.T) (namespace string, request sdk.Request) {
	t.Helper()
	world := rolling(func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = new(int32(600)) }, "web:bad")(t)
	return world.Params["namespace"].(string), lab.Request(t, world.Params)
}

// begun waits until a rollout has said how far it is.
func begun(t *testing.T, host *sdktest.Host) {
	t.Helper()
	lab.Eventually(t, "the rollout is watched", func(context.Context) error {
		if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "ImagePullBackOff") {
			return fmt.Errorf("it said %s", said)
		}
		return nil
	})
}

// A rollout that somebody else replaced has not ended well, whatever became of the other.
func TestARolloutThatSomebodyReplaced(t *testing.T) {
	t.Parallel()
	namespace, request := slow(t)
	rollout, host, ended := action(t, shared.Connect(t), "rollout"), &sdktest.Host{}, make(chan error, 1)
	go func() {
		_, err := rollout.Apply(t.Context(), request, host)
		ended <- err
	}()
	begun(t, host)
	edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:foreign" })
	err := <-ended
	if err == nil || sdk.AsError(err).Class != sdk.Conflict ||
		!strings.Contains(err.Error(), "somebody-else changed the template of the Deployment "+namespace+"/web while its rollout was waited for, from the images main=web:bad to main=web:foreign; ") {
		t.Fatalf("got %v, want a conflict that names somebody-else", err)
	}
	// Whoever resumes after he was told so means the template that is there now.
	request.Attempt, request.Notes = 2, host.Notes()
	outputs, err := rollout.Apply(t.Context(), request, host)
	lab.Must(t, err)
	var status workloads.Status
	lab.Must(t, json.Unmarshal(outputs, &status))
	if status.Images["main"] != "web:foreign" {
		t.Errorf("got %s", outputs)
	}
}

// What the first attempt saw is what a later one waits for, also where gatebook was not
// there when somebody changed it.
func TestARolloutReplacedBeforeTheResume(t *testing.T) {
	t.Parallel()
	namespace, request := slow(t)
	ctx, cancel := context.WithCancel(t.Context())
	rollout, host, ended := action(t, shared.Connect(t), "rollout"), &sdktest.Host{}, make(chan error, 1)
	go func() {
		_, err := rollout.Apply(ctx, request, host)
		ended <- err
	}()
	begun(t, host)
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("it ended well")
	}
	edit(t, namespace, func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{"restarted": "by hand"}
		d.Spec.Template.Spec.Containers[0].Image = "web:1"
	})
	request.Attempt, request.Notes = 2, host.Notes()
	if _, err := rollout.Apply(t.Context(), request, host); err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else changed") {
		t.Errorf("got %v, want a conflict that names somebody-else", err)
	}
}

// An autoscaler may change the number of pods while a rollout is waited for.
func TestARolloutThatIsScaledIsNotReplaced(t *testing.T) {
	t.Parallel()
	namespace, request := slow(t)
	rollout, host, ended := action(t, shared.Connect(t), "rollout"), &sdktest.Host{}, make(chan error, 1)
	go func() {
		_, err := rollout.Apply(t.Context(), request, host)
		ended <- err
	}()
	begun(t, host)
	edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(0)) })
	lab.Must(t, <-ended)
}
