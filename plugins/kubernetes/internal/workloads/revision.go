package workloads

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/replacing"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/schema"
)

// listKept is the right to list what keeps the revisions.
func (t Target) listKept() cluster.Right { return revision.Right(t.Kind, t.Namespace) }

// revisions returns the templates that the workload's controller keeps, the newest first.
func (w workloads) revisions(ctx context.Context, of *workload) ([]revision.Revision, error) {
	return revision.List(ctx, w.Cluster, of.kept())
}

// kept is what the workload's revisions are found by.
func (w *workload) kept() revision.Of {
	return revision.Of{Object: w, Kind: w.Kind, Selector: w.selector, Template: w.template}
}

// explain says why a rollout does not move.
func (w workloads) explain(ctx context.Context, of *workload, still bool) (replacing.Explained, error) {
	rollout := replacing.Rollout{Cluster: w.Cluster, Of: of.kept(), Counted: of.counted(), Short: of.existing < of.replicas, Still: still}
	for _, c := range of.conditions {
		if c.Type == "ReplicaFailure" && c.Status == "True" {
			rollout.Failed = append(rollout.Failed, c.Reason+": "+c.Message)
		}
	}
	return rollout.Explain(ctx)
}

// count corrects by the pods what the controller's numbers do not tell, see [replacing.LetGo].
func (w workloads) count(ctx context.Context, of *workload) error {
	set, is := of.Object.(*appsv1.StatefulSet)
	if !is || of.untouched == 0 || of.untouched == of.replicas {
		return nil
	}
	renewed, ready, err := replacing.LetGo(ctx, w.Cluster, set)
	of.renewed, of.available = renewed, min(of.available, of.untouched+ready)
	return err
}

// taken is a template of a workload that was taken back: that of the revisions of which is
// is true.
func (w workloads) taken(of Target, is func(revision.Revision) bool, tell func(seen string)) replacing.Taken {
	of = w.named(of)
	return replacing.Taken{Cluster: w.Cluster, Kind: of.Kind, Namespace: of.Namespace, Name: of.Name, Is: is, Tell: tell}
}

// settled reads the workload once its controller has seen its template, since only
// then its newest revision is the current one.
func (w workloads) settled(ctx context.Context, of Target, timeout schema.Duration, tell func(seen string)) (found *workload, revisions []revision.Revision, err error) {
	of = w.named(of)
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the controller of the %s has seen its newest change", of), Timeout: timeout, Tell: tell,
		Look: func(ctx context.Context) (seen string, done bool, err error) {
			if found, err = w.read(ctx, of); err != nil {
				return "", false, err
			}
			if !found.counted() {
				return fmt.Sprintf("it has seen generation %d of %d", found.seen, found.GetGeneration()), false, nil
			}
			revisions, err = w.revisions(ctx, found)
			return "it keeps no revision yet", len(revisions) > 0, err
		},
		Sources: []cluster.Source{w.watch(of)},
	})
	return found, revisions, err
}
