package jobs

import (
	"context"
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// told is how a Job that is complete ended.
func (f *following) told() JobOutput {
	status := f.job.Status
	out := JobOutput{
		Name: f.job.Name, Namespace: f.job.Namespace, Succeeded: status.Succeeded, Failed: status.Failed,
		ExitCode: f.exitCode(), Last: f.last.Lines(),
	}
	if status.StartTime != nil && status.CompletionTime != nil {
		out.Start, out.Completion = status.StartTime.UTC(), status.CompletionTime.UTC()
		out.Duration = schema.Duration(out.Completion.Sub(out.Start))
	}
	return out
}

// outputs is what is still to be seen of a Job that ended unwatched.
func (f *following) outputs(ctx context.Context) (JobOutput, error) {
	if err := f.refresh(ctx); err != nil {
		return JobOutput{}, err
	}
	reading, cancel := context.WithTimeout(ctx, logsEnd)
	defer cancel()
	for _, pod := range f.pods[max(0, len(f.pods)-mostLogs):] {
		main, err := container.Pick(&pod, "")
		if err != nil {
			return JobOutput{}, err
		}
		log := container.Log{
			Kube: f.Watching, Namespace: pod.Namespace, Pod: pod.Name, Container: main, Tail: new(int64(f.call.Input.Last)),
		}
		// A pod that is gone has no log, and one of a node that is gone does not come: how the
		// Job ended is known without.
		if err := log.Each(reading, f.last.Add); err != nil && ctx.Err() != nil {
			return JobOutput{}, err
		}
	}
	return f.told(), nil
}

// exitCode is that of the container that ended last.
func (f *following) exitCode() int32 {
	var last *corev1.ContainerStateTerminated
	for i := range f.pods {
		main, err := container.Pick(&f.pods[i], "")
		if err != nil {
			continue
		}
		status := container.Status(&f.pods[i], main)
		if status == nil || status.State.Terminated == nil {
			continue
		}
		if end := status.State.Terminated; last == nil || !end.FinishedAt.Before(&last.FinishedAt) {
			last = end
		}
	}
	if last == nil {
		return 0
	}
	return last.ExitCode
}

// saidInError is how many of the last lines the error of a Job shows, and what of each.
const (
	saidInError = 3
	ofEachLine  = 200
)

// failure says why a Job failed: what Kubernetes says, what ails its newest pods, and
// what was printed last.
func (f *following) failure(end *batchv1.JobCondition) error {
	reasons := []string{end.Reason + ", " + end.Message}
	for i := len(f.pods) - 1; i >= 0 && len(reasons) < saidInError; i-- {
		if why := cluster.Ails(f.pods[i]); why != "" {
			reasons = append(reasons, why+" (pod "+f.pods[i].Name+")")
		}
	}
	if code := f.exitCode(); code != 0 {
		reasons = append(reasons, fmt.Sprintf("exit code %d", code))
	}
	text := strings.Join(reasons, "; ")
	lines := f.last.Lines()
	for _, line := range lines[max(0, len(lines)-saidInError):] {
		if len(line) > ofEachLine {
			line = strings.ToValidUTF8(line[:ofEachLine], "") + container.CutMark
		}
		text += "; it printed: " + line
	}
	return sdk.Errorf(sdk.Permanent, "the Job %s/%s failed: %s; delete the Job to run it anew", f.job.Namespace, f.job.Name, text)
}
