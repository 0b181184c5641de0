package velero

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// RestoreInput is what velero_restore is given.
type RestoreInput struct {
	Backup string `json:"backup" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"shop-before-upgrade" doc:"Name of the Backup that is restored."`
	Where
	Selection
	NamespaceMapping map[string]string `json:"namespaceMapping" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" maxLength:"63" example:"{\"shop\":\"shop-restored\"}" doc:"Other namespaces to restore into, by those in the backup."`
	RestoreVolumes   *bool             `json:"restoreVolumes" doc:"Whether volumes are restored from their snapshots; without it, where there are any."`
	Existing         string            `json:"existing" default:"none" enum:"none,update" doc:"What becomes of objects that are there: none leaves them as they are, update changes them to what is in the backup."`
	Patience
}

func (v velero) restore() sdk.Action[RestoreInput, Result] {
	return sdk.Action[RestoreInput, Result]{
		Name:    "velero_restore",
		Summary: "Restore objects and volumes from a backup of Velero's",
		Description: `Makes a Restore of Velero's and waits until it is completed. All attempts of a step make one restore, which an annotation with the
step's key marks. One that is gone before its end was seen is not made anew: that is a *permanent* error, and after a crash the run pauses until a person says what became of it. Where the step has failed, and a person has it tried again by ` + "`gatebook resume`" + `, one that is gone is made anew.

Objects that are there already stay as they are, unless ` + "`existing`" + ` says otherwise; the output ` + "`warnings`" + ` counts them too. A
restore that fails, or of which a part fails, is a *permanent* error, with the reason that Velero gives. A backup that is not completed is
not restored from: that is a *permanent* error before anything changes; of one that failed in part, plan and log warn.

It cannot be taken back: which of the objects that were restored were needed by then, nobody can tell.`,
		Effect: sdk.Destroy,
		// It is not declared idempotent: a Restore that is gone cannot be told from one
		// that never was, and to restore once more would change what came since.
		Examples: []schema.Example{
			{Title: "Beside the original", With: map[string]any{
				"backup": "shop-before-upgrade", "includedNamespaces": []any{"shop"}, "namespaceMapping": map[string]any{"shop": "shop-restored"},
			}},
		},
		Plan:    own.Planned(v.planRestore),
		Apply:   v.applyRestore,
		Observe: v.observeRestore,
	}
}

func (in RestoreInput) content() map[string]any {
	spec := in.selected()
	spec["backupName"], spec["existingResourcePolicy"] = in.Backup, in.Existing
	if len(in.NamespaceMapping) > 0 {
		spec["namespaceMapping"] = mapOf(in.NamespaceMapping)
	}
	put(spec, "restorePVs", in.RestoreVolumes)
	return map[string]any{"spec": spec}
}

// madeNote is the UID of the Restore, once it is made.
const madeNote = "restore"

// wasMade says whether an attempt made the Restore.
func wasMade(call *sdk.Call[RestoreInput]) (bool, error) {
	_, made, err := sdk.LoadNote[string](call, madeNote)
	return made, err
}

// restoreTask is the restore of the step with a key.
func (v velero) restoreTask(ctx context.Context, in RestoreInput, key string) (*task, error) {
	object, missing, err := v.object(ctx, "Restore", in.Where, key)
	if err == nil && missing != nil {
		err = own.Lacking(missing)
	}
	return &task{Object: object, Patience: in.Patience, logs: "velero restore logs " + object.Name}, err
}

func (v velero) applyRestore(ctx context.Context, call *sdk.Call[RestoreInput]) (Result, error) {
	t, err := v.restoreTask(ctx, call.Input, call.Key)
	if err != nil {
		return Result{}, err
	}
	found, err := t.Find(ctx, call.Key)
	if err != nil {
		return Result{}, err
	}
	if found == nil { // else what the backup was, an earlier attempt has seen
		made, err := wasMade(call)
		if err == nil && made {
			err = sdk.Errorf(sdk.Permanent, "the %s was made, and is gone; how it ended is lost, and it is not made twice", t)
		}
		if err != nil {
			return Result{}, err
		}
		phase, err := v.source(ctx, call.Input)
		if err != nil {
			return Result{}, err
		}
		if phase == partiallyFailed {
			call.Log.Warn("the backup failed in part, so that not all is in it", "backup", call.Input.Backup)
		}
	}
	t.note = func(uid string) error { return call.Note(madeNote, uid) }
	return t.run(ctx, call.Key, call.Input.content(), func(seen string) { call.Progressf("%s", seen) })
}

// source reads the phase of the backup, which must be there, and have ended well enough to
// be restored from.
func (v velero) source(ctx context.Context, in RestoreInput) (phase string, err error) {
	kind, missing, err := v.kind(ctx, "Backup")
	switch {
	case err != nil:
		return "", err
	case missing != nil:
		return "", own.Lacking(missing)
	}
	found, err := v.Look(ctx, kind, in.Velero, in.Backup)
	switch {
	case err != nil:
		return "", err
	case found == nil:
		return "", own.Missing("backup", "there is no %s", kind.Named(in.Velero, in.Backup))
	}
	phase = own.Text(found, "status", "phase")
	if phase != completed && phase != partiallyFailed {
		return "", own.Missing("backup", "the backup %s is not completed; its phase is %q", in.Backup, phase)
	}
	return phase, nil
}

func (v velero) planRestore(ctx context.Context, call *sdk.Call[RestoreInput]) (sdk.Preview, error) {
	in := call.Input
	switch known := call.Knows(selection("namespaceMapping", "restoreVolumes", "existing")...); {
	case !call.Knows("backup"):
		return sdk.Preview{Summary: "would restore a backup that is not known yet"}, nil
	case !known:
		return sdk.Preview{Summary: fmt.Sprintf("would restore from the backup %s by Velero what is not known yet", in.Backup)}, nil
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would restore %s from the backup %s by Velero", in.whatever(), in.Backup)}
	object, missing, err := v.object(ctx, "Restore", in.Where, "")
	if err != nil || missing != nil {
		preview.Blockers = missing
		return preview, err
	}
	backups, missing, err := v.kind(ctx, "Backup")
	if err != nil || missing != nil {
		preview.Blockers = missing
		return preview, err
	}
	preview.Blockers, err = v.Lacking(ctx, backups.Right("get", in.Velero, in.Backup),
		object.Kind.Right("get", in.Velero, ""), object.Kind.Right("create", in.Velero, ""))
	if err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	switch phase, err := v.source(ctx, in); {
	case err != nil:
		return preview, err
	case phase == partiallyFailed:
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("The backup %s failed in part, so that not all is in it.", in.Backup))
	}
	if in.Existing == "update" {
		preview.Warnings = append(preview.Warnings, "Objects that are there are changed to what is in the backup.")
	}
	return preview, foresee(ctx, object, in.content(), &preview)
}

func (v velero) observeRestore(ctx context.Context, call *sdk.Call[RestoreInput]) (sdk.Observed[Result], error) {
	t, err := v.restoreTask(ctx, call.Input, call.Key)
	if err != nil {
		return sdk.Observed[Result]{}, err
	}
	seen, err := t.observe(ctx, call.Key)
	if err != nil || t.last != nil {
		return seen, err
	}
	made, err := wasMade(call)
	if made {
		seen = sdk.Observed[Result]{
			State: sdk.CannotTell, Detail: fmt.Sprintf("The %s was made, and is gone; how it ended is lost.", t),
		}
	}
	return seen, err
}
