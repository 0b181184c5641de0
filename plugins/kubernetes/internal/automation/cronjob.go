package automation

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// CronJobInput is what cronjob_suspend is given.
type CronJobInput struct {
	Name      string `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"nightly-report" doc:"Name of the CronJob."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the CronJob; without it, the connection's."`
	Suspend   bool   `json:"suspend" default:"true" doc:"Whether it starts no Jobs; false lets it start them again."`
}

// CronJobOutput is what cronjob_suspend returns.
type CronJobOutput struct {
	Suspended bool     `json:"suspended" required:"true" doc:"Whether the CronJob is suspended, after the change."`
	Changed   bool     `json:"changed" required:"true" doc:"Whether this step changed it: false where it was so already."`
	Running   []string `json:"running" required:"true" doc:"Names of its Jobs that were running at the change, and go on."`
}

func (a automation) cronJob() sdk.Action[CronJobInput, CronJobOutput] {
	ref := func(in CronJobInput) reference {
		return reference{"CronJob", "batch", "cronjobs", a.In(in.Namespace), in.Name}
	}
	return setting.Setting[CronJobInput, CronJobOutput, *batchv1.CronJob, bool]{
		Cluster: a.Cluster,
		Names:   []string{"name", "namespace"},
		Params:  []string{"suspend"},
		Verb:    "suspend or resume",
		Name:    func(in CronJobInput) string { return ref(in).String() },
		Rights:  func(in CronJobInput) []cluster.Right { return ref(in).patchRights() },
		Get: func(ctx context.Context, in CronJobInput) (*batchv1.CronJob, error) {
			return a.Kube.BatchV1().CronJobs(a.In(in.Namespace)).Get(ctx, in.Name, metav1.GetOptions{})
		},
		Value: func(_ CronJobInput, live *batchv1.CronJob) (bool, error) {
			return live.Spec.Suspend != nil && *live.Spec.Suspend, nil
		},
		Want:   func(in CronJobInput, _ bool) bool { return in.Suspend },
		Put:    a.putSuspend,
		Fields: func(bool, bool) [][]string { return [][]string{{"f:spec", "f:suspend"}} },
		State: func(suspended bool) string {
			return map[bool]string{true: "is suspended", false: "is not suspended"}[suspended]
		},
		Summary: func(in CronJobInput, _ setting.Change[*batchv1.CronJob, bool]) string {
			return fmt.Sprintf("would %s the %s", map[bool]string{true: "suspend", false: "resume"}[in.Suspend], ref(in))
		},
		Outputs: func(in CronJobInput, c setting.Change[*batchv1.CronJob, bool]) CronJobOutput {
			return CronJobOutput{Suspended: in.Suspend, Changed: c.Changed(), Running: running(c.Live)}
		},
		Foresee: foreseeJobs,
	}.Action(sdk.Action[CronJobInput, CronJobOutput]{
		Name:    "cronjob_suspend",
		Summary: "Let a CronJob start no Jobs, or start them again",
		Description: `Jobs that are running go on; the outputs name them, and ` + "`wait`" + ` waits for one. When a CronJob without a
*startingDeadlineSeconds* is resumed after it missed a time, it starts a Job at once.

Undo restores what was there before the step, unless somebody else changed it since, which is a *conflict* that names who.`,
		Examples: []schema.Example{
			{Title: "Before a migration", With: map[string]any{"name": "nightly-report", "namespace": "shop"}},
			{Title: "After it", With: map[string]any{"name": "nightly-report", "namespace": "shop", "suspend": false}},
		},
	})
}

func (a automation) putSuspend(ctx context.Context, live *batchv1.CronJob, to bool, dryRun []string) (*batchv1.CronJob, error) {
	patch, err := setting.Patch(live, map[string]any{"spec": map[string]any{"suspend": to}})
	if err != nil {
		return nil, err
	}
	return a.Kube.BatchV1().CronJobs(live.Namespace).Patch(ctx, live.Name, types.StrategicMergePatchType, patch,
		metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun})
}

// running are the names of the Jobs that the controller counts as active.
func running(cron *batchv1.CronJob) []string {
	jobs := []string{}
	for _, job := range cron.Status.Active {
		jobs = append(jobs, job.Name)
	}
	return jobs
}

// foreseeJobs warns of Jobs that one may not expect.
func foreseeJobs(_ context.Context, call *sdk.Call[CronJobInput], c setting.Change[*batchv1.CronJob, bool], plan *sdk.Preview) error {
	for _, job := range running(c.Live) {
		if call.Input.Suspend {
			plan.Warnings = append(plan.Warnings, fmt.Sprintf("The Job %s is running, and goes on.", job))
		}
	}
	if c.Changed() && !call.Input.Suspend && c.Live.Spec.StartingDeadlineSeconds == nil {
		plan.Warnings = append(plan.Warnings, "If it missed a time while it was suspended, it starts a Job at once.")
	}
	return nil
}
