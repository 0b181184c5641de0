package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	// mostLogs is how many pods' logs are shown; a Job may have thousands.
	mostLogs = 20
	// lastBytes bounds what is kept of them.
	lastBytes = 64 << 10
	// logsEnd is how long the logs of a Job that has ended may take to come.
	logsEnd = 5 * time.Second
)

// following waits for the end of one Job.
type following struct {
	jobs
	call *sdk.Call[JobInput]
	job  *batchv1.Job // as it was read last
	pods []corev1.Pod // the oldest first

	moved time.Time // when pods ran last, or nothing was known that keeps them from it

	readers sync.WaitGroup
	read    map[string]bool // pods whose log is, or was, read

	mu   sync.Mutex
	last container.Last
}

func newFollowing(j jobs, call *sdk.Call[JobInput], job *batchv1.Job) *following {
	return &following{
		jobs: j, call: call, job: job, moved: time.Now(), read: map[string]bool{},
		last: container.Last{MaxLines: call.Input.Last, MaxBytes: lastBytes},
	}
}

// ended is the condition with which a Job ended; nil: it has not.
func ended(job *batchv1.Job) *batchv1.JobCondition {
	for i := range job.Status.Conditions {
		c := &job.Status.Conditions[i]
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// run waits, and says how the Job ended.
func (f *following) run(ctx context.Context) (JobOutput, error) {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	name := f.job.Namespace + "/" + f.job.Name
	namespace, selector := f.job.Namespace, f.selector() // f.job is read anew while sources are opened
	err := cluster.Await(ctx, cluster.Awaited{
		What: "the Job " + name + " has ended", Timeout: f.call.Input.Timeout,
		Look: func(ctx context.Context) (string, bool, error) { return f.look(ctx, reading) },
		Tell: func(seen string) { f.call.Progressf("%s", seen) },
		Sources: []cluster.Source{f.Watch(f.kind(), f.job.Namespace, f.job.Name), func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = selector
			return f.Watching.CoreV1().Pods(namespace).Watch(ctx, options)
		}},
	})
	if err != nil {
		stop()
		f.readers.Wait()
		return JobOutput{}, f.unfinished(ctx, err)
	}
	timer := time.AfterFunc(logsEnd, stop)
	f.readers.Wait()
	timer.Stop()
	if end := ended(f.job); end.Type == batchv1.JobFailed {
		if err := f.call.Note(createdNote, nil); err != nil {
			return JobOutput{}, err
		}
		return JobOutput{}, f.failure(end)
	}
	return f.told(), nil
}

// selector is that of the Job's pods, which the server made.
func (f *following) selector() string { return metav1.FormatLabelSelector(f.job.Spec.Selector) }

// look says how far the Job is, and begins to read the logs of its new pods.
func (f *following) look(ctx, reading context.Context) (seen string, done bool, err error) {
	if err := f.refresh(ctx); err != nil {
		return "", false, err
	}
	f.readLogs(reading)
	status := f.job.Status
	if ended(f.job) != nil {
		return "", true, nil
	}
	seen = fmt.Sprintf("%d active, %d succeeded, %d failed", status.Active, status.Succeeded, status.Failed)
	reasons, kept := f.reasons(ctx)
	if suspended := f.job.Spec.Suspend; suspended != nil && *suspended { // it may be in a queue, and comes when it is its turn
		seen, kept = seen+"; it is suspended", false
	}
	if len(reasons) > 0 {
		seen += "; " + strings.Join(reasons, "; ")
	}
	if !kept || f.runs() {
		f.moved = time.Now()
		return seen, false, nil
	}
	if stall := f.call.Input.Stall; time.Since(f.moved) > stall.Std() {
		return "", false, sdk.Errorf(sdk.Permanent, "the Job %s/%s stands still for %s: %s", f.job.Namespace, f.job.Name, stall, seen)
	}
	return seen, false, nil
}

// reread reads the Job, which must still be the same.
func (f *following) reread(ctx context.Context) (*batchv1.Job, error) {
	found, err := f.Kube.BatchV1().Jobs(f.job.Namespace).Get(ctx, f.job.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), err == nil && found.UID != f.job.UID:
		return nil, sdk.Errorf(sdk.Conflict, "somebody deleted the Job %s/%s", f.job.Namespace, f.job.Name)
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the Job %s/%s", f.job.Namespace, f.job.Name)
	}
	return found, nil
}

// refresh reads the Job and its pods.
func (f *following) refresh(ctx context.Context) error {
	found, err := f.reread(ctx)
	if err != nil {
		return err
	}
	list, err := f.Kube.CoreV1().Pods(f.job.Namespace).List(ctx, metav1.ListOptions{LabelSelector: f.selector()})
	if err != nil {
		return cluster.FaultIn(ctx, err, "list the pods of the Job %s/%s", f.job.Namespace, f.job.Name)
	}
	f.job, f.pods = found, list.Items
	slices.SortFunc(f.pods, func(a, b corev1.Pod) int {
		if byAge := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); byAge != 0 {
			return byAge
		}
		return strings.Compare(a.Name, b.Name)
	})
	return nil
}

// runs says whether any pod does its work.
func (f *following) runs() bool {
	return slices.ContainsFunc(f.pods, func(pod corev1.Pod) bool {
		return pod.Status.Phase == corev1.PodRunning && cluster.Ails(pod) == ""
	})
}

// reasons says what ails the pods, or keeps them from being made. Kept says that by one of
// the reasons there are pods that cannot run at all.
func (f *following) reasons(ctx context.Context) (reasons []string, kept bool) {
	for _, pod := range f.pods {
		if why := cluster.Ails(pod); why != "" && pod.Status.Phase != corev1.PodFailed {
			reasons = append(reasons, why+" (pod "+pod.Name+")")
			kept = kept || !hasFailed(pod)
		}
	}
	if len(f.pods) == 0 {
		reasons = f.Warnings(ctx, f.job.Namespace, f.job.Name, f.job.UID)
		kept = slices.ContainsFunc(reasons, func(why string) bool { return why != cluster.Unread })
	}
	const most = 5
	if more := len(reasons) - most; more > 0 {
		reasons = append(reasons[:most], fmt.Sprintf("and %d more", more))
	}
	return reasons, kept
}

// hasFailed says whether what ails a pod is that its program failed. How often that is
// tried, and how long it waits between, is between the Job and the kubelet.
func hasFailed(pod corev1.Pod) bool {
	statuses := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
	return slices.ContainsFunc(statuses, func(c corev1.ContainerStatus) bool {
		wait, end := c.State.Waiting, c.State.Terminated
		return end != nil && end.ExitCode != 0 || wait != nil && (wait.Reason == "CrashLoopBackOff" || wait.Reason == "RunContainerError")
	})
}

// readLogs shows what each pod prints, from its beginning.
func (f *following) readLogs(ctx context.Context) {
	for i := range f.pods {
		pod := &f.pods[i]
		main, err := container.Pick(pod, "")
		if err != nil || f.read[pod.Name] || len(f.read) == mostLogs || !hasBegun(pod, main) {
			continue
		}
		f.read[pod.Name] = true
		log := container.Log{Kube: f.Watching, Namespace: pod.Namespace, Pod: pod.Name, Container: main, Follow: true}
		f.readers.Go(func() {
			err := log.Each(ctx, func(text []byte) { f.print(log.Pod, text) })
			if err != nil && ctx.Err() == nil { // the Job goes on without
				f.call.Log.Warn("the log is not shown", "pod", log.Pod, "why", err)
			}
		})
	}
}

// hasBegun says whether there is a log to read.
func hasBegun(pod *corev1.Pod, name string) bool {
	status := container.Status(pod, name)
	return status != nil && (status.State.Running != nil || status.State.Terminated != nil || status.LastTerminationState.Terminated != nil)
}

// print passes on a line of a pod.
func (f *following) print(pod string, text []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last.Add(text)
	f.call.Host.Output(pod, text)
}
