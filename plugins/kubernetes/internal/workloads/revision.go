package workloads

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/schema"
)

// revisionAnnotation is where a Deployment's controller counts.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// revision is a template that a workload had, or has.
type revision struct {
	name     string // of the ReplicaSet or ControllerRevision that keeps it
	number   int64
	images   map[string]string
	template map[string]any
}

// listKept is the right to list what keeps the revisions.
func (t Target) listKept() cluster.Right {
	kept := "controllerrevisions"
	if t.Kind == "Deployment" {
		kept = "replicasets"
	}
	return cluster.Right{Verb: "list", Group: "apps", Resource: kept, Namespace: t.Namespace}
}

// revisions returns what the workload's controller keeps, the newest first; that one is
// the current template, once the controller has seen it.
func (w workloads) revisions(ctx context.Context, of *workload) ([]revision, error) {
	selector, err := metav1.LabelSelectorAsSelector(of.selector)
	if err != nil {
		return nil, err
	}
	options := metav1.ListOptions{LabelSelector: selector.String()}
	var found []revision
	if of.Kind == "Deployment" {
		found, err = w.replicaSets(ctx, of, options)
	} else {
		found, err = w.controllerRevisions(ctx, of, options)
	}
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the revisions of the %s", of)
	}
	slices.SortFunc(found, func(a, b revision) int { return cmp.Compare(b.number, a.number) })
	return found, nil
}

func (w workloads) replicaSets(ctx context.Context, of *workload, options metav1.ListOptions) ([]revision, error) {
	sets, err := w.Kube.AppsV1().ReplicaSets(of.Namespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	var found []revision
	for _, set := range sets.Items {
		number, err := strconv.ParseInt(set.Annotations[revisionAnnotation], 10, 64)
		if err != nil || !metav1.IsControlledBy(&set, of) {
			continue
		}
		delete(set.Spec.Template.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		text, err := json.Marshal(set.Spec.Template)
		if err != nil {
			return nil, err
		}
		made, err := newRevision(set.Name, number, text)
		if err != nil {
			return nil, err
		}
		found = append(found, made)
	}
	return found, nil
}

func (w workloads) controllerRevisions(ctx context.Context, of *workload, options metav1.ListOptions) ([]revision, error) {
	kept, err := w.Kube.AppsV1().ControllerRevisions(of.Namespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	var found []revision
	for _, one := range kept.Items {
		if !metav1.IsControlledBy(&one, of) {
			continue
		}
		var patch struct {
			Spec struct {
				Template json.RawMessage `json:"template"`
			} `json:"spec"`
		}
		if err := json.Unmarshal(one.Data.Raw, &patch); err != nil {
			return nil, err
		}
		made, err := newRevision(one.Name, one.Revision, patch.Spec.Template)
		if err != nil {
			return nil, err
		}
		found = append(found, made)
	}
	return found, nil
}

func newRevision(name string, number int64, template []byte) (revision, error) {
	made := revision{name: name, number: number}
	if err := json.Unmarshal(template, &made.template); err != nil {
		return made, err
	}
	delete(made.template, "$patch") // a ControllerRevision is a patch
	var typed workload
	if err := json.Unmarshal(template, &typed.template); err != nil {
		return made, err
	}
	made.images = typed.images()
	return made, nil
}

// settled reads the workload once its controller has seen its template, since only
// then its newest revision is the current one.
func (w workloads) settled(ctx context.Context, of Target, timeout schema.Duration, tell func(seen string)) (found *workload, revisions []revision, err error) {
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
