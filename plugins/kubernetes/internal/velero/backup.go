package velero

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// BackupInput is what velero_backup is given.
type BackupInput struct {
	Where
	Selection
	StorageLocation  string           `json:"storageLocation" pattern:"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$" maxLength:"253" example:"default" doc:"BackupStorageLocation that the backup is written to; without it, Velero's default one."`
	TTL              *schema.Duration `json:"ttl" min:"1s" example:"720h" doc:"After how long Velero deletes the backup; without it, what Velero is set to."`
	SnapshotVolumes  *bool            `json:"snapshotVolumes" doc:"Whether snapshots of volumes are taken; without it, where that is possible."`
	SnapshotMoveData *bool            `json:"snapshotMoveData" doc:"Whether the data of snapshots are copied to the storage location."`
	FSBackup         *bool            `json:"fsBackup" doc:"Whether the files of all pods' volumes are copied."`
	Patience
}

func (v velero) backup() sdk.Action[BackupInput, Result] {
	return sdk.Action[BackupInput, Result]{
		Name:    "velero_backup",
		Summary: "Back up objects and volumes by Velero",
		Description: `Makes a Backup of Velero's and waits until it is completed. All attempts of a step make one backup, which an annotation with the
step's key marks.

A backup that fails, or of which a part fails, is a *permanent* error, with the reason that Velero gives. The backup stays where it is.

Undo has Velero delete the backup that the step made, with all its data.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "A namespace, kept for a month", With: map[string]any{"includedNamespaces": []any{"shop"}, "ttl": "720h", "timeout": "2h"}},
		},
		Plan:    own.Planned(v.planBackup),
		Apply:   v.applyBackup,
		Observe: v.observeBackup,
		Undo:    v.undoBackup,
	}
}

func (in BackupInput) content() map[string]any {
	spec := in.selected()
	if in.StorageLocation != "" {
		spec["storageLocation"] = in.StorageLocation
	}
	if in.TTL != nil {
		spec["ttl"] = in.TTL.Std().String()
	}
	put(spec, "snapshotVolumes", in.SnapshotVolumes)
	put(spec, "snapshotMoveData", in.SnapshotMoveData)
	put(spec, "defaultVolumesToFsBackup", in.FSBackup)
	return map[string]any{"spec": spec}
}

// backupTask is the backup of the step with a key.
func (v velero) backupTask(ctx context.Context, in BackupInput, key string) (*task, error) {
	object, missing, err := v.object(ctx, "Backup", in.Where, key)
	if err == nil && missing != nil {
		err = own.Lacking(missing)
	}
	return &task{Object: object, Patience: in.Patience, logs: "velero backup logs " + object.Name}, err
}

func (v velero) applyBackup(ctx context.Context, call *sdk.Call[BackupInput]) (Result, error) {
	t, err := v.backupTask(ctx, call.Input, call.Key)
	if err != nil {
		return Result{}, err
	}
	if err := call.SaveBefore(ctx, own.Before{Key: call.Key, Name: t.Name}); err != nil {
		return Result{}, err
	}
	return t.run(ctx, call.Key, call.Input.content(), func(seen string) { call.Progressf("%s", seen) })
}

func (v velero) planBackup(ctx context.Context, call *sdk.Call[BackupInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows(selection("storageLocation", "ttl", "snapshotVolumes", "snapshotMoveData", "fsBackup")...) {
		return sdk.Preview{Summary: "would make a backup of what is not all known yet"}, nil
	}
	preview := sdk.Preview{Summary: "would back up " + in.whatever() + " by Velero"}
	object, missing, err := v.object(ctx, "Backup", in.Where, "")
	if err != nil || missing != nil {
		preview.Blockers = missing
		return preview, err
	}
	requests, missing, err := v.kind(ctx, "DeleteBackupRequest") // for the undo
	if err != nil || missing != nil {
		preview.Blockers = missing
		return preview, err
	}
	preview.Blockers, err = v.Lacking(ctx, object.Kind.Right("get", in.Velero, ""), object.Kind.Right("create", in.Velero, ""),
		requests.Right("create", in.Velero, ""))
	if err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	if err := v.judgeLocation(ctx, in, &preview); err != nil {
		return preview, err
	}
	return preview, foresee(ctx, object, in.content(), &preview)
}

// whatever says what is selected.
func (s Selection) whatever() string {
	what := "all namespaces"
	if len(s.IncludedNamespaces) > 0 {
		what = "the namespaces " + strings.Join(s.IncludedNamespaces, ", ")
	}
	if len(s.ExcludedNamespaces) > 0 {
		what += " without " + strings.Join(s.ExcludedNamespaces, ", ")
	}
	return what
}

// judgeLocation adds to a plan what keeps a backup from being written.
func (v velero) judgeLocation(ctx context.Context, in BackupInput, preview *sdk.Preview) error {
	kind, missing, err := v.kind(ctx, "BackupStorageLocation")
	if err != nil || missing != nil {
		preview.Blockers = append(preview.Blockers, missing...)
		return err
	}
	all, err := v.Objects(kind, in.Velero).List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		preview.Warnings = append(preview.Warnings, "You may not list BackupStorageLocations, so that it is not known whether the backup can be written.")
		return nil
	}
	if err != nil {
		return cluster.FaultIn(ctx, err, "list the BackupStorageLocations of %s", in.Velero)
	}
	for _, location := range all.Items {
		byDefault, _, _ := unstructured.NestedBool(location.Object, "spec", "default")
		if location.GetName() != in.StorageLocation && (in.StorageLocation != "" || !byDefault) {
			continue
		}
		if phase := own.Text(&location, "status", "phase"); phase == "Unavailable" {
			preview.Blockers = append(preview.Blockers, fmt.Sprintf("The BackupStorageLocation %s is unavailable: %s.",
				location.GetName(), strings.TrimSuffix(own.Text(&location, "status", "message"), ".")))
		}
		if own.Text(&location, "spec", "accessMode") == "ReadOnly" {
			preview.Blockers = append(preview.Blockers, fmt.Sprintf("The BackupStorageLocation %s may only be read.", location.GetName()))
		}
		return nil
	}
	if in.StorageLocation != "" {
		return own.Missing("storageLocation", "there is no BackupStorageLocation %s in %s", in.StorageLocation, in.Velero)
	}
	preview.Warnings = append(preview.Warnings, "No BackupStorageLocation of "+in.Velero+" is marked as the default one; Velero may be set to another.")
	return nil
}

func (v velero) observeBackup(ctx context.Context, call *sdk.Call[BackupInput]) (sdk.Observed[Result], error) {
	before, saved, err := sdk.LoadBefore[own.Before](call)
	if err != nil || !saved {
		return sdk.Observed[Result]{State: sdk.NotDone}, err
	}
	t, err := v.backupTask(ctx, call.Input, before.Key)
	if err != nil {
		return sdk.Observed[Result]{}, err
	}
	if !call.Undo {
		return t.observe(ctx, before.Key)
	}
	found, err := t.Find(ctx, before.Key)
	if err != nil || found != nil {
		return sdk.Observed[Result]{State: sdk.NotDone, Detail: fmt.Sprintf("The %s is there.", t)}, err
	}
	return sdk.Observed[Result]{State: sdk.Done, Detail: fmt.Sprintf("The %s is gone.", t)}, nil
}

// undoBackup asks Velero to delete the backup: were the object alone deleted, Velero
// would find the data again, and make it anew.
func (v velero) undoBackup(ctx context.Context, call *sdk.Call[BackupInput]) error {
	before, saved, err := sdk.LoadBefore[own.Before](call)
	if err != nil || !saved {
		return err
	}
	t, err := v.backupTask(ctx, call.Input, before.Key)
	if err != nil {
		return err
	}
	found, err := t.Find(ctx, before.Key)
	if err != nil || found == nil {
		return err
	}
	requests, missing, err := v.kind(ctx, "DeleteBackupRequest")
	switch {
	case err != nil:
		return err
	case missing != nil:
		return own.Lacking(missing)
	}
	// One for each attempt, since Velero takes up each but once.
	key := fmt.Sprintf("%s-%d", call.Key, call.Attempt)
	request := own.Object{Cluster: v.Cluster, Kind: requests, Namespace: t.Namespace, Name: own.Name(t.Name, key)}
	if _, err := request.Make(ctx, key, deletion(found)); err != nil {
		return err
	}
	return cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the %s is gone", t), Timeout: call.Input.Timeout,
		Tell:    func(seen string) { call.Progressf("%s", seen) },
		Look:    func(ctx context.Context) (string, bool, error) { return t.isGone(ctx, found, request) },
		Sources: []cluster.Source{v.Watch(t.Kind, t.Namespace, t.Name), v.Watch(request.Kind, request.Namespace, request.Name)},
	})
}

// deletion is the request to delete a backup, marked as Velero itself marks it.
func deletion(backup *unstructured.Unstructured) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"velero.io/backup-uid": string(backup.GetUID())}},
		"spec":     map[string]any{"backupName": backup.GetName()},
	}
}

// isGone looks whether the backup is gone, and what the request to delete it says.
func (t *task) isGone(ctx context.Context, backup *unstructured.Unstructured, request own.Object) (seen string, done bool, err error) {
	found, err := t.Look(ctx)
	if err != nil || found == nil || found.GetUID() != backup.GetUID() {
		return "", err == nil, err
	}
	asked, err := request.Look(ctx)
	switch {
	case err != nil:
		return "", false, err
	case asked == nil:
		return "the request to delete it is gone, and it is not", false, nil
	}
	faults, _, _ := unstructured.NestedStringSlice(asked.Object, "status", "errors")
	if phase := own.Text(asked, "status", "phase"); phase != "Processed" || len(faults) == 0 {
		return "the request to delete it is at: " + phase, false, nil
	}
	return "", false, sdk.Errorf(sdk.Permanent, "Velero could not delete the %s: %s", t, strings.Join(faults, "; "))
}
