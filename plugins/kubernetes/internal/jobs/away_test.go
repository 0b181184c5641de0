package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/jobs"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// unscheduled is a world with a CronJob whose pods come to be where no kubelet is, so that
// the test says what they are like, and a function that says that of the first one.
func unscheduled(t *testing.T, params map[string]any) (_ map[string]any, is func(status string)) {
	t.Helper()
	namespace := shared.Namespace(t)
	template := lab.Template("report", "report:1")
	template.Spec.RestartPolicy, template.Spec.NodeName = corev1.RestartPolicyOnFailure, shared.NoKubelet(t)
	_, err := shared.Kube.BatchV1().CronJobs(namespace).Create(t.Context(), &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Name: "report"},
		Spec:       batchv1.CronJobSpec{Schedule: "0 0 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	params["cronJob"], params["namespace"] = "report", namespace
	return params, func(status string) {
		t.Helper()
		lab.Eventually(t, "there is a pod", func(ctx context.Context) error {
			pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
			if err != nil || len(pods.Items) == 0 {
				return errors.Join(err, errors.New("there is none"))
			}
			_, err = shared.Kube.CoreV1().Pods(namespace).Patch(ctx, pods.Items[0].Name, types.MergePatchType,
				[]byte(`{"status":`+status+`}`), metav1.PatchOptions{}, "status")
			return err
		})
	}
}

// waiting is the status of a pod whose container waits to be started again.
func waiting(reason string) string {
	return fmt.Sprintf(`{"phase":"Running","containerStatuses":[{"name":"main","image":"report:1","imageID":"","ready":false,"restartCount":5,
		"state":{"waiting":{"reason":%q,"message":"as the test says"}}}]}`, reason)
}

// How often a program that fails is tried, backoffLimit says, and the kubelet how long it
// waits between: longer and longer.
func TestJobWithTriesLeftDoesNotStandStill(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"CrashLoopBackOff", "RunContainerError"} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			params, is := unscheduled(t, map[string]any{"stall": "0s", "timeout": "1m"}) // so that each look judges
			host, ended := &sdktest.Host{}, make(chan error, 1)
			handler := action(t)
			go func() { _, err := handler.Apply(t.Context(), lab.Request(t, params), host); ended <- err }()
			is(waiting(reason))
			lab.Eventually(t, "it says so, and goes on", func(context.Context) error {
				if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, reason) {
					return fmt.Errorf("it said %s", said)
				}
				return nil
			})
			is(waiting("ImagePullBackOff")) // which no try mends
			lab.Fails(t, <-ended, sdk.Permanent, "stands still for 0s", "ImagePullBackOff")
		})
	}
}

// With no patience at all, a Job of which nothing bad is known is still waited for.
func TestJobWithoutPatienceIsWaitedFor(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/runs-for": "2s"}, map[string]any{"stall": "0s"})(t)
	_, err := action(t).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Must(t, err)
	world = running("load:bad", nil, map[string]any{"stall": "0s"})(t)
	_, err = action(t).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "stands still for 0s", "load:bad")
}

// Whoever may not read events hears that, and is not taken for a Job that stands still:
// why there are no pods yet, nobody knows then.
func TestJobWhoseEventsMayNotBeReadIsWaitedFor(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "eventless",
		rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "create"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods", "pods/log"}, Verbs: []string{"get", "list"}})
	world := running("load:1", nil, map[string]any{"stall": "0s"})(t) // so that each look judges
	namespace := world.Params["namespace"].(string)
	allowNoPods(t, namespace)
	handler, request := lab.Action(t, jobs.Actions(shared.ConnectAs(t, "eventless")), "job"), lab.Request(t, world.Params)
	host, ended := &sdktest.Host{}, make(chan error, 1)
	go func() { _, err := handler.Apply(t.Context(), request, host); ended <- err }()
	lab.Eventually(t, "it says that it may not read why", func(context.Context) error {
		select {
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		default:
		}
		if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "its events may not be read") {
			return fmt.Errorf("it said %s", said)
		}
		return nil
	})
	lab.Must(t, shared.Kube.CoreV1().ResourceQuotas(namespace).Delete(t.Context(), "none", metav1.DeleteOptions{}))
	lab.Must(t, <-ended)
}

// What the step itself deleted is nobody else's deed, and no riddle either.
func TestJobThatTheStepDeletedIsSaidToBe(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/runs-for": "10m"}, map[string]any{"timeout": "2s", "onCancel": "delete"})(t)
	handler, request, host := action(t), lab.Request(t, world.Params), &sdktest.Host{}
	_, err := handler.Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Permanent, "is deleted")
	request.Before, request.Notes, request.Attempt = host.StateBefore(), host.Notes(), 2
	_, err = handler.Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Permanent, "this step deleted the Job", "does not run it twice")
	seen, err := handler.Observe(t.Context(), request, host)
	if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "This step deleted the Job") || world.Probe() != "" {
		t.Errorf("it observes %+v, %v, and there are %q", seen, err, world.Probe())
	}
}

// A pod may take longer to end than a step that was cancelled has time for.
func TestJobWhosePodsTakeLongToEndIsBeingDeleted(t *testing.T) {
	t.Parallel()
	params, is := unscheduled(t, map[string]any{"onCancel": "delete"})
	handler, request, host := action(t), lab.Request(t, params), &sdktest.Host{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := handler.Apply(ctx, request, host); ended <- err }()
	is(`{"phase":"Running"}`)
	cancel()
	err := <-ended
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "is being deleted") || strings.Contains(err.Error(), "could not") {
		t.Errorf("cancelled, it says %v", err)
	}
	request.Before, request.Notes, request.Attempt = host.StateBefore(), host.Notes(), 2
	_, err = handler.Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Permanent, "this step deleted the Job")
	seen, err := handler.Observe(t.Context(), request, host)
	if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "This step had the Job") {
		t.Errorf("it observes %+v, %v", seen, err)
	}
}

// A Job that is to be deleted is, though the server does not list its pods then.
func TestJobIsDeletedWhosePodsCannotBeListed(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/runs-for": "10m"}, map[string]any{"onCancel": "delete"})(t)
	var away atomic.Bool
	through := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if away.Load() && strings.HasSuffix(r.URL.Path, "/pods") {
			http.Error(w, "etcd is slow", http.StatusInternalServerError)
			return
		}
		api.ServeHTTP(w, r)
	})
	handler, request, host := lab.Action(t, jobs.Actions(through), "job"), lab.Request(t, world.Params), &sdktest.Host{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := handler.Apply(ctx, request, host); ended <- err }()
	awaitActive(t, host)
	away.Store(true)
	cancel()
	if err := <-ended; err == nil || strings.Contains(err.Error(), "could not be deleted") {
		t.Errorf("cancelled, it says %v", err)
	}
	awaitJob(t, world.Params["namespace"].(string), func(jobs []batchv1.Job) bool { return len(jobs) == 0 })
}

// What happens to a Job in the moment before the step deletes it is not undone, and is said
// to be what it is.
func TestJobThatIsNoLongerTheStepsToDelete(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, namespace string, is func(status string))
		says      string
		later     func(t *testing.T, handler sdk.Handler, request sdk.Request) // the next attempt
	}{
		"it has ended": {func(t *testing.T, namespace string, is func(status string)) {
			is(`{"phase":"Succeeded"}`)
			awaitJob(t, namespace, func(jobs []batchv1.Job) bool { return len(jobs) == 1 && jobs[0].Status.CompletionTime != nil })
		}, "has ended meanwhile, and is left as it is", func(t *testing.T, handler sdk.Handler, request sdk.Request) {
			_, err := handler.Apply(t.Context(), request, &sdktest.Host{})
			lab.Must(t, err)
		}},
		"somebody deleted it": {func(t *testing.T, namespace string, _ func(status string)) {
			api := shared.Kube.BatchV1().Jobs(namespace)
			lab.Must(t, api.DeleteCollection(t.Context(), metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}, metav1.ListOptions{}))
			awaitJob(t, namespace, func(jobs []batchv1.Job) bool { return len(jobs) == 0 })
		}, "was deleted by somebody meanwhile", func(t *testing.T, handler sdk.Handler, request sdk.Request) {
			_, err := handler.Apply(t.Context(), request, &sdktest.Host{})
			lab.Fails(t, err, sdk.Permanent, "was made, and is gone; how it ended is lost")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params, is := unscheduled(t, map[string]any{"onCancel": "delete"})
			namespace := params["namespace"].(string)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var held atomic.Bool
			looks := make(chan struct{}) // the step looks, and its look is held until it is cancelled
			through := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
				if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/jobs/") && held.CompareAndSwap(true, false) {
					close(looks)
					<-r.Context().Done()
					return
				}
				api.ServeHTTP(w, r)
			})
			handler, request, host := lab.Action(t, jobs.Actions(through), "job"), lab.Request(t, params), &sdktest.Host{}
			ended := make(chan error, 1)
			go func() { _, err := handler.Apply(ctx, request, host); ended <- err }()
			awaitActive(t, host)
			held.Store(true)
			is(`{"phase":"Running"}`)
			<-looks
			c.meanwhile(t, namespace, is)
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("cancelled, it says %v", err)
			}
			request.Before, request.Notes, request.Attempt = host.StateBefore(), host.Notes(), 2
			c.later(t, handler, request)
		})
	}
}

// awaitJob waits until the Jobs of a namespace are as asked.
func awaitJob(t *testing.T, namespace string, are func([]batchv1.Job) bool) {
	t.Helper()
	lab.Eventually(t, "the Jobs are as asked", func(ctx context.Context) error {
		list, err := shared.Kube.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
		if err == nil && !are(list.Items) {
			err = fmt.Errorf("they are %v", list.Items)
		}
		return err
	})
}

// Who may make a Job and not delete it hears of that before, and not by an undo.
func TestPlanWarnsWhereTheJobCannotBeDeleted(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "maker",
		rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list", "watch", "create"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods", "pods/log", "serviceaccounts"}, Verbs: []string{"get", "list"}})
	handler := lab.Action(t, jobs.Actions(shared.ConnectAs(t, "maker")), "job")
	for onCancel, by := range map[string]string{"leave": "Undo of this step takes it.", "delete": "Undo of this step takes it, and so does onCancel."} {
		world := running("load:1", nil, map[string]any{"onCancel": onCancel})(t)
		preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
		lab.Must(t, err)
		want := "You may not delete jobs in " + world.Params["namespace"].(string) + ". " + by
		if len(preview.Blockers) > 0 || !slices.Equal(preview.Warnings, []string{want}) {
			t.Errorf("it warns %q, want %q, and is blocked by %q", preview.Warnings, want, preview.Blockers)
		}
	}
}
