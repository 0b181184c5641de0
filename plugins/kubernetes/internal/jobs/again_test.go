package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/jobs"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// begin applies until the Job is there, and cancels then.
func begin(t *testing.T, request sdk.Request, host *sdktest.Host) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	handler := action(t)
	go func() { _, err := handler.Apply(ctx, request, host); ended <- err }()
	awaitActive(t, host)
	cancel()
	return <-ended
}

// What a crash leaves running is found, waited for, and never run twice.
func TestJobIsFoundByTheNextAttempt(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/logs": "one", "kubelab/runs-for": "3s"}, nil)(t)
	handler, request, host := action(t), lab.Request(t, world.Params), &sdktest.Host{}
	if err := begin(t, request, host); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "may run on") {
		t.Errorf("cancelled, it says %v", err)
	}
	first := world.Probe()
	request.Before, request.Notes = host.StateBefore(), host.Notes()
	seen, err := handler.Observe(t.Context(), request, host)
	lab.Must(t, err)
	if seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "still runs") {
		t.Errorf("while it runs, Observe says %+v", seen)
	}
	request.Attempt = 2
	outputs, err := handler.Apply(t.Context(), request, &sdktest.Host{})
	lab.Must(t, err)
	if world.Probe() != first {
		t.Errorf("there are %s, and there was %s", world.Probe(), first)
	}
	seen, err = handler.Observe(t.Context(), request, host)
	lab.Must(t, err)
	if seen.State != sdk.Done || string(seen.Outputs) != string(outputs) {
		t.Errorf("after, Observe says %s, and Apply had said %s", seen.Outputs, outputs)
	}
	lab.Must(t, shared.Kube.BatchV1().Jobs(read(t, outputs).Namespace).Delete(t.Context(), read(t, outputs).Name,
		metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}))
	seen, err = handler.Observe(t.Context(), request, host)
	lab.Must(t, err)
	if seen.State != sdk.CannotTell || handler.Describe().Idempotent {
		t.Errorf("of a Job that is gone, Observe says %+v, and it may be applied again: %t", seen, handler.Describe().Idempotent)
	}
	request.Attempt = 3
	_, err = handler.Apply(t.Context(), request, &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), "was made, and is gone") {
		t.Errorf("of a Job that is gone, the next attempt says %v", err)
	}
	if left := world.Probe(); left != "" {
		t.Errorf("it was made anew: %s", left)
	}
}

// A Job that failed runs anew when somebody has seen that, and deleted it.
func TestJobThatFailedIsDeletedToRunAnew(t *testing.T) {
	t.Parallel()
	world := running("load:fail", nil, map[string]any{"backoffLimit": 0})(t)
	handler, request, host := action(t), lab.Request(t, world.Params), &sdktest.Host{}
	_, err := handler.Apply(t.Context(), request, host)
	if err == nil || sdk.AsError(err).Class != sdk.Permanent {
		t.Fatalf("got %v", err)
	}
	name, _, _ := strings.Cut(world.Probe(), " ")
	lab.Must(t, shared.Kube.BatchV1().Jobs(world.Params["namespace"].(string)).Delete(t.Context(), name,
		metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}))
	request.Before, request.Notes, request.Attempt = host.StateBefore(), host.Notes(), 2
	_, err = handler.Apply(t.Context(), request, host)
	if err == nil || strings.Contains(err.Error(), "is gone") || world.Probe() == "" {
		t.Errorf("got %v, and there are %q", err, world.Probe())
	}
}

// What a resume finds on its way out is not what it waits for: it makes the Job anew once
// that is gone. An attempt that knows that it made the Job itself does not.
func TestJobThatIsStillBeingDeletedAtTheResume(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/runs-for": "10m"}, map[string]any{"timeout": "1m"})(t)
	handler, request, host := action(t), lab.Request(t, world.Params), &sdktest.Host{}
	if err := begin(t, request, host); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled, it says %v", err)
	}
	first := world.Probe()
	name, _, _ := strings.Cut(first, " ")
	api := shared.Kube.BatchV1().Jobs(world.Params["namespace"].(string))
	held := func(finalizers string) {
		t.Helper()
		_, err := api.Patch(t.Context(), name, types.MergePatchType, []byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{})
		lab.Must(t, err)
	}
	held(`["lab/slow"]`)
	lab.Must(t, api.Delete(t.Context(), name, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}))

	request.Before, request.Notes = host.StateBefore(), host.Notes()
	seen, err := handler.Observe(t.Context(), request, host)
	if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "is being deleted before its end") {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	_, err = handler.Apply(t.Context(), request, &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "is being deleted before its end; it is not run twice")

	request.Notes = nil // as a resume leaves them
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resumed, ended := &sdktest.Host{}, make(chan error, 1)
	go func() { _, err := handler.Apply(ctx, request, resumed); ended <- err }()
	lab.Eventually(t, "it says what holds the one before", func(context.Context) error {
		select {
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		default:
		}
		if said := fmt.Sprint(resumed.ProgressTold()); !strings.Contains(said, "is held by its finalizers lab/slow") {
			return fmt.Errorf("it said %s", said)
		}
		return nil
	})
	held("null")
	lab.Eventually(t, "there is another Job", func(context.Context) error {
		if now := world.Probe(); now == "" || now == first {
			return fmt.Errorf("there is %q", now)
		}
		return nil
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, it says %v", err)
	}
}

// A Job whose making was not answered is not made again.
func TestJobWhoseMakingWasNotAnswered(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/logs": "one"}, nil)(t)
	c := shared.LosingNew(t, "jobs")
	handler, request, host := lab.Action(t, jobs.Actions(c), "job"), lab.Request(t, world.Params), &sdktest.Host{}
	if _, err := handler.Apply(t.Context(), request, host); err == nil || sdk.AsError(err).Class != sdk.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
	made := world.Probe()
	request.Before, request.Attempt = host.StateBefore(), 2
	outputs, err := handler.Apply(t.Context(), request, host)
	lab.Must(t, err)
	if world.Probe() != made || read(t, outputs).Succeeded != 1 {
		t.Errorf("there are %s, and there was %s", world.Probe(), made)
	}
}

// What is known of a Job that ended is told without its log, where its node is silent.
func TestJobThatEndedOnASilentNode(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/logs": "one"}, nil)(t)
	request, host := lab.Request(t, world.Params), &sdktest.Host{}
	_, err := action(t).Apply(t.Context(), request, host)
	lab.Must(t, err)
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/log") {
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request.Before, request.Notes = host.StateBefore(), host.Notes()
	seen, err := lab.Action(t, jobs.Actions(c), "job").Observe(ctx, request, host)
	if err != nil || seen.State != sdk.Done || read(t, seen.Outputs).Succeeded != 1 {
		t.Errorf("Observe says %+v, %v", seen, err)
	}
}

// A Job that somebody takes away is nobody's success.
func TestJobThatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/runs-for": "10m"}, nil)(t)
	request, host, ended := lab.Request(t, world.Params), &sdktest.Host{}, make(chan error, 1)
	handler := action(t)
	go func() { _, err := handler.Apply(t.Context(), request, host); ended <- err }()
	lab.Eventually(t, "the Job is there", func(context.Context) error {
		if world.Probe() == "" {
			return errors.New("it is not")
		}
		return nil
	})
	name, _, _ := strings.Cut(world.Probe(), " ")
	lab.Must(t, shared.Kube.BatchV1().Jobs(world.Params["namespace"].(string)).Delete(t.Context(), name,
		metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}))
	if err := <-ended; err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody deleted the Job") {
		t.Errorf("got %v", err)
	}
}

// The API server is killed while the Job runs and comes back: the step goes on, and no line
// comes twice.
func TestJobOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	own, err := lab.Start(1)
	lab.Must(t, err)
	t.Cleanup(own.Stop)
	handler, host, ended := lab.Action(t, jobs.Actions(own.Connect(t)), "job"), &sdktest.Host{}, make(chan error, 1)
	request := lab.Request(t, map[string]any{
		"name": "load", "namespace": own.Namespace(t), "image": "load:1",
		"annotations": map[string]string{"kubelab/logs": "one\ntwo", "kubelab/runs-for": "3s"},
	})
	var outputs json.RawMessage
	go func() {
		var err error
		outputs, err = handler.Apply(t.Context(), request, host)
		ended <- err
	}()
	lab.Eventually(t, "it prints", func(context.Context) error {
		if len(host.Lines()) < 2 {
			return fmt.Errorf("it told %v", host.Lines())
		}
		return nil
	})
	lab.Must(t, own.Kill())
	lab.Must(t, own.Up())
	lab.Must(t, <-ended)
	if out := read(t, outputs); out.Succeeded != 1 || !slices.Equal(out.Last, []string{"one", "two"}) || len(host.Lines()) != 2 {
		t.Errorf("got %s, and it told %v", outputs, host.Lines())
	}
}
