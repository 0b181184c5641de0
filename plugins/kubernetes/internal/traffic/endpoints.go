package traffic

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// backends are the pods behind a selector.
type backends struct {
	all   sets.Set[types.UID]
	ready sets.Set[types.UID] // those that clients can be sent to
}

// sentence says how many are ready: "1 of 3 pods behind color=green are ready".
func (b backends) sentence(selector map[string]string) string {
	return fmt.Sprintf("%d of %d pods behind %s are ready", len(b.ready), len(b.all), labels.FormatLabels(selector))
}

// behind counts the pods that a Service would send clients to, were this its selector.
func (t traffic) behind(ctx context.Context, service *corev1.Service, selector map[string]string) (backends, error) {
	found := backends{sets.Set[types.UID]{}, sets.Set[types.UID]{}}
	pods, err := t.Kube.CoreV1().Pods(service.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(selector).String()})
	if err != nil {
		return found, cluster.FaultIn(ctx, err, "list the pods in %s", service.Namespace)
	}
	for _, pod := range pods.Items {
		if cluster.IsOver(&pod) {
			continue
		}
		found.all.Insert(pod.UID)
		if serves(service, &pod) {
			found.ready.Insert(pod.UID)
		}
	}
	return found, nil
}

// serves says whether clients of the Service can be sent to a pod.
func serves(service *corev1.Service, pod *corev1.Pod) bool {
	if pod.Status.PodIP == "" || !hasPorts(service, pod) {
		return false
	}
	if service.Spec.PublishNotReadyAddresses {
		return true
	}
	return cluster.IsReady(pod) && pod.DeletionTimestamp == nil
}

// hasPorts says whether the pod has the ports that the Service knows by their name
// alone. Of a pod that does not, the EndpointSlices have an address and no port.
func hasPorts(service *corev1.Service, pod *corev1.Pod) bool {
	named := sets.Set[string]{}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			named.Insert(port.Name)
		}
	}
	for _, port := range service.Spec.Ports {
		if port.TargetPort.Type == intstr.String && !named.Has(port.TargetPort.StrVal) {
			return false
		}
	}
	return true
}

// following lets a switch wait until the EndpointSlices have followed, where it shall.
func (t traffic) following(a sdk.Action[SelectorInput, SelectorOutput]) sdk.Action[SelectorInput, SelectorOutput] {
	change, observe, undo := a.Apply, a.Observe, a.Undo
	a.Apply = func(ctx context.Context, call *sdk.Call[SelectorInput]) (SelectorOutput, error) {
		out, err := change(ctx, call)
		if err != nil {
			return SelectorOutput{}, err
		}
		out.Endpoints, err = t.follow(ctx, call, out.Selector)
		return out, err
	}
	a.Observe = func(ctx context.Context, call *sdk.Call[SelectorInput]) (sdk.Observed[SelectorOutput], error) {
		seen, err := observe(ctx, call)
		if err != nil || seen.State != sdk.Done || call.Undo {
			return seen, err
		}
		how, ready, followed, err := t.lookAtSlices(ctx, call.Input, seen.Outputs.Selector)
		if seen.Outputs.Endpoints = ready; !followed {
			seen.State, seen.Detail = sdk.NotDone, "Of the EndpointSlices, "+how+"."
		}
		return seen, err
	}
	a.Undo = func(ctx context.Context, call *sdk.Call[SelectorInput]) error {
		was, set, saved, err := t.selection().Saved(call)
		if err != nil || !saved {
			return err
		}
		err = undo(ctx, call)
		if err != nil || call.Input.Wait == 0 || maps.Equal(was, set) {
			return err
		}
		// What is taken back next may be the pods that clients still are sent to.
		_, err = t.follow(ctx, call, was)
		return err
	}
	return a
}

// follow waits until the EndpointSlices have followed a selector that was set, and returns
// how many endpoints are ready.
func (t traffic) follow(ctx context.Context, call *sdk.Call[SelectorInput], set map[string]string) (ready int, err error) {
	in, namespace := call.Input, t.In(call.Input.Namespace)
	if in.Wait == 0 {
		_, ready, _, err = t.lookAtSlices(ctx, in, set)
		return ready, err
	}
	err = cluster.Await(ctx, cluster.Awaited{
		What:    fmt.Sprintf("the EndpointSlices of the Service %s/%s have followed its selector", namespace, in.Name),
		Timeout: in.Wait,
		Look: func(ctx context.Context) (seen string, done bool, err error) {
			seen, ready, done, err = t.lookAtSlices(ctx, in, set)
			return seen, done, err
		},
		Tell: func(seen string) { call.Progressf("%s", seen) },
		Sources: []cluster.Source{func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = discoveryv1.LabelServiceName + "=" + in.Name
			return t.Watching.DiscoveryV1().EndpointSlices(namespace).Watch(ctx, options)
		}},
	})
	return ready, err
}

// lookAtSlices says how far the EndpointSlices have followed the selector that was set.
// They have when they hold what is ready behind it, and nothing that is not behind it.
// Where they are not waited for, they need not be readable.
func (t traffic) lookAtSlices(ctx context.Context, in SelectorInput, set map[string]string) (seen string, ready int, followed bool, err error) {
	namespace, slices := t.In(in.Namespace), &discoveryv1.EndpointSliceList{}
	if in.Wait > 0 {
		slices, err = t.Kube.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{
			LabelSelector: labels.FormatLabels(map[string]string{discoveryv1.LabelServiceName: in.Name, discoveryv1.LabelManagedBy: sliceController}),
		})
		if err != nil {
			return "", 0, false, cluster.FaultIn(ctx, err, "list the EndpointSlices in %s", namespace)
		}
	}
	// It is read after them, so that who switched it before they followed is seen.
	service, err := t.Kube.CoreV1().Services(namespace).Get(ctx, in.Name, metav1.GetOptions{})
	if err != nil {
		return "", 0, false, cluster.FaultIn(ctx, err, "read the Service %s/%s", namespace, in.Name)
	}
	if err := t.selection().Stays(in, service, set); err != nil {
		return "", 0, false, err
	}
	pods, err := t.behind(ctx, service, set)
	if err != nil || in.Wait == 0 {
		return "", len(pods.ready), true, err
	}
	missing, stale := pods.ready.Clone(), sets.Set[types.UID]{}
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			switch {
			case endpoint.TargetRef == nil:
			case !pods.all.Has(endpoint.TargetRef.UID):
				stale.Insert(endpoint.TargetRef.UID)
			case endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready:
				missing.Delete(endpoint.TargetRef.UID)
			}
		}
	}
	seen = fmt.Sprintf("%d/%d endpoints have followed, %d of the old are left", len(pods.ready)-len(missing), len(pods.ready), len(stale))
	return seen, len(pods.ready), len(missing)+len(stale) == 0, nil
}

// sliceController is who keeps the EndpointSlices of Services with a selector. Others
// belong to whoever made them.
const sliceController = "endpointslice-controller.k8s.io"
