package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/jobs"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 2, func(l *lab.Lab) { shared = l }))
}

// action is the action job of the administrator.
func action(t testing.TB) sdk.Handler {
	t.Helper()
	return lab.Action(t, jobs.Actions(shared.Connect(t)), "job")
}

// running is a world with a namespace in which a Job is to run.
func running(image string, annotations map[string]string, more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		given := map[string]any{"name": "load", "namespace": namespace, "image": image}
		if annotations != nil {
			given["annotations"] = annotations
		}
		maps.Copy(given, more)
		return sdktest.World{Params: given, Probe: func() string { return probe(t, namespace) }}
	}
}

// probe is the Jobs of a namespace.
func probe(t testing.TB, namespace string) string {
	list, err := shared.Kube.BatchV1().Jobs(namespace).List(context.WithoutCancel(t.Context()), metav1.ListOptions{})
	lab.Must(t, err)
	var found []string
	for _, job := range list.Items {
		found = append(found, job.Name+" "+string(job.UID))
	}
	return strings.Join(found, "\n")
}

func TestJobKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t),
		sdktest.Case{Name: "one that succeeds", World: running("load:1", map[string]string{"kubelab/logs": "done"}, nil)},
		sdktest.Case{Name: "one that fails", Fails: sdk.Permanent, World: running("load:fail", nil, map[string]any{"backoffLimit": 0})},
		sdktest.Case{Name: "one that takes long", Blocks: true, World: running("load:1", map[string]string{"kubelab/runs-for": "10m"}, nil)},
		sdktest.Case{Name: "one that is deleted on cancel", Blocks: true, World: running("load:1", map[string]string{"kubelab/runs-for": "10m"}, map[string]any{"onCancel": "delete"})},
		sdktest.Case{Name: "no CronJob", Fails: sdk.Permanent, World: func(t testing.TB) sdktest.World {
			return sdktest.World{Params: map[string]any{"cronJob": "no-such", "namespace": shared.Namespace(t)}}
		}})
}

func read(t testing.TB, outputs json.RawMessage) (out jobs.JobOutput) {
	t.Helper()
	lab.Must(t, json.Unmarshal(outputs, &out))
	return out
}

func TestJobShowsWhatItPrintsAndHowItEnded(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/logs": "one\ntwo\nthree", "kubelab/runs-for": "1s"}, map[string]any{
		"last": 2, "env": map[string]any{"B": "2", "A": "1"}, "requests": map[string]any{"cpu": "10m"}, "ttl": "1h", "activeDeadline": "5m",
		"secretEnv": map[string]any{"TOKEN": map[string]any{"secret": "s", "key": "k"}}, "args": []string{"up"},
	})(t)
	host := &sdktest.Host{}
	outputs, err := action(t).Apply(t.Context(), lab.Request(t, world.Params), host)
	lab.Must(t, err)
	out := read(t, outputs)
	if out.Succeeded != 1 || out.Failed != 0 || out.ExitCode != 0 || out.Completion.Before(out.Start) || !slices.Equal(out.Last, []string{"two", "three"}) {
		t.Errorf("got %s", outputs)
	}
	var lines []string
	for _, line := range host.Lines() {
		if !strings.HasPrefix(line.Stream, out.Name+"-") {
			t.Errorf("told was %v", line)
		}
		lines = append(lines, line.Text)
	}
	if !slices.Equal(lines, []string{"one", "two", "three"}) {
		t.Errorf("shown was %q", lines)
	}
	if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, "1 active, 0 succeeded, 0 failed") {
		t.Errorf("it told %s", told)
	}
	made, err := shared.Kube.BatchV1().Jobs(out.Namespace).Get(t.Context(), out.Name, metav1.GetOptions{})
	lab.Must(t, err)
	c := made.Spec.Template.Spec.Containers[0]
	if *made.Spec.TTLSecondsAfterFinished != 3600 || *made.Spec.ActiveDeadlineSeconds != 300 || c.Env[0].Value != "1" ||
		c.Env[2].ValueFrom.SecretKeyRef.Name != "s" || c.Resources.Requests.Cpu().String() != "10m" || c.Args[0] != "up" {
		t.Errorf("it made %+v", made.Spec)
	}
}

func TestJobExplainsAFailure(t *testing.T) {
	t.Parallel()
	world := running("load:fail", map[string]string{"kubelab/logs": "begun\nno such table: orders"}, map[string]any{"backoffLimit": 0})(t)
	handler, request, host := action(t), lab.Request(t, world.Params), &sdktest.Host{}
	_, err := handler.Apply(t.Context(), request, host)
	for _, want := range []string{"BackoffLimitExceeded", "container main with load:fail ended with 1", "exit code 1", "no such table: orders", "delete the Job"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	request.Before, request.Notes = host.StateBefore(), host.Notes()
	if seen, err := handler.Observe(t.Context(), request, host); err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "failed") {
		t.Errorf("Observe says %+v, %v", seen, err)
	}
}

// A Job that Kubernetes ends is a failure; one that is suspended is waited for, and said so.
func TestJobThatDoesNotEndByItself(t *testing.T) {
	t.Parallel()
	world := running("load:1", map[string]string{"kubelab/runs-for": "10m"}, map[string]any{"activeDeadline": "1s"})(t)
	_, err := action(t).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), "DeadlineExceeded") {
		t.Errorf("got %v", err)
	}
	namespace := shared.Namespace(t)
	template := lab.Template("queued", "queued:1")
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err = shared.Kube.BatchV1().CronJobs(namespace).Create(t.Context(), &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Name: "queued"},
		Spec: batchv1.CronJobSpec{Schedule: "0 3 * * *", Suspend: new(true), JobTemplate: batchv1.JobTemplateSpec{
			Spec: batchv1.JobSpec{Template: template, Suspend: new(true)},
		}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	_, err = action(t).Apply(t.Context(), lab.Request(t, map[string]any{
		"cronJob": "queued", "namespace": namespace, "stall": "100ms", "timeout": "2s", "onCancel": "delete",
	}), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "it is suspended", "is deleted")
	if left := probe(t, namespace); left != "" {
		t.Errorf("left is %s", left)
	}
}

// What keeps pods from running ends the step, and the Job where that is asked for.
func TestJobThatStandsStill(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		image    string
		quota    bool
		onCancel string
		says     []string
	}{
		"image": {"load:bad", false, "leave", []string{"ImagePullBackOff", "is left as it is"}},
		"quota": {"load:1", true, "delete", []string{"exceeded quota: none", "is deleted"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := running(tt.image, nil, map[string]any{"stall": "1s", "onCancel": tt.onCancel})(t)
			if tt.quota {
				allowNoPods(t, world.Params["namespace"].(string))
			}
			_, err := action(t).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
			for _, want := range append(tt.says, "stands still for 1s") {
				if err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want a permanent error with %q", err, want)
				}
			}
			if isThere := world.Probe() != ""; isThere != (tt.onCancel == "leave") {
				t.Errorf("the Job is there: %t", isThere)
			}
		})
	}
}

// allowNoPods makes a quota, and waits until it is enforced.
func allowNoPods(t *testing.T, namespace string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().ResourceQuotas(namespace).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the quota counts", func(ctx context.Context) error {
		quota, err := shared.Kube.CoreV1().ResourceQuotas(namespace).Get(ctx, "none", metav1.GetOptions{})
		if err == nil && len(quota.Status.Hard) == 0 {
			err = errors.New("it does not")
		}
		return err
	})
}

// The Job of a CronJob is the CronJob's own, as that of kubectl create job --from.
func TestJobOfACronJob(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	template := lab.Template("backup", "backup:1")
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	template.Annotations = map[string]string{"kubelab/logs": "saved"}
	cron, err := shared.Kube.BatchV1().CronJobs(namespace).Create(t.Context(), &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Name: "backup"},
		Spec: batchv1.CronJobSpec{Schedule: "0 3 * * *", Suspend: new(true), JobTemplate: batchv1.JobTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"team": "shop"}},
			Spec:       batchv1.JobSpec{Template: template, BackoffLimit: new(int32(2))},
		}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	params := map[string]any{"cronJob": "backup", "namespace": namespace, "backoffLimit": 0}
	outputs, err := action(t).Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	out := read(t, outputs)
	made, err := shared.Kube.BatchV1().Jobs(namespace).Get(t.Context(), out.Name, metav1.GetOptions{})
	lab.Must(t, err)
	if !strings.HasPrefix(out.Name, "backup-") || made.OwnerReferences[0].UID != cron.UID || made.Labels["team"] != "shop" ||
		made.Annotations["cronjob.kubernetes.io/instantiate"] != "manual" || *made.Spec.BackoffLimit != 0 || !slices.Equal(out.Last, []string{"saved"}) {
		t.Errorf("got %s and %+v", outputs, made)
	}
	params["image"] = "other:1"
	_, err = action(t).Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Field != "cronJob" {
		t.Errorf("with an image too, got %v", err)
	}
}

// A Job of the name that somebody else made is neither taken for the step's nor deleted.
func TestJobOfSomebodyElse(t *testing.T) {
	t.Parallel()
	world := running("load:1", nil, nil)(t)
	handler, request, host := action(t), lab.Request(t, world.Params), &sdktest.Host{}
	outputs, err := handler.Apply(t.Context(), request, host)
	lab.Must(t, err)
	out := read(t, outputs)
	api := shared.Kube.BatchV1().Jobs(out.Namespace)
	lab.Must(t, api.Delete(t.Context(), out.Name, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}))
	template := lab.Template("other", "other:1")
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err = api.Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: out.Name}, Spec: batchv1.JobSpec{Template: template},
	}, metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	request.Before, request.Outputs = host.StateBefore(), outputs
	foreign := world.Probe()
	_, applied := handler.Apply(t.Context(), request, host)
	undone := handler.Undo(t.Context(), request, host)
	for _, err := range []error{applied, undone} {
		if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else made it") {
			t.Errorf("got %v, want a conflict with somebody-else", err)
		}
	}
	if world.Probe() != foreign {
		t.Error("the undo deleted the Job of somebody else")
	}
}

func TestPlanShowsTheJobAndWhatBlocksIt(t *testing.T) {
	t.Parallel()
	world := running("load:1", nil, map[string]any{"command": []string{"/load"}, "serviceAccount": "loader"})(t)
	namespace := world.Params["namespace"].(string)
	preview, err := action(t).Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "+        image: load:1\n") || strings.Contains(preview.Changes[0].Diff, "controller-uid") {
		t.Errorf("the plan is %+v", preview)
	}
	if want := "There is no service account loader in " + namespace + "."; !slices.Equal(preview.Blockers, []string{want}) {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	shared.Allow(t, "watcher", rbacv1.PolicyRule{APIGroups: []string{"", "batch"}, Resources: []string{"pods", "pods/log", "jobs"}, Verbs: []string{"get", "list"}})
	watcher := lab.Action(t, jobs.Actions(shared.ConnectAs(t, "watcher")), "job")
	preview, err = watcher.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if want := "You may not create jobs in " + namespace + "."; !slices.Equal(preview.Blockers, []string{want}) {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	_, err = watcher.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied {
		t.Errorf("got %v, want a denied error", err)
	}
}

// How long the Job of a CronJob will take is known from its last run, where that succeeded.
func TestPlanEstimatesByTheLastRun(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	template := lab.Template("backup", "backup:1")
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	api := shared.Kube.BatchV1().CronJobs(namespace)
	cron, err := api.Create(t.Context(), &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Name: "backup"},
		Spec: batchv1.CronJobSpec{
			Schedule: "0 3 * * *", Suspend: new(true), JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	due := metav1.NewTime(cron.CreationTimestamp.Add(-time.Hour))
	for _, test := range []struct {
		end  *metav1.Time
		want time.Duration
	}{
		{nil, 0},
		{new(metav1.NewTime(due.Add(90 * time.Second))), 90 * time.Second},
		{new(metav1.NewTime(due.Add(-time.Hour))), 0}, // the last one has not succeeded
	} {
		lab.Eventually(t, "the CronJob has run", func(ctx context.Context) error {
			live, err := api.Get(ctx, cron.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			live.Status.LastScheduleTime, live.Status.LastSuccessfulTime = &due, test.end
			_, err = api.UpdateStatus(ctx, live, metav1.UpdateOptions{})
			return err
		})
		preview, err := action(t).Plan(t.Context(), lab.Request(t, map[string]any{"cronJob": "backup", "namespace": namespace}))
		lab.Must(t, err)
		if preview.Estimate != test.want {
			t.Errorf("with the end %v, got %s, want %s", test.end, preview.Estimate, test.want)
		}
	}
}

// awaitActive waits until a step has told that a pod of its Job is at work.
func awaitActive(t *testing.T, host *sdktest.Host) {
	t.Helper()
	lab.Eventually(t, "a pod is at work", func(context.Context) error {
		if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "1 active") {
			return fmt.Errorf("it said %s", said)
		}
		return nil
	})
}
