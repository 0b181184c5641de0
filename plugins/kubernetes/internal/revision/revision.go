// Package revision reads the pod templates that the controllers of workloads keep: those
// that a workload had, and the one that it has. It leaves out how one gets from one to
// another.
package revision

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// numberAnnotation is where a Deployment's controller counts.
const numberAnnotation = "deployment.kubernetes.io/revision"

// Revision is a template that a workload had, or has.
type Revision struct {
	Name     string // of the ReplicaSet or ControllerRevision that keeps it
	Number   int64
	Images   map[string]string // of its containers, by their names
	Template map[string]any

	created time.Time
}

// Of is the workload that is asked about.
type Of struct {
	metav1.Object
	Kind     string
	Selector *metav1.LabelSelector
	Template corev1.PodTemplateSpec // that it has, for who knows it again
}

// String is the workload as a person reads it: "Deployment shop/web".
func (o Of) String() string { return o.Kind + " " + o.GetNamespace() + "/" + o.GetName() }

// Right is the right to list what keeps the revisions of workloads of a kind.
func Right(kind, namespace string) cluster.Right {
	kept := "controllerrevisions"
	if kind == "Deployment" {
		kept = "replicasets"
	}
	return cluster.Right{Verb: "list", Group: "apps", Resource: kept, Namespace: namespace}
}

// List returns what the workload's controller keeps, the newest first; that one is the
// current template, once the controller has seen it.
func List(ctx context.Context, c *cluster.Cluster, of Of) ([]Revision, error) {
	selector, err := metav1.LabelSelectorAsSelector(of.Selector)
	if err != nil {
		return nil, err
	}
	options := metav1.ListOptions{LabelSelector: selector.String()}
	var found []Revision
	if of.Kind == "Deployment" {
		found, err = replicaSets(ctx, c, of, options)
	} else {
		found, err = controllerRevisions(ctx, c, of, options)
	}
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the revisions of the %s", of)
	}
	slices.SortFunc(found, func(a, b Revision) int { return cmp.Compare(b.Number, a.Number) })
	return found, nil
}

func replicaSets(ctx context.Context, c *cluster.Cluster, of Of, options metav1.ListOptions) ([]Revision, error) {
	sets, err := c.Kube.AppsV1().ReplicaSets(of.GetNamespace()).List(ctx, options)
	if err != nil {
		return nil, err
	}
	var found []Revision
	for _, set := range sets.Items {
		number, err := strconv.ParseInt(set.Annotations[numberAnnotation], 10, 64)
		if err != nil || !metav1.IsControlledBy(&set, of) {
			continue
		}
		delete(set.Spec.Template.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		text, err := json.Marshal(set.Spec.Template)
		if err != nil {
			return nil, err
		}
		made, err := parse(set.ObjectMeta, number, text)
		if err != nil {
			return nil, err
		}
		found = append(found, made)
	}
	return found, nil
}

func controllerRevisions(ctx context.Context, c *cluster.Cluster, of Of, options metav1.ListOptions) ([]Revision, error) {
	kept, err := c.Kube.AppsV1().ControllerRevisions(of.GetNamespace()).List(ctx, options)
	if err != nil {
		return nil, err
	}
	var found []Revision
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
		made, err := parse(one.ObjectMeta, one.Revision, patch.Spec.Template)
		if err != nil {
			return nil, err
		}
		found = append(found, made)
	}
	return found, nil
}

func parse(by metav1.ObjectMeta, number int64, text []byte) (Revision, error) {
	made := Revision{Name: by.Name, Number: number, created: by.CreationTimestamp.Time}
	if err := json.Unmarshal(text, &made.Template); err != nil {
		return made, err
	}
	delete(made.Template, "$patch") // a ControllerRevision is a patch
	var typed corev1.PodTemplateSpec
	if err := json.Unmarshal(text, &typed); err != nil {
		return made, err
	}
	made.Images = Images(typed)
	return made, nil
}

// Images are the images of a template's containers, init containers among them, by name.
func Images(of corev1.PodTemplateSpec) map[string]string {
	images := map[string]string{}
	for _, containers := range [][]corev1.Container{of.Spec.InitContainers, of.Spec.Containers} {
		for _, container := range containers {
			images[container.Name] = container.Image
		}
	}
	return images
}

// Named returns the revision of a name, of those of a workload.
func Named(of fmt.Stringer, revisions []Revision, name string) (Revision, error) {
	i := slices.IndexFunc(revisions, func(r Revision) bool { return r.Name == name })
	if i < 0 {
		return Revision{}, sdk.Errorf(sdk.Permanent, "the revision %s of the %s is no longer kept", name, of)
	}
	return revisions[i], nil
}

// ImageFields are where managedFields keep who set the images that differ. A name is that
// of one container, in one of the two lists.
func ImageFields(a, b map[string]string) [][]string {
	var paths [][]string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if a[name] == b[name] {
			continue
		}
		for _, list := range []string{"f:containers", "f:initContainers"} {
			paths = append(paths, []string{"f:spec", "f:template", "f:spec", list, `k:{"name":"` + name + `"}`, "f:image"})
		}
	}
	return paths
}

// Has says whether the template has these images, by the names of their containers.
func (r Revision) Has(images map[string]string) bool {
	for name, image := range images {
		if r.Images[name] != image {
			return false
		}
	}
	return true
}

// Keeps says whether it is a template that the revision keeps, as it can be asked before the
// controller has seen that. A template that came another way may be the same but for what
// the API server filled in.
func (r Revision) Keeps(template corev1.PodTemplateSpec) bool {
	text, err := json.Marshal(r.Template)
	if err != nil {
		return false
	}
	var kept corev1.PodTemplateSpec
	return json.Unmarshal(text, &kept) == nil && equality.Semantic.DeepEqual(kept, template)
}

// Made says whether a pod of the workload of a name was made from the revision.
func (r Revision) Made(pod corev1.Pod, workload string) bool {
	if owner := metav1.GetControllerOf(&pod); owner != nil && owner.Kind == "ReplicaSet" {
		return owner.Name == r.Name
	}
	// A DaemonSet's controller leaves its own name out.
	hash := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	return hash == r.Name || workload+"-"+hash == r.Name
}
