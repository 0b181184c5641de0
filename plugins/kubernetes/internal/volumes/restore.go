package volumes

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// RestoreInput is what pvc_restore is given.
type RestoreInput struct {
	Name         string          `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"data-restored" doc:"Name of the PersistentVolumeClaim to make."`
	Snapshot     string          `json:"snapshot" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"data-before-upgrade" doc:"Name of the VolumeSnapshot that it is filled from."`
	Namespace    string          `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the snapshot and of the claim; without it, the connection's."`
	StorageClass string          `json:"storageClass" pattern:"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$" maxLength:"253" example:"fast" doc:"StorageClass of the new volume, which must be of the snapshot's driver; without it, the cluster's default one."`
	Size         string          `json:"size" example:"10Gi" doc:"How large the new volume shall be; without it, as large as the snapshot says. It must not be smaller."`
	AccessModes  []string        `json:"accessModes" default:"[\"ReadWriteOnce\"]" minItems:"1" enum:"ReadWriteOnce,ReadOnlyMany,ReadWriteMany,ReadWriteOncePod" doc:"How the volume may be mounted."`
	VolumeMode   string          `json:"volumeMode" default:"Filesystem" enum:"Filesystem,Block" doc:"What the volume is to its pods."`
	Timeout      schema.Duration `json:"timeout" default:"10m" min:"1ms" doc:"How long it may take until the claim is bound."`
}

// RestoreOutput is what pvc_restore returns.
type RestoreOutput struct {
	Name             string `json:"name" required:"true" doc:"Name of the PersistentVolumeClaim."`
	Namespace        string `json:"namespace" required:"true" doc:"Namespace of the PersistentVolumeClaim."`
	Phase            string `json:"phase" required:"true" doc:"Bound, or Pending where the claim waits for its first pod."`
	WaitsForConsumer bool   `json:"waitsForConsumer" required:"true" doc:"Whether the volume is made only when a pod uses the claim, as its StorageClass says."`
	Volume           string `json:"volume" required:"true" doc:"Name of the PersistentVolume; empty where there is none yet."`
	Size             string `json:"size" required:"true" doc:"How large the volume shall be, as 10Gi."`
}

func (v volumes) restore() sdk.Action[RestoreInput, RestoreOutput] {
	return sdk.Action[RestoreInput, RestoreOutput]{
		Name:    "pvc_restore",
		Summary: "Make a volume from a snapshot",
		Description: `Makes a new PersistentVolumeClaim whose volume is filled from a VolumeSnapshot of the same namespace, and waits until it is
bound. Where the StorageClass makes volumes only for their first pod (WaitForFirstConsumer), it does not wait, and says so. No
workload is told to use the claim.

What keeps the volume from being made, its events say: they are in the progress, and in the *transient* error after ` + "`timeout`" + `.

Undo deletes the claim that the step made. A pod that uses it, be it one that has ended, is a *conflict*, since its data would be lost, and
so is a workload, be it one without pods at the moment: a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob. What pods
have written that are gone, and whose workload does not name the claim any more, is lost.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "A snapshot of an earlier step", With: map[string]any{"name": "data-restored", "snapshot": "data-before-upgrade", "namespace": "shop"}},
			{Title: "A larger volume", With: map[string]any{"name": "data", "snapshot": "nightly", "storageClass": "fast", "size": "50Gi"}},
		},
		Plan:    own.Planned(v.planRestore),
		Apply:   v.applyRestore,
		Observe: v.observeRestore,
		Undo:    v.undoRestore,
	}
}

// object is the claim that a step makes.
func (in RestoreInput) object(v volumes) own.Object {
	return own.Object{
		Cluster: v.Cluster, Namespace: v.In(in.Namespace), Name: in.Name,
		Kind: cluster.Kind{
			Name: "PersistentVolumeClaim", Namespaced: true,
			Served: corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"),
		},
	}
}

func (in RestoreInput) content(o origin) map[string]any {
	modes := make([]any, len(in.AccessModes))
	for i, mode := range in.AccessModes {
		modes[i] = mode
	}
	return map[string]any{"spec": map[string]any{
		"storageClassName": o.class.Name, "accessModes": modes, "volumeMode": in.VolumeMode,
		"dataSource": map[string]any{"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": in.Snapshot},
		"resources":  map[string]any{"requests": map[string]any{"storage": o.size.String()}},
	}}
}

func (v volumes) applyRestore(ctx context.Context, call *sdk.Call[RestoreInput]) (RestoreOutput, error) {
	made := call.Input.object(v)
	found, err := made.Find(ctx, call.Key)
	if err != nil {
		return RestoreOutput{}, err
	}
	var class *storagev1.StorageClass
	if found != nil { // an earlier attempt made it, of what there was then
		class, err = v.classOf(ctx, call.Input, found)
	} else {
		found, class, err = v.makeClaim(ctx, call, made)
	}
	if err != nil {
		return RestoreOutput{}, err
	}
	w := &claimWait{Object: made, volumes: v, claim: found, lazy: isLazy(class)}
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the %s is bound", made), Timeout: call.Input.Timeout, Look: w.look,
		Tell:    func(seen string) { call.Progressf("%s", seen) },
		Sources: []cluster.Source{v.Watch(made.Kind, made.Namespace, made.Name)},
	})
	if err != nil {
		return RestoreOutput{}, err
	}
	return restored(w.claim, w.lazy), nil
}

// makeClaim makes the claim, and returns its class as well.
func (v volumes) makeClaim(ctx context.Context, call *sdk.Call[RestoreInput], made own.Object) (*unstructured.Unstructured, *storagev1.StorageClass, error) {
	from, err := v.origin(ctx, call.Input)
	if err != nil {
		return nil, nil, err
	}
	if err := call.SaveBefore(ctx, own.Before{Key: call.Key, Name: made.Name}); err != nil {
		return nil, nil, err
	}
	claim, err := made.Make(ctx, call.Key, call.Input.content(from))
	return claim, from.class, err
}

// claimWait waits for one claim.
type claimWait struct {
	own.Object
	volumes volumes
	claim   *unstructured.Unstructured
	lazy    bool // its volume is made for its first pod
}

func (w *claimWait) look(ctx context.Context) (seen string, done bool, err error) {
	now, err := w.Look(ctx)
	switch {
	case err != nil:
		return "", false, err
	case now == nil || now.GetUID() != w.claim.GetUID():
		return "", false, sdk.Errorf(sdk.Conflict, "the %s was deleted meanwhile", w)
	}
	w.claim = now
	switch phase := own.Text(now, "status", "phase"); {
	case phase == string(corev1.ClaimBound), phase == string(corev1.ClaimPending) && w.lazy:
		return "", true, nil
	case phase == string(corev1.ClaimLost):
		return "", false, sdk.Errorf(sdk.Permanent, "the %s has lost its volume", w)
	default:
		said := append([]string{"phase " + phase}, w.volumes.Warnings(ctx, w.Namespace, w.Name, now.GetUID())...)
		return strings.Join(said, "; "), false, nil
	}
}

func restored(claim *unstructured.Unstructured, lazy bool) RestoreOutput {
	phase := own.Text(claim, "status", "phase")
	return RestoreOutput{
		Name: claim.GetName(), Namespace: claim.GetNamespace(), Phase: phase,
		WaitsForConsumer: lazy && phase == string(corev1.ClaimPending),
		Volume:           own.Text(claim, "spec", "volumeName"), Size: own.Text(claim, "spec", "resources", "requests", "storage"),
	}
}

func (v volumes) observeRestore(ctx context.Context, call *sdk.Call[RestoreInput]) (sdk.Observed[RestoreOutput], error) {
	seen := sdk.Observed[RestoreOutput]{State: sdk.NotDone}
	before, saved, err := sdk.LoadBefore[own.Before](call)
	if err != nil || !saved {
		return sdk.Observed[RestoreOutput]{State: sdk.Untouched, Detail: "No attempt came as far as a change."}, err
	}
	made := call.Input.object(v)
	found, err := made.Find(ctx, before.Key)
	switch {
	case err != nil:
		return seen, err
	case found == nil:
		seen.Detail = fmt.Sprintf("There is no %s of this step.", made)
		if call.Undo {
			seen.State = sdk.Done
		}
	default:
		phase := own.Text(found, "status", "phase")
		seen.Detail = fmt.Sprintf("The %s is %s.", made, phase)
		if phase == string(corev1.ClaimBound) && !call.Undo {
			seen.State, seen.Outputs = sdk.Done, restored(found, false)
		}
	}
	return seen, nil
}

// undoRestore deletes the claim where nobody uses it.
func (v volumes) undoRestore(ctx context.Context, call *sdk.Call[RestoreInput]) error {
	before, saved, err := sdk.LoadBefore[own.Before](call)
	if err != nil || !saved {
		return err
	}
	made := call.Input.object(v)
	found, err := made.Find(ctx, before.Key)
	if err != nil || found == nil {
		return err
	}
	users, err := v.users(ctx, made.Namespace, made.Name)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return sdk.Errorf(sdk.Conflict, "the %s is used by %s", made, strings.Join(users, ", "))
	}
	return v.Remove(ctx, cluster.Removal{
		Kind: made.Kind, Namespace: made.Namespace, Name: made.Name, UID: found.GetUID(),
		Timeout: call.Input.Timeout, Tell: func(seen string) { call.Progressf("%s", seen) },
	})
}
