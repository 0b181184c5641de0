package jobs

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// plan shows the Job that would be made, as the server would take it.
func (j jobs) plan(ctx context.Context, call *sdk.Call[JobInput]) (sdk.Preview, error) {
	in := call.Input
	in.Namespace = j.In(in.Namespace)
	switch {
	case !call.Knows("name", "namespace", "cronJob"):
		return sdk.Preview{Summary: "would run a Job that is not known yet"}, nil
	case !call.Knows(manifestFields()...):
		return sdk.Preview{Summary: fmt.Sprintf("would run the Job %s/%s, of which not all is known yet", in.Namespace, in.named(call.Key))}, nil
	}
	if err := in.valid(); err != nil {
		return sdk.Preview{}, err
	}
	name := in.Namespace + "/" + in.named(call.Key)
	preview := sdk.Preview{Summary: "would run the Job " + name}
	var err error
	if preview.Blockers, err = j.Lacking(ctx, in.rights()...); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	if preview.Warnings, err = j.cannotDelete(ctx, in); err != nil {
		return preview, err
	}
	wanted, err := j.build(ctx, in.Manifest)
	if err != nil {
		return sdk.Preview{}, err
	}
	made, err := j.object(before{own.Before{Name: in.named(call.Key)}, in.Namespace}).Try(ctx, wanted)
	switch {
	case apierrors.IsAlreadyExists(err): // a plan within a run that was resumed
		preview.Summary = fmt.Sprintf("would wait for the Job %s, which there is", name)
		return preview, nil
	case err != nil:
		return sdk.Preview{}, err
	}
	shown, err := added(made)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview.Changes = []sdk.Delta{{Target: "Job " + name, Kind: "Job", Op: "create", Diff: shown}}
	if preview.Estimate, err = j.estimate(ctx, in.Manifest); err != nil {
		return sdk.Preview{}, err
	}
	return preview, j.lookAhead(ctx, made, &preview)
}

// rights are what running the Job takes.
func (m Manifest) rights() []cluster.Right {
	rights := []cluster.Right{
		{Verb: "create", Group: batchv1.GroupName, Resource: "jobs", Namespace: m.Namespace},
		{Verb: "get", Group: batchv1.GroupName, Resource: "jobs", Namespace: m.Namespace},
		{Verb: "list", Resource: "pods", Namespace: m.Namespace},
		{Verb: "get", Resource: "pods", Subresource: "log", Namespace: m.Namespace, Words: "read the logs of pods"},
	}
	if m.CronJob != "" {
		rights = append(rights, cluster.Right{
			Verb: "get", Group: batchv1.GroupName, Resource: "cronjobs", Namespace: m.Namespace, Name: m.CronJob,
			Words: "read the CronJob " + m.CronJob,
		})
	}
	return rights
}

// cannotDelete warns of what running the Job does not take, and its end may.
func (j jobs) cannotDelete(ctx context.Context, in JobInput) ([]string, error) {
	lacking, err := j.Lacking(ctx, j.kind().Right("delete", in.Namespace, ""))
	by := "Undo of this step takes it."
	if in.OnCancel == "delete" {
		by = "Undo of this step takes it, and so does onCancel."
	}
	for i := range lacking {
		lacking[i] += " " + by
	}
	return lacking, err
}

// added is the Job as a diff against nothing, without what the server made up for it.
func added(job *unstructured.Unstructured) (string, error) {
	shown := job.DeepCopy()
	unstructured.RemoveNestedField(shown.Object, "spec", "selector")
	for _, label := range []string{batchv1.ControllerUidLabel, batchv1.JobNameLabel, "controller-uid", "job-name"} {
		unstructured.RemoveNestedField(shown.Object, "spec", "template", "metadata", "labels", label)
		unstructured.RemoveNestedField(shown.Object, "metadata", "labels", label)
	}
	return diff.Objects(nil, shown)
}

// estimate is how long the CronJob's last run took, from when it was due; 0 where there was
// none, or it did not succeed. How long a Job may take at most says nothing of it.
func (j jobs) estimate(ctx context.Context, m Manifest) (time.Duration, error) {
	if m.CronJob == "" {
		return 0, nil
	}
	cron, err := j.Kube.BatchV1().CronJobs(m.Namespace).Get(ctx, m.CronJob, metav1.GetOptions{})
	if err != nil {
		return 0, cluster.FaultIn(ctx, err, "read the CronJob %s/%s", m.Namespace, m.CronJob)
	}
	begin, end := cron.Status.LastScheduleTime, cron.Status.LastSuccessfulTime
	if begin == nil || end == nil {
		return 0, nil
	}
	return max(0, end.Sub(begin.Time)), nil
}

// lookAhead warns of what the server takes and would then not let run.
func (j jobs) lookAhead(ctx context.Context, made *unstructured.Unstructured, preview *sdk.Preview) error {
	job, err := typed(made)
	if err != nil {
		return err
	}
	account := job.Spec.Template.Spec.ServiceAccountName
	if account == "" {
		return nil
	}
	_, err = j.Kube.CoreV1().ServiceAccounts(job.Namespace).Get(ctx, account, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		preview.Blockers = append(preview.Blockers, fmt.Sprintf("There is no service account %s in %s.", account, job.Namespace))
	case err != nil && !apierrors.IsForbidden(err): // whoever may not look is not warned
		return cluster.FaultIn(ctx, err, "read the service account %s/%s", job.Namespace, account)
	}
	return nil
}
