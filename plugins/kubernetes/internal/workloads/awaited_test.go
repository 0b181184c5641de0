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

// waiting is a wait for the rollout of a Deployment that does not end.
type waiting struct {
	namespace string
	rollout   sdk.Handler
	request   sdk.Request
	host      *sdktest.Host
	cancel    func()
	ended     <-chan error
}

// waits begins a wait, and returns once that has said how far the rollout is.
func waits(t *testing.T) waiting {
	t.Helper()
	world := rolling(func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = new(int32(600)) }, "web:bad")(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	w := waiting{
		namespace: world.Params["namespace"].(string), rollout: action(t, shared.Connect(t), "rollout"),
		request: lab.Request(t, world.Params), host: &sdktest.Host{}, cancel: cancel, ended: ended,
	}
	go func() {
		_, err := w.rollout.Apply(ctx, w.request, w.host)
		ended <- err
	}()
	lab.Eventually(t, "the rollout is watched", func(context.Context) error {
		if said := fmt.Sprint(w.host.ProgressTold()); !strings.Contains(said, "ImagePullBackOff") {
			return fmt.Errorf("it said %s", said)
		}
		return nil
	})
	return w
}

// again is the next attempt of the step that waits.
func (w waiting) again(t *testing.T) (json.RawMessage, error) {
	t.Helper()
	next := w.request
	next.Attempt, next.Notes = 2, w.host.Notes()
	return w.rollout.Apply(t.Context(), next, w.host)
}

// A rollout that somebody else replaced has not ended well, whatever became of the other.
func TestARolloutThatSomebodyReplaced(t *testing.T) {
	t.Parallel()
	w := waits(t)
	edit(t, w.namespace, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:foreign" })
	err := <-w.ended
	lab.Fails(t, err, sdk.Conflict, "somebody-else changed the template of the Deployment "+w.namespace+
		"/web while its rollout was waited for, from the images main=web:bad to main=web:foreign; ")
	// Whoever resumes after he was told so means the template that is there now.
	outputs, err := w.again(t)
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
	w := waits(t)
	w.cancel()
	if err := <-w.ended; err == nil {
		t.Fatal("it ended well")
	}
	edit(t, w.namespace, func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{"restarted": "by hand"}
		d.Spec.Template.Spec.Containers[0].Image = "web:1"
	})
	_, err := w.again(t)
	lab.Fails(t, err, sdk.Conflict, "somebody-else changed")
}

// An autoscaler may change the number of pods while a rollout is waited for.
func TestARolloutThatIsScaledIsNotReplaced(t *testing.T) {
	t.Parallel()
	w := waits(t)
	edit(t, w.namespace, func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(0)) })
	lab.Must(t, <-w.ended)
}
