package workloads

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// PartitionInput is what statefulset_partition is given.
type PartitionInput struct {
	Name      string `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"db" doc:"Name of the StatefulSet."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the StatefulSet; without it, the connection's."`
	Partition int32  `json:"partition" required:"true" min:"0" unit:"pods" example:"2" doc:"How many pods, counted from the first, are held back when the template changes. 0 holds back none; as many as there are pods, all."`
}

// PartitionOutput is what statefulset_partition returns.
type PartitionOutput struct {
	Partition int32 `json:"partition" required:"true" unit:"pods" doc:"How many pods are held back."`
	Before    int32 `json:"before" required:"true" unit:"pods" doc:"How many were held back before."`
	Changed   bool  `json:"changed" required:"true" doc:"Whether there was anything to change."`
	Replicas  int32 `json:"replicas" required:"true" unit:"pods" doc:"How many pods there shall be in all."`
	Canaries  int32 `json:"canaries" required:"true" unit:"pods" doc:"How many of them get the newest template."`
}

func (w workloads) partition() sdk.Action[PartitionInput, PartitionOutput] {
	target := func(in PartitionInput) Target { return w.named(Target{"StatefulSet", in.Name, in.Namespace}) }
	return setting.Setting[PartitionInput, PartitionOutput, *workload, int32]{
		Cluster: w.Cluster,
		Names:   []string{"name", "namespace"},
		Params:  []string{"partition"},
		Verb:    "set the partition of",
		Name:    func(in PartitionInput) string { return target(in).String() },
		Rights:  func(in PartitionInput) []cluster.Right { return target(in).patchRights() },
		Get:     func(ctx context.Context, in PartitionInput) (*workload, error) { return w.get(ctx, target(in)) },
		Value:   func(_ PartitionInput, live *workload) (int32, error) { return live.partition() },
		Want:    func(in PartitionInput, _ int32) int32 { return in.Partition },
		Put: func(ctx context.Context, live *workload, to int32, dryRun []string) (*workload, error) {
			update := map[string]any{"rollingUpdate": map[string]any{"partition": to}}
			return w.patch(ctx, live, map[string]any{"spec": map[string]any{"updateStrategy": update}}, dryRun)
		},
		Fields: func(int32, int32) [][]string {
			return [][]string{{"f:spec", "f:updateStrategy", "f:rollingUpdate", "f:partition"}}
		},
		State: func(partition int32) string { return fmt.Sprintf("has the partition %d", partition) },
		Summary: func(_ PartitionInput, c setting.Change[*workload, int32]) string {
			return fmt.Sprintf("would set the partition of the %s from %d to %d, so that %d of %d pods get the newest template",
				c.Live, c.Was, c.Want, c.Live.beyond(c.Want), c.Live.replicas)
		},
		Outputs: func(_ PartitionInput, c setting.Change[*workload, int32]) PartitionOutput {
			return PartitionOutput{
				Partition: c.Want, Before: c.Was, Changed: c.Changed(),
				Replicas: c.Live.replicas, Canaries: c.Live.beyond(c.Want),
			}
		},
		Foresee: foreseePartition,
	}.Action(sdk.Action[PartitionInput, PartitionOutput]{
		Name:    "statefulset_partition",
		Summary: "Set how many pods of a StatefulSet a change of its template leaves alone",
		Description: `For canaries: a partition as large as the StatefulSet holds all pods back while ` + "`set_image`" + ` changes the template; a
lower one lets it through to the pods beyond, the last one first. It does not wait for them; ` + "`rollout`" + ` does, and leaves out those
that are held back. A StatefulSet with the update strategy *OnDelete* has no partition.

Undo sets the partition that was there before. Pods that got a new template by then keep it, until the template itself is taken back. One
that never got ready keeps it even then, unless somebody deletes it, as ` + "`rollout_undo`" + ` does, and the undo of ` + "`set_image`" + `.`,
		Examples: []schema.Example{
			{Title: "Hold back two pods of three", With: map[string]any{"name": "db", "namespace": "shop", "partition": 2}},
			{Title: "Let all pods go", With: map[string]any{"name": "db", "namespace": "shop", "partition": 0}},
		},
	})
}

// partition is that of a StatefulSet, which only one of its update strategies has.
func (w *workload) partition() (int32, error) {
	set, is := w.Object.(*appsv1.StatefulSet)
	if !is || set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return 0, sdk.FieldErrorf("partition", "the %s has none, since its update strategy is OnDelete: a pod gets a new template when somebody deletes it", w)
	}
	if update := set.Spec.UpdateStrategy.RollingUpdate; update != nil && update.Partition != nil {
		return *update.Partition, nil
	}
	return 0, nil
}

// beyond is how many pods a partition does not hold back.
func (w *workload) beyond(partition int32) int32 { return max(0, w.replicas-partition) }

// foreseePartition warns of what a partition does not do.
func foreseePartition(_ context.Context, _ *sdk.Call[PartitionInput], c setting.Change[*workload, int32], plan *sdk.Preview) error {
	if c.Want > c.Was && c.Live.updated > c.Live.beyond(c.Want) {
		plan.Warnings = append(plan.Warnings, "Pods that have the newest template already keep it, although the partition would hold them back.")
	}
	return nil
}
