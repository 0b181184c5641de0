package velero

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Result is what velero_backup and velero_restore return.
type Result struct {
	Name       string `json:"name" required:"true" doc:"Name of the Backup or Restore."`
	Phase      string `json:"phase" required:"true" doc:"Completed or PartiallyFailed."`
	Errors     int64  `json:"errors" required:"true" unit:"errors" doc:"How many errors there were."`
	Warnings   int64  `json:"warnings" required:"true" unit:"warnings" doc:"How many warnings there were."`
	Items      int64  `json:"items" required:"true" unit:"objects" doc:"How many objects were written."`
	TotalItems int64  `json:"totalItems" required:"true" unit:"objects" doc:"How many objects there were to write."`
	Started    string `json:"started" required:"true" doc:"When Velero began, as RFC 3339."`
	Completed  string `json:"completed" required:"true" doc:"When Velero was done, as RFC 3339."`
	Expires    string `json:"expires" required:"true" doc:"When Velero deletes the backup by itself, as RFC 3339; empty for a restore."`
}

func resultOf(object *unstructured.Unstructured) Result {
	number := func(path ...string) int64 {
		found, _, _ := unstructured.NestedInt64(object.Object, append([]string{"status"}, path...)...)
		return found
	}
	return Result{
		Name: object.GetName(), Phase: own.Text(object, "status", "phase"), Errors: number("errors"), Warnings: number("warnings"),
		// A backup has the one, and a restore the other.
		Items:      number("progress", "itemsBackedUp") + number("progress", "itemsRestored"),
		TotalItems: number("progress", "totalItems"),
		Started:    own.Text(object, "status", "startTimestamp"), Completed: own.Text(object, "status", "completionTimestamp"),
		Expires: own.Text(object, "status", "expiration"),
	}
}

// task is a Backup or a Restore that Velero works on.
type task struct {
	own.Object
	Patience
	logs string                 // the command that shows what went wrong
	note func(uid string) error // keeps that the object was made; nil: it may be made again
	uid  string
	last *unstructured.Unstructured
}

// run makes the object, where no earlier attempt has, and waits until Velero is done.
func (t *task) run(ctx context.Context, key string, content map[string]any, tell func(string)) (Result, error) {
	made, err := t.Make(ctx, key, content)
	if err != nil {
		return Result{}, err
	}
	t.uid = string(made.GetUID())
	if t.note != nil {
		if err := t.note(t.uid); err != nil {
			return Result{}, err
		}
	}
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("Velero is done with the %s", t), Timeout: t.Timeout, Look: t.look, Tell: tell,
		Sources: []cluster.Source{t.Cluster.Watch(t.Kind, t.Namespace, t.Name)},
	})
	if err != nil {
		return Result{}, err
	}
	return resultOf(t.last), nil
}

func (t *task) look(ctx context.Context) (seen string, done bool, err error) {
	if t.last, err = t.Look(ctx); err != nil {
		return "", false, err
	}
	if t.last == nil || string(t.last.GetUID()) != t.uid {
		return "", false, sdk.Errorf(sdk.Conflict, "the %s was deleted meanwhile", t)
	}
	return t.judge(t.last)
}

// The phases of what ended, and is of use.
const (
	completed       = "Completed"
	partiallyFailed = "PartiallyFailed"
)

// judge says what a phase means.
func (t *task) judge(object *unstructured.Unstructured) (seen string, done bool, err error) {
	now := resultOf(object)
	switch now.Phase {
	case completed:
		return "", true, nil
	case partiallyFailed:
		if t.AllowPartial {
			return "", true, nil
		}
		return "", false, sdk.Errorf(sdk.Permanent, "the %s failed in part, with %d errors and %d warnings; %s says what they are",
			t, now.Errors, now.Warnings, t.logs)
	case "Failed", "FailedValidation":
		return "", false, sdk.Errorf(sdk.Permanent, "the %s failed: %s", t, reasonOf(object))
	case "":
		return "Velero has not taken it up yet", false, nil
	}
	seen = now.Phase
	if now.TotalItems > 0 {
		seen += fmt.Sprintf(", %d of %d items", now.Items, now.TotalItems)
	}
	return seen, false, nil
}

func reasonOf(object *unstructured.Unstructured) string {
	said, _, _ := unstructured.NestedStringSlice(object.Object, "status", "validationErrors")
	if reason := own.Text(object, "status", "failureReason"); reason != "" {
		said = append(said, reason)
	}
	if len(said) == 0 {
		return "Velero does not say why"
	}
	return strings.Join(said, "; ")
}

// observe says what became of the object that an attempt made.
func (t *task) observe(ctx context.Context, key string) (sdk.Observed[Result], error) {
	found, err := t.Find(ctx, key)
	t.last = found
	if err != nil || found == nil {
		return sdk.Observed[Result]{State: sdk.NotDone, Detail: fmt.Sprintf("There is no %s of this step.", t)}, err
	}
	if _, done, err := t.judge(found); err != nil || !done {
		return sdk.Observed[Result]{State: sdk.NotDone, Detail: fmt.Sprintf("The %s is %s.", t, own.Text(found, "status", "phase"))}, nil
	}
	return sdk.Observed[Result]{State: sdk.Done, Outputs: resultOf(found), Detail: fmt.Sprintf("Velero is done with the %s.", t)}, nil
}

// foresee adds to a plan what the server says of the object.
func foresee(ctx context.Context, object own.Object, content map[string]any, preview *sdk.Preview) error {
	found, err := object.Look(ctx)
	if err != nil {
		return err
	}
	if found != nil {
		preview.Blockers = append(preview.Blockers, fmt.Sprintf("There is a %s already.", object))
		return nil
	}
	planned, err := object.Try(ctx, content)
	if err != nil {
		return err
	}
	text, err := diff.Objects(nil, planned)
	preview.Changes = []sdk.Delta{{Target: object.String(), Kind: object.Kind.Name, Op: "create", Diff: text}}
	return err
}
