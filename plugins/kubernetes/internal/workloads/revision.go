package workloads

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// revisionAnnotation is where a Deployment's controller counts.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// revision is a template that a workload had, or has.
type revision struct {
	name   string // of the ReplicaSet or ControllerRevision that keeps it
	number int64
	images map[string]string
	// template is what replaces the pod template, as a strategic merge patch.
	template map[string]any
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
	made.template["$patch"] = "replace"
	var typed workload
	if err := json.Unmarshal(template, &typed.template); err != nil {
		return made, err
	}
	made.images = typed.images()
	return made, nil
}

// lookAgain is how long a controller is given to see a template.
const lookAgain = 100 * time.Millisecond

// settled reads the workload once its controller has seen its template, since only
// then its newest revision is the current one.
func (w workloads) settled(ctx context.Context, of Target) (*workload, []revision, error) {
	for {
		found, err := w.read(ctx, of)
		if err != nil {
			return nil, nil, err
		}
		if found.seen >= found.GetGeneration() {
			revisions, err := w.revisions(ctx, found)
			if err == nil && len(revisions) == 0 {
				err = sdk.Errorf(sdk.Transient, "the controller of the %s keeps no revision of it yet", found)
			}
			return found, revisions, err
		}
		if !cluster.Pause(ctx, lookAgain) {
			return nil, nil, context.Cause(ctx)
		}
	}
}
