package jobs

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// JobInput is what job is given.
type JobInput struct {
	Manifest
	Timeout  schema.Duration `json:"timeout" default:"30m" min:"1ms" doc:"How long the step waits for the Job's end."`
	Stall    schema.Duration `json:"stall" default:"2m" min:"0s" doc:"How long no pod may run while something is known that keeps them from it, as an image that cannot be pulled."`
	OnCancel string          `json:"onCancel" default:"leave" enum:"leave,delete" doc:"What becomes of a Job that still runs when the step is cancelled or waits no longer."`
	Last     int             `json:"last" default:"20" min:"0" max:"1000" unit:"lines" doc:"How many of the last lines that the Job printed the outputs hold, and 64 KiB at most."`
}

// JobOutput is what job returns.
type JobOutput struct {
	Name       string          `json:"name" required:"true" doc:"Name of the Job."`
	Namespace  string          `json:"namespace" required:"true" doc:"Namespace of the Job."`
	Succeeded  int32           `json:"succeeded" required:"true" unit:"pods" doc:"How many pods succeeded."`
	Failed     int32           `json:"failed" required:"true" unit:"pods" doc:"How many pods failed before."`
	Start      time.Time       `json:"start" required:"true" doc:"When it began."`
	Completion time.Time       `json:"completion" required:"true" doc:"When it was complete."`
	Duration   schema.Duration `json:"duration" required:"true" doc:"How long it took."`
	ExitCode   int32           `json:"exitCode" required:"true" doc:"Exit code of the container that ended last."`
	Last       []string        `json:"last" required:"true" doc:"The last lines that it printed, of all its pods."`
}

// before is what undoing needs to know the step's own Job.
type before struct {
	own.Before
	Namespace string `json:"namespace"`
}

// createdNote is the UID of the Job, once it is made. It is taken away when the Job's
// failure is told, since a person may then delete the Job to run it anew.
const createdNote = "job"

func (j jobs) job() sdk.Action[JobInput, JobOutput] {
	return sdk.Action[JobInput, JobOutput]{
		Name:    "job",
		Summary: "Run a Job to its end",
		Description: `Makes a Job, or lets a CronJob make one now, shows what its pods print, and waits for its end.

The Job's name is made from the step's key, so that a second attempt, a retry or one after a crash, finds the Job of the first and waits for
it: it is not run twice. For the same reason a Job that **failed** is a *permanent* error, with the reason from the pods' states and
the last lines that were printed: it is ` + "`backoffLimit`" + ` that says how often Kubernetes tries. To run it anew, delete the Job.
A Job that is gone before its end was seen, deleted by somebody or by its ` + "`ttl`" + `, is not made anew: that is a *permanent* error,
and after a crash the run pauses until a person says what became of it.

A step that has failed and that a person has tried again by ` + "`gatebook resume`" + ` knows of the former try only what is in the cluster: it waits for the
Job where that is still there, and **makes it anew where it is gone**, also where it ended well; where it is being deleted, it first waits until that
is over. Look what became of it before you resume, and give a ` + "`ttl`" + ` that leaves you the time, or none.

A Job whose pods cannot run for ` + "`stall`" + ` while the reason is known (an image that cannot be pulled, a quota) is a *permanent* error;
a program that fails again and again is none, since it is ` + "`backoffLimit`" + ` that counts. One that does not end within ` + "`timeout`" + ` is a *transient* one.
` + "`onCancel`" + ` says whether such a Job is left running or deleted. One that the step deleted is a *permanent* error after ` + "`timeout`" + ` too,
and so is every retry: it is not run twice.

What a Job needs beyond the parameters here, volumes for example, a suspended CronJob can say, which ` + "`cronJob`" + ` then names.

Undo deletes the Job with its pods. What the program did stays done.`,
		Effect: sdk.Change,
		// It is not declared idempotent: a Job that is gone cannot be told from one that
		// never was, so that to apply once more might run the program twice.
		Rules: []schema.Rule{
			{Expr: "has(self.image) != has(self.cronJob)", Message: "Give either image or cronJob."},
		},
		Examples: []schema.Example{
			{Title: "Migrate a database", With: map[string]any{
				"name": "migrate", "namespace": "shop", "image": "registry.example.com/shop/migrate:1.2.0", "args": []any{"up"},
				"secretEnv": map[string]any{"DATABASE_URL": map[string]any{"secret": "db", "key": "url"}}, "backoffLimit": 0, "ttl": "24h",
			}},
			{Title: "Run tonight's backup now", With: map[string]any{"cronJob": "backup", "namespace": "shop", "timeout": "2h"}},
		},
		Plan:    j.plan,
		Apply:   j.apply,
		Observe: j.observe,
		Undo:    j.undo,
	}
}

func (j jobs) kind() cluster.Kind {
	return cluster.Kind{Name: "Job", Served: batchv1.SchemeGroupVersion.WithResource("jobs"), Namespaced: true}
}

// object is the Job that a step makes.
func (j jobs) object(at before) own.Object {
	return own.Object{Cluster: j.Cluster, Kind: j.kind(), Namespace: at.Namespace, Name: at.Name}
}

// find reads the Job of the name, which must be the key's; nil where there is none.
func (j jobs) find(ctx context.Context, at before) (*batchv1.Job, error) {
	found, err := j.object(at).Mine(ctx, at.Key)
	if err != nil || found == nil {
		return nil, err
	}
	return typed(found)
}

func (j jobs) apply(ctx context.Context, call *sdk.Call[JobInput]) (JobOutput, error) {
	in := call.Input
	in.Namespace = j.In(in.Namespace)
	if err := in.valid(); err != nil {
		return JobOutput{}, err
	}
	at := before{own.Before{Key: call.Key, Name: in.named(call.Key)}, in.Namespace}
	found, err := j.find(ctx, at)
	if err != nil {
		return JobOutput{}, err
	}
	switch made, deleted, err := noted(call); {
	case err != nil:
		return JobOutput{}, err
	case deleted != "" && deleted == made:
		return JobOutput{}, sdk.Errorf(sdk.Permanent, "this step deleted the Job %s/%s before its end, and does not run it twice", at.Namespace, at.Name)
	case made != "" && found == nil:
		return JobOutput{}, isGone(at)
	case !goes(found):
	case made == "": // it is that of a try before a resume
		if err := j.AwaitGone(ctx, j.removal(found, in.Timeout, func(seen string) { call.Progressf("%s", seen) })); err != nil {
			return JobOutput{}, err
		}
		found = nil
	case ended(found) == nil:
		return JobOutput{}, sdk.Errorf(sdk.Permanent, "the Job %s/%s was made, and is being deleted before its end; it is not run twice", at.Namespace, at.Name)
	}
	if found == nil {
		found, err = j.create(ctx, call, in, at)
	}
	if err == nil {
		err = call.Note(createdNote, found.UID)
	}
	if err != nil {
		return JobOutput{}, err
	}
	f := newFollowing(j, call, found)
	return f.run(ctx)
}

// create makes the Job. One that an attempt made meanwhile whose answer was lost is taken
// for it.
func (j jobs) create(ctx context.Context, call *sdk.Call[JobInput], in JobInput, at before) (*batchv1.Job, error) {
	wanted, err := j.build(ctx, in.Manifest)
	if err != nil {
		return nil, err
	}
	if _, saved, err := sdk.LoadBefore[before](call); err != nil || !saved {
		if err != nil {
			return nil, err
		}
		if err := call.SaveBefore(ctx, at); err != nil {
			return nil, err
		}
	}
	made, err := j.object(at).Make(ctx, at.Key, wanted)
	if err != nil {
		return nil, err
	}
	return typed(made)
}

// isGone is about a Job that was made and is not there: the program may have run.
func isGone(at before) error {
	return sdk.Errorf(sdk.Permanent, "the Job %s/%s was made, and is gone; how it ended is lost, and it is not run twice", at.Namespace, at.Name)
}

func (j jobs) undo(ctx context.Context, call *sdk.Call[JobInput]) error {
	at, saved, err := sdk.LoadBefore[before](call)
	if err != nil || !saved {
		return err
	}
	found, err := j.find(ctx, at)
	if err != nil || found == nil {
		return err
	}
	return j.Remove(ctx, j.removal(found, call.Input.Timeout, func(seen string) { call.Progressf("%s", seen) }))
}

func (j jobs) observe(ctx context.Context, call *sdk.Call[JobInput]) (sdk.Observed[JobOutput], error) {
	var seen sdk.Observed[JobOutput]
	at, saved, err := sdk.LoadBefore[before](call)
	switch {
	case err != nil:
		return seen, err
	case !saved && call.Undo:
		return sdk.Observed[JobOutput]{State: sdk.Done, Detail: "No Job was made."}, nil
	case !saved:
		return sdk.Observed[JobOutput]{State: sdk.Untouched, Detail: "No Job was made."}, nil
	}
	found, err := j.find(ctx, at)
	if err != nil {
		return seen, err
	}
	name := at.Namespace + "/" + at.Name
	switch {
	case found == nil && call.Undo:
		return sdk.Observed[JobOutput]{State: sdk.Done, Detail: "The Job " + name + " is gone."}, nil
	case call.Undo:
		return sdk.Observed[JobOutput]{State: sdk.NotDone, Detail: "The Job " + name + " is still there."}, nil
	case found == nil:
		return gone(call, name)
	}
	return j.judge(ctx, call, found)
}

// gone judges a Job that is not there: whether it ever was, and who deleted it.
func gone(call *sdk.Call[JobInput], name string) (sdk.Observed[JobOutput], error) {
	seen := sdk.Observed[JobOutput]{State: sdk.NotDone, Detail: "There is no Job " + name + "."}
	made, deleted, err := noted(call)
	switch {
	case made != "" && made == deleted:
		seen.Detail = "This step deleted the Job " + name + " before its end."
	case made != "" || err != nil:
		seen.State, seen.Detail = sdk.CannotTell, "The Job "+name+" was made, and is gone; how it ended is lost."
	}
	return seen, err
}

// judge says of a Job that is there whether it is done. One that failed, or still runs,
// is for Apply, which finds it.
func (j jobs) judge(ctx context.Context, call *sdk.Call[JobInput], found *batchv1.Job) (sdk.Observed[JobOutput], error) {
	name := found.Namespace + "/" + found.Name
	_, deleted, err := noted(call)
	switch end := ended(found); {
	case err != nil:
		return sdk.Observed[JobOutput]{}, err
	case found.UID == deleted:
		return sdk.Observed[JobOutput]{State: sdk.NotDone, Detail: "This step had the Job " + name + " deleted before its end."}, nil
	case end == nil && goes(found):
		return sdk.Observed[JobOutput]{State: sdk.NotDone, Detail: "The Job " + name + " is being deleted before its end."}, nil
	case end == nil:
		return sdk.Observed[JobOutput]{State: sdk.NotDone, Detail: "The Job " + name + " still runs, and is waited for."}, nil
	case end.Type == batchv1.JobFailed:
		return sdk.Observed[JobOutput]{State: sdk.NotDone, Detail: "The Job " + name + " failed."}, nil
	}
	f := newFollowing(j, call, found)
	out, err := f.outputs(ctx)
	return sdk.Observed[JobOutput]{State: sdk.Done, Outputs: out, Detail: fmt.Sprintf("The Job %s is complete.", name)}, err
}
