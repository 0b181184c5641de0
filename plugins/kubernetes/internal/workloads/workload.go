package workloads

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Target names a workload.
type Target struct {
	Kind      string `json:"kind" default:"Deployment" enum:"Deployment,StatefulSet,DaemonSet" doc:"Kind of the workload."`
	Name      string `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"web" doc:"Name of the workload."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the workload; without it, the connection's."`
}

func (t Target) resource() string { return strings.ToLower(t.Kind) + "s" }

// String is the target as a person reads it: "Deployment shop/web".
func (t Target) String() string { return t.Kind + " " + t.Namespace + "/" + t.Name }

// workload is what the three kinds have in common.
type workload struct {
	Target
	setting.Object // as it was read

	selector   *metav1.LabelSelector
	template   corev1.PodTemplateSpec
	replicas   int32 // wanted; of a DaemonSet, as many as there are nodes for it
	seen       int64 // the generation that its controller has seen
	ready      int32
	updated    int32
	available  int32
	existing   int32
	conditions []Condition
	// untouched is how many pods a partition, or OnDelete, keeps on the old template.
	untouched int32
	// renewed is how many of the others are of the newest template.
	renewed int32
	paused  bool
}

// Condition is a condition of a workload.
type Condition struct {
	Type    string `json:"type" required:"true" doc:"What it is about, as Available or Progressing."`
	Status  string `json:"status" required:"true" doc:"True, False or Unknown."`
	Reason  string `json:"reason" doc:"One word that says why."`
	Message string `json:"message" doc:"A sentence that says why."`
}

// read reads a workload of any of the kinds.
func (w workloads) read(ctx context.Context, of Target) (*workload, error) {
	of = w.named(of)
	found, err := w.get(ctx, of)
	switch {
	case apierrors.IsNotFound(err):
		return nil, own.Missing("name", "there is no %s", of)
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the %s", of)
	}
	return found, nil
}

// look is read for an Observe, to which a workload that is gone is an answer.
func (w workloads) look(ctx context.Context, of Target) (found *workload, gone string, err error) {
	found, err = w.get(ctx, of)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Sprintf("There is no %s any more.", w.named(of)), nil
	}
	return found, "", cluster.FaultIn(ctx, err, "read the %s", w.named(of))
}

// get is read with the error of the API.
func (w workloads) get(ctx context.Context, of Target) (*workload, error) {
	of = w.named(of)
	apps := w.Kube.AppsV1()
	switch of.Kind {
	case "StatefulSet":
		return as(of, ofStatefulSet)(apps.StatefulSets(of.Namespace).Get(ctx, of.Name, metav1.GetOptions{}))
	case "DaemonSet":
		return as(of, ofDaemonSet)(apps.DaemonSets(of.Namespace).Get(ctx, of.Name, metav1.GetOptions{}))
	default:
		return as(of, ofDeployment)(apps.Deployments(of.Namespace).Get(ctx, of.Name, metav1.GetOptions{}))
	}
}

// as makes of an answer of the API a workload.
func as[T any](of Target, convert func(T) *workload) func(T, error) (*workload, error) {
	return func(answer T, err error) (*workload, error) {
		if err != nil {
			return nil, err
		}
		made := convert(answer)
		made.Target, made.renewed = of, min(made.updated, made.wanted())
		return made, nil
	}
}

func ofDeployment(d *appsv1.Deployment) *workload {
	w := &workload{
		Object: d, selector: d.Spec.Selector, template: d.Spec.Template, replicas: orOne(d.Spec.Replicas),
		seen: d.Status.ObservedGeneration, ready: d.Status.ReadyReplicas, updated: d.Status.UpdatedReplicas,
		available: d.Status.AvailableReplicas, existing: d.Status.Replicas, paused: d.Spec.Paused,
	}
	for _, c := range d.Status.Conditions {
		w.conditions = append(w.conditions, Condition{string(c.Type), string(c.Status), c.Reason, c.Message})
	}
	return w
}

func ofStatefulSet(s *appsv1.StatefulSet) *workload {
	w := &workload{
		Object: s, selector: s.Spec.Selector, template: s.Spec.Template, replicas: orOne(s.Spec.Replicas),
		seen: s.Status.ObservedGeneration, ready: s.Status.ReadyReplicas, updated: s.Status.UpdatedReplicas,
		available: s.Status.AvailableReplicas, existing: s.Status.Replicas,
	}
	switch update := s.Spec.UpdateStrategy; {
	case update.Type == appsv1.OnDeleteStatefulSetStrategyType:
		w.untouched = w.replicas
	case update.RollingUpdate != nil && update.RollingUpdate.Partition != nil:
		w.untouched = min(*update.RollingUpdate.Partition, w.replicas)
	}
	for _, c := range s.Status.Conditions {
		w.conditions = append(w.conditions, Condition{string(c.Type), string(c.Status), c.Reason, c.Message})
	}
	return w
}

func ofDaemonSet(s *appsv1.DaemonSet) *workload {
	w := &workload{
		Object: s, selector: s.Spec.Selector, template: s.Spec.Template, replicas: s.Status.DesiredNumberScheduled,
		seen: s.Status.ObservedGeneration, ready: s.Status.NumberReady, updated: s.Status.UpdatedNumberScheduled,
		available: s.Status.NumberAvailable, existing: s.Status.CurrentNumberScheduled,
	}
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		w.untouched = w.replicas
	}
	for _, c := range s.Status.Conditions {
		w.conditions = append(w.conditions, Condition{string(c.Type), string(c.Status), c.Reason, c.Message})
	}
	return w
}

func orOne(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

// images are the images of the containers, init containers among them, by name.
func (w *workload) images() map[string]string { return revision.Images(w.template) }

// patch changes the workload, which must still be as it was read but for its status, and
// returns it as it is then. Its error is the API's own.
func (w workloads) patch(ctx context.Context, of *workload, change map[string]any, dryRun []string) (*workload, error) {
	body, err := setting.Guarded(of, change)
	if err != nil {
		return nil, err
	}
	options := metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun}
	apps := w.Kube.AppsV1()
	var changed *workload
	switch of.Kind {
	case "StatefulSet":
		changed, err = as(of.Target, ofStatefulSet)(apps.StatefulSets(of.Namespace).Patch(ctx, of.Name, types.JSONPatchType, body, options))
	case "DaemonSet":
		changed, err = as(of.Target, ofDaemonSet)(apps.DaemonSets(of.Namespace).Patch(ctx, of.Name, types.JSONPatchType, body, options))
	default:
		changed, err = as(of.Target, ofDeployment)(apps.Deployments(of.Namespace).Patch(ctx, of.Name, types.JSONPatchType, body, options))
	}
	return changed, setting.Met(err, of, appsv1.Resource(of.resource()))
}

// change is patch for good.
func (w workloads) change(ctx context.Context, of *workload, change map[string]any) (*workload, error) {
	changed, err := w.patch(ctx, of, change, nil)
	return changed, cluster.FaultIn(ctx, err, "change the %s", of)
}

// foresee asks the server what a change would make of the workload: what admission
// would refuse, it refuses now.
func (w workloads) foresee(ctx context.Context, of *workload, change map[string]any) (sdk.Delta, error) {
	delta := sdk.Delta{Target: of.String(), Kind: of.Kind, Op: "update"}
	err := cluster.Again(func() error {
		live, err := w.read(ctx, of.Target)
		if err != nil {
			return err
		}
		planned, err := w.patch(ctx, live, change, []string{metav1.DryRunAll})
		if err != nil {
			return cluster.FaultIn(ctx, err, "foresee a change of the %s", of)
		}
		delta.Diff, err = diff.Typed(of.Kind, live.DeepCopyObject(), planned.DeepCopyObject())
		return err
	})
	return delta, err
}

// watch opens watches of the workload alone.
func (w workloads) watch(of Target) cluster.Source {
	kind := cluster.Kind{Name: of.Kind, Served: appsv1.SchemeGroupVersion.WithResource(of.resource()), Namespaced: true}
	return w.Watch(kind, of.Namespace, of.Name)
}

// named returns the target with its namespace.
func (w workloads) named(of Target) Target {
	of.Namespace = w.In(of.Namespace)
	return of
}

// right is what an action on the workload takes.
func (t Target) right(verb, subresource, words string) cluster.Right {
	return cluster.Right{
		Verb: verb, Group: "apps", Resource: t.resource(), Subresource: subresource, Namespace: t.Namespace, Name: t.Name,
		Words: fmt.Sprintf("%s the %s %s", words, t.Kind, t.Name),
	}
}

// patchRights are what a patch takes.
func (t Target) patchRights() []cluster.Right {
	return []cluster.Right{t.right("get", "", "read"), t.right("patch", "", "change")}
}

// templatePatch changes the pod template.
func templatePatch(change any) map[string]any {
	return map[string]any{"spec": map[string]any{"template": change}}
}
