package workloads_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// patient is a world whose Deployment rolls out another image, by a controller that gives up
// after ten minutes.
func patient(change func(*appsv1.Deployment)) func(testing.TB) sdktest.World {
	return rolling(func(d *appsv1.Deployment) {
		d.Spec.ProgressDeadlineSeconds = new(int32(600))
		change(d)
	}, "web:2")
}

// newPod waits for a pod with the new image.
func newPod(t *testing.T, namespace string) (found corev1.Pod) {
	t.Helper()
	lab.Eventually(t, "there is a new pod", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			if pod.Spec.Containers[0].Image == "web:2" && pod.Spec.NodeName != "" {
				found = pod
				return nil
			}
		}
		return errors.New("there is none")
	})
	return found
}

// becomes sets the status of a pod, as a kubelet does.
func becomes(t *testing.T, pod corev1.Pod, status string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().Pods(pod.Namespace).Patch(t.Context(), pod.Name, types.MergePatchType,
		[]byte(`{"status":`+status+`}`), metav1.PatchOptions{}, "status")
	lab.Must(t, err)
}

// warned has the kubelet warn of a pod.
func warned(t *testing.T, pod corev1.Pod, reason, message string) {
	t.Helper()
	tells(t, pod, corev1.EventTypeWarning, reason, message)
}

func tells(t *testing.T, pod corev1.Pod, kind, reason, message string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().Events(pod.Namespace).Create(t.Context(), &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "lab-"}, Type: kind, Reason: reason, Message: message, LastTimestamp: metav1.Now(),
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
}

const (
	starts = `{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}],
		"containerStatuses":[{"name":"main","image":"web:2","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ContainerCreating"}}}]}`
	runs = `{"phase":"Running","conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False","reason":"ContainersNotReady"}],
		"containerStatuses":[{"name":"main","image":"web:2","imageID":"","ready":false,"restartCount":0,"state":{"running":{}}}]}`
	noVolume = `MountVolume.SetUp failed for volume "conf" : configmap "web" not found`
	noDetach = `Multi-Attach error for volume "data" Volume is already exclusively attached to one node and can't be attached to another`
	noProbe  = "Readiness probe failed: HTTP probe failed with statuscode: 500"
)

// elsewhere puts new pods on a node without a kubelet, so that they stay as a test sets them.
func elsewhere(t *testing.T) func(*appsv1.Deployment) {
	node := shared.NoKubelet(t)
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.NodeName = node }
}

// What keeps a pod from starting is in its events alone.
func TestAPodThatCannotStartIsAStall(t *testing.T) {
	t.Parallel()
	world := patient(elsewhere(t))(t)
	pod := newPod(t, world.Params["namespace"].(string))
	becomes(t, pod, starts)
	warned(t, pod, "FailedMount", noVolume)
	_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "1s", "timeout": "20s"})), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "nothing moved for 1s", "pod "+pod.Name+" does not start: FailedMount: "+noVolume)
}

// A volume that another node still holds is there some minutes later, so that it ends no
// wait, however little patience there is.
func TestAVolumeThatIsStillDetachedIsNoStall(t *testing.T) {
	t.Parallel()
	world := patient(elsewhere(t))(t)
	pod := newPod(t, world.Params["namespace"].(string))
	becomes(t, pod, starts)
	warned(t, pod, "FailedAttachVolume", noDetach)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	host, ended, rollout := &sdktest.Host{}, make(chan error, 1), action(t, shared.Connect(t), "rollout")
	go func() {
		_, err := rollout.Apply(ctx, lab.Request(t, with(world.Params, map[string]any{"stall": "0s"})), host)
		ended <- err
	}()
	lab.Eventually(t, "it says so, and goes on", func(context.Context) error {
		select {
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		default:
		}
		return says(host, "pod "+pod.Name+" does not start: FailedAttachVolume: "+noDetach)
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v, want that it was cancelled", err)
	}
}

// A probe fails as well of what merely takes its time, so that it ends no wait. It is told
// all the same, and when the wait has ended otherwise.
func TestAPodThatDoesNotGetReadyIsExplained(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]struct {
		deadline int32
		class    sdk.Class
	}{"until the timeout": {600, sdk.Transient}, "until the controller gave up": {1, sdk.Permanent}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := patient(func(d *appsv1.Deployment) {
				elsewhere(t)(d)
				d.Spec.ProgressDeadlineSeconds = &use.deadline
			})(t)
			pod := newPod(t, world.Params["namespace"].(string))
			becomes(t, pod, runs)
			warned(t, pod, "Unhealthy", noProbe)
			_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "1s", "timeout": "8s"})), &sdktest.Host{})
			lab.Fails(t, err, use.class, "pod "+pod.Name+" is not ready: Unhealthy: "+noProbe)
			if strings.Contains(err.Error(), "no reason") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whoever may not read events hears that, and it is no reason to give up.
func TestEventsThatMayNotBeReadAreNoStall(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "waiter", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"statefulsets", "controllerrevisions"}, Verbs: []string{"get", "list", "watch"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}})
	world := sets(2, map[string]any{"kind": "StatefulSet", "stall": "1s"}, func(s *appsv1.StatefulSet) {
		s.Spec.Template.Annotations = map[string]string{"kubelab/ready-after": "8s"} // the second pod is made after that
	})(t)
	host := &sdktest.Host{}
	_, err := action(t, shared.ConnectAs(t, "waiter"), "rollout").Apply(t.Context(), lab.Request(t, world.Params), host)
	lab.Must(t, err)
	lab.Must(t, says(host, "its events may not be read"))
}

// What a pod has got over explains nothing: it merely takes its time.
func TestAWarningThatWasOvercomeIsNoStall(t *testing.T) {
	t.Parallel()
	world := patient(elsewhere(t))(t)
	pod := newPod(t, world.Params["namespace"].(string))
	becomes(t, pod, starts)
	warned(t, pod, "FailedMount", noVolume)
	tells(t, pod, corev1.EventTypeNormal, "Pulling", "Pulling image web:2")
	_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "1s", "timeout": "4s"})), &sdktest.Host{})
	lab.Fails(t, err, sdk.Transient, "pod "+pod.Name+" does not start")
}

// A pod that was evicted is kept as one that failed, long after there was another in its place.
func TestAPodThatWasEvictedIsNoStall(t *testing.T) {
	t.Parallel()
	world := patient(func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{"kubelab/ready-after": "6s"}
	})(t)
	becomes(t, newPod(t, world.Params["namespace"].(string)), `{"phase":"Failed","reason":"Evicted","message":"The node was low on memory.","containerStatuses":null}`)
	host := &sdktest.Host{}
	_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "2s"})), host)
	lab.Must(t, err)
	lab.Must(t, says(host, "failed: Evicted, The node was low on memory. (pod web-"))
}

// A pod that its node refuses is made again and again, and each time refused, so that none of
// them is merely over.
func TestPodsThatNoNodeTakesAreAStall(t *testing.T) {
	t.Parallel()
	world := patient(elsewhere(t))(t)
	namespace := world.Params["namespace"].(string)
	first := newPod(t, namespace)
	becomes(t, first, `{"phase":"Failed","reason":"OutOfcpu","message":"Node didn't have enough resource: cpu"}`)
	lab.Eventually(t, "there is another pod in its place", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Pending"})
		if err == nil && len(pods.Items) == 0 {
			err = errors.New("there is none")
		}
		return err
	})
	_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "1s"})), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "nothing moved for 1s", "failed: OutOfcpu, Node didn't have enough resource: cpu (pod "+first.Name)
}

// A pod that runs and takes its time hides none that cannot start, however much older it is.
func TestAPodThatTakesItsTimeHidesNoneThatCannotStart(t *testing.T) {
	t.Parallel()
	world := patient(func(d *appsv1.Deployment) {
		elsewhere(t)(d)
		d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	})(t)
	namespace, older := world.Params["namespace"].(string), corev1.Pod{}
	var younger corev1.Pod
	lab.Eventually(t, "there are two new pods", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Pending"})
		if err != nil || len(pods.Items) != 2 {
			return errors.Join(err, errors.New("there are not"))
		}
		older, younger = pods.Items[0], pods.Items[1]
		return nil
	})
	becomes(t, older, runs)
	becomes(t, younger, starts)
	warned(t, younger, "FailedMount", noVolume)
	_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "1s"})), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "pod "+younger.Name+" does not start: FailedMount: "+noVolume)
}

// A selector may meet pods that are not the workload's.
func TestPodsOfSomebodyElseExplainNothing(t *testing.T) {
	t.Parallel()
	world := patient(func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{"kubelab/ready-after": "3s"}
	})(t)
	namespace, template := world.Params["namespace"].(string), lab.Template("web", "tool:bad")
	_, err := shared.Kube.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "tool", Labels: template.Labels}, Spec: template.Spec,
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	awaitIll(t, namespace, 1)
	host := &sdktest.Host{}
	_, err = action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"stall": "1s"})), host)
	lab.Must(t, err)
	if says(host, "tool") == nil {
		t.Errorf("it said %v", host.ProgressTold())
	}
}

// To bear no standstill is to end at the first reason, and not without one.
func TestNoPatienceTakesAReason(t *testing.T) {
	t.Parallel()
	now := map[string]any{"stall": "0s"}
	rollout := action(t, shared.Connect(t), "rollout")
	world := patient(func(*appsv1.Deployment) {})(t)
	_, err := rollout.Apply(t.Context(), lab.Request(t, with(world.Params, now)), &sdktest.Host{})
	lab.Must(t, err)
	world = rolling(func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = new(int32(600)) }, "web:bad")(t)
	_, err = rollout.Apply(t.Context(), lab.Request(t, with(world.Params, now)), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "ImagePullBackOff")
}
