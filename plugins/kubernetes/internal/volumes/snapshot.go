package volumes

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// SnapshotInput is what volume_snapshot is given.
type SnapshotInput struct {
	Claim     string          `json:"claim" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"data" doc:"Name of the PersistentVolumeClaim whose volume is copied."`
	Namespace string          `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the claim and of the snapshot; without it, the connection's."`
	Name      string          `json:"name" pattern:"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$" maxLength:"253" example:"data-before-upgrade" doc:"Name of the snapshot; without it, one is made of the claim's and the step's key."`
	Class     string          `json:"class" pattern:"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$" maxLength:"253" example:"fast" doc:"VolumeSnapshotClass to use; without it, the default one of the volume's driver."`
	Stall     schema.Duration `json:"stall" default:"1m" min:"0s" doc:"How long the snapshotter may report an error. It tries again by itself, and many errors pass."`
	Timeout   schema.Duration `json:"timeout" default:"10m" min:"1ms" doc:"How long it may take until the snapshot is ready to use."`
}

// SnapshotOutput is what volume_snapshot returns.
type SnapshotOutput struct {
	Name         string `json:"name" required:"true" doc:"Name of the VolumeSnapshot."`
	Namespace    string `json:"namespace" required:"true" doc:"Namespace of the VolumeSnapshot."`
	Content      string `json:"content" required:"true" doc:"Name of the VolumeSnapshotContent, which stands for the copy itself."`
	RestoreSize  string `json:"restoreSize" required:"true" doc:"How large a volume must be at least that is restored from it, as 10Gi; empty where the driver does not say."`
	CreationTime string `json:"creationTime" required:"true" doc:"When the copy was made, as RFC 3339; empty where the driver does not say."`
}

func (v volumes) snapshot() sdk.Action[SnapshotInput, SnapshotOutput] {
	return sdk.Action[SnapshotInput, SnapshotOutput]{
		Name:    "volume_snapshot",
		Summary: "Take a snapshot of a volume",
		Description: `Makes a VolumeSnapshot of a PersistentVolumeClaim and waits until it is ready to use. It needs a CSI driver that makes
snapshots, and the snapshot controller. The copy is what a power failure would leave: what the application has not written yet is
not in it.

All attempts of a step make one snapshot, which an annotation with the step's key marks. An error that the snapshotter reports is
in the progress; one that lasts longer than ` + "`stall`" + ` is *permanent*.

Undo deletes the snapshot that the step made. Whether the copy is deleted with it, the deletion policy of its class decides.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "Before an upgrade", With: map[string]any{"claim": "data-db-0", "namespace": "shop", "class": "fast", "timeout": "30m"}},
		},
		Plan:    own.Planned(v.planSnapshot),
		Apply:   v.applySnapshot,
		Observe: v.observeSnapshot,
		Undo:    v.undoSnapshot,
	}
}

// object is the snapshot of the step with a key.
func (in SnapshotInput) object(v volumes, kind cluster.Kind, key string) own.Object {
	name := in.Name
	if name == "" {
		name = own.Name(in.Claim, key)
	}
	return own.Object{Cluster: v.Cluster, Kind: kind, Namespace: v.In(in.Namespace), Name: name}
}

func (in SnapshotInput) content() map[string]any {
	spec := map[string]any{"source": map[string]any{"persistentVolumeClaimName": in.Claim}}
	if in.Class != "" {
		spec["volumeSnapshotClassName"] = in.Class
	}
	return map[string]any{"spec": spec}
}

func (v volumes) applySnapshot(ctx context.Context, call *sdk.Call[SnapshotInput]) (SnapshotOutput, error) {
	in := call.Input
	kind, missing, err := v.kind(ctx, "VolumeSnapshot")
	switch {
	case err != nil:
		return SnapshotOutput{}, err
	case missing != nil:
		return SnapshotOutput{}, own.Lacking(missing)
	}
	made := in.object(v, kind, call.Key)
	found, err := made.Find(ctx, call.Key)
	if err != nil {
		return SnapshotOutput{}, err
	}
	if found == nil {
		if _, err := v.claim(ctx, made.Namespace, in.Claim); err != nil {
			return SnapshotOutput{}, err
		}
	}
	if err := call.SaveBefore(ctx, own.Before{Key: call.Key, Name: made.Name}); err != nil {
		return SnapshotOutput{}, err
	}
	if found, err = made.Make(ctx, call.Key, in.content()); err != nil {
		return SnapshotOutput{}, err
	}
	w := &snapshotWait{Object: made, uid: string(found.GetUID()), stall: in.Stall}
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the %s is ready to use", made), Timeout: in.Timeout, Look: w.look,
		Tell:    func(seen string) { call.Progressf("%s", seen) },
		Sources: []cluster.Source{v.Watch(kind, made.Namespace, made.Name)},
	})
	if err != nil {
		return SnapshotOutput{}, err
	}
	return taken(w.last), nil
}

// snapshotWait waits for one snapshot.
type snapshotWait struct {
	own.Object
	uid   string
	stall schema.Duration

	last    *unstructured.Unstructured
	failing time.Time // since when an error is reported; zero: there is none
}

func (w *snapshotWait) look(ctx context.Context) (seen string, done bool, err error) {
	if w.last, err = w.Look(ctx); err != nil {
		return "", false, err
	}
	if w.last == nil || string(w.last.GetUID()) != w.uid {
		return "", false, sdk.Errorf(sdk.Conflict, "the %s was deleted meanwhile", w)
	}
	if isReady(w.last) {
		return "", true, nil
	}
	fault, failed, _ := unstructured.NestedString(w.last.Object, "status", "error", "message")
	switch {
	case !failed:
		w.failing = time.Time{}
		return progressOf(w.last), false, nil
	case w.failing.IsZero():
		w.failing = time.Now()
	case time.Since(w.failing) > w.stall.Std():
		return "", false, sdk.Errorf(sdk.Permanent, "the %s fails: %s", w, fault)
	}
	return "the snapshotter reports: " + fault, false, nil
}

func isReady(snapshot *unstructured.Unstructured) bool {
	ready, _, _ := unstructured.NestedBool(snapshot.Object, "status", "readyToUse")
	return ready && own.Text(snapshot, "status", "boundVolumeSnapshotContentName") != ""
}

func progressOf(snapshot *unstructured.Unstructured) string {
	content := own.Text(snapshot, "status", "boundVolumeSnapshotContentName")
	switch {
	case snapshot.Object["status"] == nil:
		return "no snapshot controller has taken it up yet"
	case content == "":
		return "it is not bound to a content yet"
	default:
		return "the content " + content + " is not ready to use yet"
	}
}

func taken(snapshot *unstructured.Unstructured) SnapshotOutput {
	return SnapshotOutput{
		Name: snapshot.GetName(), Namespace: snapshot.GetNamespace(),
		Content:     own.Text(snapshot, "status", "boundVolumeSnapshotContentName"),
		RestoreSize: own.Text(snapshot, "status", "restoreSize"), CreationTime: own.Text(snapshot, "status", "creationTime"),
	}
}

func (v volumes) observeSnapshot(ctx context.Context, call *sdk.Call[SnapshotInput]) (sdk.Observed[SnapshotOutput], error) {
	made, before, err := v.madeSnapshot(ctx, call)
	if err != nil || before.Key == "" {
		return sdk.Observed[SnapshotOutput]{State: sdk.Untouched, Detail: "No attempt came as far as a change."}, err
	}
	found, err := made.Find(ctx, before.Key)
	switch {
	case err != nil:
		return sdk.Observed[SnapshotOutput]{}, err
	case found == nil && call.Undo:
		return sdk.Observed[SnapshotOutput]{State: sdk.Done, Detail: fmt.Sprintf("The %s is gone.", made)}, nil
	case found == nil || call.Undo || !isReady(found):
		return sdk.Observed[SnapshotOutput]{State: sdk.NotDone, Detail: fmt.Sprintf("The %s is not as it should be.", made)}, nil
	}
	return sdk.Observed[SnapshotOutput]{State: sdk.Done, Outputs: taken(found), Detail: fmt.Sprintf("The %s is ready to use.", made)}, nil
}

// madeSnapshot is the snapshot that the step made. Without one, the key is empty.
func (v volumes) madeSnapshot(ctx context.Context, call *sdk.Call[SnapshotInput]) (own.Object, own.Before, error) {
	before, saved, err := sdk.LoadBefore[own.Before](call)
	if err != nil || !saved {
		return own.Object{}, before, err
	}
	kind, missing, err := v.kind(ctx, "VolumeSnapshot")
	if err == nil && missing != nil {
		err = own.Lacking(missing)
	}
	made := call.Input.object(v, kind, before.Key)
	made.Name = before.Name
	return made, before, err
}

func (v volumes) undoSnapshot(ctx context.Context, call *sdk.Call[SnapshotInput]) error {
	made, before, err := v.madeSnapshot(ctx, call)
	if err != nil || before.Key == "" {
		return err
	}
	found, err := made.Find(ctx, before.Key)
	if err != nil || found == nil {
		return err
	}
	return v.Remove(ctx, cluster.Removal{
		Kind: made.Kind, Namespace: made.Namespace, Name: made.Name, UID: found.GetUID(),
		Timeout: call.Input.Timeout, Tell: func(seen string) { call.Progressf("%s", seen) },
	})
}
