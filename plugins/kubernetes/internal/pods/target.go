package pods

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Target says which pods are meant, and which container of each.
type Target struct {
	Pod       string `json:"pod" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"db-0" doc:"Name of the pod."`
	Selector  string `json:"selector" minLength:"1" example:"app=web,tier!=cache" doc:"Label selector of the pods."`
	Workload  string `json:"workload" pattern:"^(deployment|statefulset|daemonset|job)/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" example:"deployment/web" doc:"The pods of a workload: its kind and name."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the pods; without it, the connection's."`
	Container string `json:"container" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"main" doc:"Name of the container; without it, the one that the pod's annotation kubectl.kubernetes.io/default-container names, or else its first."`
}

// targetRule is the one that [Target.valid] holds Go callers to.
func targetRule() schema.Rule {
	return schema.Rule{
		Expr:    "[has(self.pod), has(self.selector), has(self.workload)].filter(given, given).size() == 1",
		Message: "Give one of pod, selector and workload.",
	}
}

// isKnown says whether what names pods is known.
func isKnown(asked sdk.Request) bool {
	return asked.Knows("pod", "selector", "workload", "namespace", "container")
}

func (t Target) valid() error {
	given := 0
	for _, value := range []string{t.Pod, t.Selector, t.Workload} {
		if value != "" {
			given++
		}
	}
	if given != 1 {
		return sdk.FieldErrorf("pod", "or selector or workload must be given, and only one of them")
	}
	if _, err := labels.Parse(t.Selector); err != nil {
		return sdk.FieldErrorf("selector", "%w", err)
	}
	return nil
}

// String is the target as a person reads it.
func (t Target) String() string {
	switch {
	case t.Pod != "":
		return fmt.Sprintf("the pod %s/%s", t.Namespace, t.Pod)
	case t.Workload != "":
		return fmt.Sprintf("the pods of %s in %s", t.Workload, t.Namespace)
	default:
		return fmt.Sprintf("the pods with %s in %s", t.Selector, t.Namespace)
	}
}

// field is the parameter that names the pods.
func (t Target) field() string {
	switch {
	case t.Pod != "":
		return "pod"
	case t.Workload != "":
		return "workload"
	default:
		return "selector"
	}
}

// rights are what finding the pods takes.
func (t Target) rights() []cluster.Right {
	if t.Pod != "" {
		return []cluster.Right{{Verb: "get", Resource: "pods", Namespace: t.Namespace, Name: t.Pod}}
	}
	rights := []cluster.Right{{Verb: "list", Resource: "pods", Namespace: t.Namespace}}
	if kind, name, is := strings.Cut(t.Workload, "/"); is {
		group := "apps"
		if kind == "job" {
			group = "batch"
		}
		rights = append(rights, cluster.Right{Verb: "get", Group: group, Resource: kind + "s", Namespace: t.Namespace, Name: name})
	}
	return rights
}

// find reads the pods that are meant, by name. There is at least one. Those that are on
// their way out are left out, unless asked for by name.
func (p pods) find(ctx context.Context, t Target) ([]corev1.Pod, error) {
	if t.Pod != "" {
		found, err := p.Kube.CoreV1().Pods(t.Namespace).Get(ctx, t.Pod, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil, sdk.FieldErrorf("pod", "there is no pod %s/%s", t.Namespace, t.Pod)
		case err != nil:
			return nil, cluster.FaultIn(ctx, err, "read %s", t)
		}
		return []corev1.Pod{*found}, nil
	}
	selector, err := p.selector(ctx, t)
	if err != nil {
		return nil, err
	}
	list, err := p.Kube.CoreV1().Pods(t.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list %s", t)
	}
	found := slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
	if len(found) == 0 {
		return nil, sdk.FieldErrorf(t.field(), "there is none of %s", t)
	}
	slices.SortFunc(found, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// selector is that of the pods, which a workload says itself.
func (p pods) selector(ctx context.Context, t Target) (string, error) {
	kind, name, is := strings.Cut(t.Workload, "/")
	if !is {
		return t.Selector, nil
	}
	var said *metav1.LabelSelector
	var err error
	switch kind {
	case "deployment":
		found, getErr := p.Kube.AppsV1().Deployments(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		said, err = found.Spec.Selector, getErr
	case "statefulset":
		found, getErr := p.Kube.AppsV1().StatefulSets(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		said, err = found.Spec.Selector, getErr
	case "daemonset":
		found, getErr := p.Kube.AppsV1().DaemonSets(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		said, err = found.Spec.Selector, getErr
	case "job":
		found, getErr := p.Kube.BatchV1().Jobs(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		said, err = found.Spec.Selector, getErr
	}
	switch {
	case apierrors.IsNotFound(err):
		return "", sdk.FieldErrorf("workload", "there is no %s in %s", t.Workload, t.Namespace)
	case err != nil:
		return "", cluster.FaultIn(ctx, err, "read %s in %s", t.Workload, t.Namespace)
	}
	return metav1.FormatLabelSelector(said), nil
}
