package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// deletedNote is the UID of the Job, once the step itself had it deleted before its end.
const deletedNote = "deleted"

// cleanUp is how long deleting a Job may take where the step was cancelled.
const cleanUp = schema.Duration(10 * time.Second)

// unfinished says what becomes of a Job that is waited for no longer.
func (f *following) unfinished(ctx context.Context, cause error) error {
	name := "the Job " + f.job.Namespace + "/" + f.job.Name
	if sdk.AsError(cause).Class == sdk.Conflict || sdk.AsError(cause).Class == sdk.Denied {
		return cause // it is gone, or nothing is known of it
	}
	left, deleted := name+" is left as it is, and may run on", false
	if f.call.Input.OnCancel == "delete" {
		left, deleted = f.takeAway(ctx, name)
	}
	typed, is := errors.AsType[*sdk.Error](cause)
	switch {
	case !is:
		return fmt.Errorf("%w; %s", cause, left)
	case deleted: // and no retry runs it twice
		return sdk.Errorf(sdk.Permanent, "%w; %s", cause, left)
	default:
		return sdk.Errorf(typed.Class, "%w; %s", cause, left)
	}
}

// takeAway deletes the Job, and says how far that came. Deleted is one that is on its way
// too: nothing keeps it.
func (f *following) takeAway(ctx context.Context, name string) (left string, deleted bool) {
	cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp.Std())
	defer cancel()
	asked, err := f.askToGo(cleaning)
	switch {
	case err != nil:
		return name + " could not be deleted: " + err.Error(), false
	case !asked && ended(f.job) != nil:
		return name + " has ended meanwhile, and is left as it is", false
	case !asked:
		return name + " was deleted by somebody meanwhile", true
	}
	err = f.call.Note(deletedNote, f.job.UID)
	if err == nil {
		err = f.AwaitGone(cleaning, f.removal(f.job, cleanUp, func(string) {}))
	}
	if err != nil {
		return name + " is being deleted: " + err.Error(), true
	}
	return name + " is deleted", true
}

// askToGo has the Job deleted as it was looked at. One that ended meanwhile stays, and what
// somebody else had deleted is not this step's deed: neither is asked to go.
func (f *following) askToGo(ctx context.Context) (asked bool, err error) {
	err = cluster.Again(func() error {
		found, err := f.reread(ctx) // and not its pods: what cannot be listed keeps it from nothing
		switch {
		case err != nil && sdk.AsError(err).Class == sdk.Conflict: // it is gone
			return nil
		case err != nil:
			return err
		}
		if f.job = found; f.job.DeletionTimestamp != nil || ended(f.job) != nil {
			return nil
		}
		away := f.removal(f.job, cleanUp, func(string) {})
		away.Options.Preconditions = &metav1.Preconditions{ResourceVersion: &f.job.ResourceVersion}
		gone, err := f.AskToGo(ctx, away)
		asked = err == nil && !gone
		return err
	})
	return asked, err
}

// removal is the way of a Job out of the cluster, its pods before it.
func (j jobs) removal(job *batchv1.Job, timeout schema.Duration, tell func(string)) cluster.Removal {
	return cluster.Removal{
		Kind: j.kind(), Namespace: job.Namespace, Name: job.Name, UID: job.UID, Timeout: timeout, Tell: tell,
		Options: metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationForeground)},
	}
}

// goes says whether a Job is on its way out of the cluster, and did not end well before.
func goes(job *batchv1.Job) bool {
	if job == nil || job.DeletionTimestamp == nil {
		return false
	}
	end := ended(job)
	return end == nil || end.Type == batchv1.JobFailed
}

// noted are the UIDs of the Job that the step made, and of the one that it had deleted
// itself; empty: none.
func noted(call *sdk.Call[JobInput]) (made, deleted types.UID, err error) {
	made, _, err = sdk.LoadNote[types.UID](call, createdNote)
	if err == nil {
		deleted, _, err = sdk.LoadNote[types.UID](call, deletedNote)
	}
	return made, deleted, err
}
