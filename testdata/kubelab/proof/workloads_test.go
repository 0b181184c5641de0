package proof

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

// TestWorkloads proves on one cluster what the real controllers make of simulated
// pods.
func TestWorkloads(t *testing.T) {
	l := start(t, t.TempDir())
	for name, prove := range map[string]func(*testing.T, *lab){
		"Deployment":  proveDeployment,
		"StatefulSet": proveStatefulSet,
		"Crash":       proveCrash,
		"InitPods":    proveInitContainers,
		"Drain":       proveDrain,
		"Jobs":        proveJobs,
		"Containers":  proveContainers,
		"Access":      proveAccess,
		"Durations":   proveDurations,
	} {
		t.Run(name, func(t *testing.T) { prove(t, l) })
	}
}

// A Deployment rolls out, changes its image, stalls on one that cannot be pulled
// until its deadline is exceeded, and is taken back.
func proveDeployment(t *testing.T, l *lab) {
	ns := l.namespace(t)
	l.deploy(t, ns, "web", "web:1", 5)
	eventually(t, "the first version runs", l.podsRun(ns, "web", "web:1", 5))

	l.kubectl(t, "--namespace", ns, "set", "image", "deployment/web", "main=web:2")
	l.awaitRollout(t, ns, "deployment/web")
	eventually(t, "the second version runs", l.podsRun(ns, "web", "web:2", 5))

	l.kubectl(t, "--namespace", ns, "set", "image", "deployment/web", "main=web:bad")
	out, err := l.tryKubectl("--namespace", ns, "rollout", "status", "deployment/web", "--timeout=60s")
	if err == nil || !strings.Contains(out, "exceeded its progress deadline") {
		t.Errorf("rollout status of a bad image: %v\n%s", err, out)
	}
	eventually(t, "the deadline is exceeded", func(ctx context.Context) error {
		return l.stalled(ctx, ns, "web")
	})
	pods, err := l.pods(t.Context(), ns, "web")
	must(t, err)
	for _, pod := range pods {
		bad := pod.Spec.Containers[0].Image == "web:bad"
		if bad != (waitingFor(pod) == "ImagePullBackOff") || bad == podReady(pod) {
			t.Errorf("%s with %s: waits for %q, ready: %v", pod.Name, pod.Spec.Containers[0].Image, waitingFor(pod), podReady(pod))
		}
	}

	l.kubectl(t, "--namespace", ns, "rollout", "undo", "deployment/web")
	l.awaitRollout(t, ns, "deployment/web")
	eventually(t, "the second version is back", l.podsRun(ns, "web", "web:2", 5))
}

// stalled complains until a Deployment says that its deadline is exceeded.
func (l *lab) stalled(ctx context.Context, namespace, name string) error {
	deployment, err := l.client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse &&
			condition.Reason == "ProgressDeadlineExceeded" {
			return nil
		}
	}
	return fmt.Errorf("its conditions are %v", deployment.Status.Conditions)
}

func proveStatefulSet(t *testing.T, l *lab) {
	ns := l.namespace(t)
	_, err := l.client.AppsV1().StatefulSets(ns).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(3)), ServiceName: "db", Selector: selector("db"), Template: template("db", "db:1"),
		},
	}, metav1.CreateOptions{})
	must(t, err)
	l.awaitRollout(t, ns, "statefulset/db")
	eventually(t, "the first version runs", l.podsRun(ns, "db", "db:1", 3))
	l.kubectl(t, "--namespace", ns, "set", "image", "statefulset/db", "main=db:2")
	l.awaitRollout(t, ns, "statefulset/db")
	eventually(t, "the second version runs", l.podsRun(ns, "db", "db:2", 3))
	for i := range 3 {
		_, err := l.client.CoreV1().Pods(ns).Get(t.Context(), fmt.Sprintf("db-%d", i), metav1.GetOptions{})
		must(t, err)
	}
}

func proveCrash(t *testing.T, l *lab) {
	ns := l.namespace(t)
	l.kubectl(t, "--namespace", ns, "create", "deployment", "web", "--image=web:crash")
	eventually(t, "the pod crashes", func(ctx context.Context) error {
		pods, err := l.pods(ctx, ns, "web")
		if err != nil {
			return err
		}
		if len(pods) == 1 && waitingFor(pods[0]) == "CrashLoopBackOff" && !podReady(pods[0]) {
			return nil
		}
		return fmt.Errorf("the pods are %v", pods)
	})
}

// Init containers complete, but for one that is a sidecar, which goes on.
func proveInitContainers(t *testing.T, l *lab) {
	ns := l.namespace(t)
	pod := corev1.Pod{ObjectMeta: template("web", "").ObjectMeta, Spec: template("web", "web:1").Spec}
	pod.Name = "web"
	pod.Spec.InitContainers = []corev1.Container{
		{Name: "migrate", Image: "migrate:1"},
		{Name: "proxy", Image: "proxy:1", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)},
	}
	eventually(t, "the pod is made", func(ctx context.Context) error { // once the namespace has its account
		_, err := l.client.CoreV1().Pods(ns).Create(ctx, &pod, metav1.CreateOptions{})
		return err
	})
	eventually(t, "the pod runs", l.podsRun(ns, "web", "web:1", 1))
	got, err := l.client.CoreV1().Pods(ns).Get(t.Context(), "web", metav1.GetOptions{})
	must(t, err)
	states := got.Status.InitContainerStatuses
	if len(states) != 2 || states[0].State.Terminated == nil || states[1].State.Running == nil {
		t.Errorf("the init containers are %v", states)
	}
}

// A PodDisruptionBudget keeps a node from being drained until it can be kept.
func proveDrain(t *testing.T, l *lab) {
	const name = "drained" // a drain looks into all namespaces, where others have pods of their own
	ns := l.namespace(t)
	l.deploy(t, ns, name, "web:1", 2)
	_, err := l.client.PolicyV1().PodDisruptionBudgets(ns).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(2)), Selector: selector(name)},
	}, metav1.CreateOptions{})
	must(t, err)
	pods, err := l.pods(t.Context(), ns, name)
	must(t, err)
	pod, node := pods[0].Name, pods[0].Spec.NodeName

	err = l.client.PolicyV1().Evictions(ns).Evict(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: ns}})
	if !apierrors.IsTooManyRequests(err) {
		t.Errorf("evicting a pod that the budget protects: %v, want code 429", err)
	}
	drain := []string{"drain", node, "--pod-selector=app=" + name, "--timeout=3s"}
	if out, err := l.tryKubectl(drain...); err == nil || !strings.Contains(out, "would violate the pod's disruption budget") {
		t.Errorf("draining against the budget: %v\n%s", err, out)
	}

	l.kubectl(t, "--namespace", ns, "scale", "deployment/"+name, "--replicas=3")
	l.awaitRollout(t, ns, "deployment/"+name)
	drain[len(drain)-1] = "--timeout=60s"
	l.kubectl(t, drain...)
	eventually(t, "the pods run elsewhere", l.podsRun(ns, name, "web:1", 3))
	pods, err = l.pods(t.Context(), ns, name)
	must(t, err)
	for _, pod := range pods {
		if pod.Spec.NodeName == node {
			t.Errorf("%s is still on %s, which was drained", pod.Name, node)
		}
	}
	l.kubectl(t, "uncordon", node)
}

// Jobs complete and fail, and the pods of deleted ones go.
func proveJobs(t *testing.T, l *lab) {
	ns := l.namespace(t)
	for image, want := range map[string]batchv1.JobConditionType{"job:1": batchv1.JobComplete, "job:fail": batchv1.JobFailed} {
		name := strings.ReplaceAll(image, ":", "-")
		job := &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       batchv1.JobSpec{BackoffLimit: new(int32(0)), Template: template(name, image)},
		}
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		_, err := l.client.BatchV1().Jobs(ns).Create(t.Context(), job, metav1.CreateOptions{})
		must(t, err)
		l.kubectl(t, "--namespace", ns, "wait", "--for=condition="+string(want), "job/"+name, "--timeout=60s")
		l.kubectl(t, "--namespace", ns, "delete", "job", name)
		eventually(t, "the pods go", l.podsRun(ns, name, image, 0))
	}
}

// Annotations say how long a pod takes to become ready, to end and to go.
func proveDurations(t *testing.T, l *lab) {
	ns := l.namespace(t)
	spec := template("web", "web:1")
	spec.Annotations = map[string]string{"kubelab/ready-after": "1s", "kubelab/stops-after": "1s", "kubelab/runs-for": "1s"}
	eventually(t, "the pod is made", func(ctx context.Context) error { // once the namespace has its account
		pod := corev1.Pod{ObjectMeta: spec.ObjectMeta, Spec: spec.Spec}
		pod.Name = "web"
		_, err := l.client.CoreV1().Pods(ns).Create(ctx, &pod, metav1.CreateOptions{})
		return err
	})
	slowly(t, "becoming ready", l.podsRun(ns, "web", "web:1", 1))
	l.kubectl(t, "--namespace", ns, "delete", "pod", "web", "--wait=false")
	slowly(t, "going", l.podsRun(ns, "web", "web:1", 0))

	spec.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := l.client.BatchV1().Jobs(ns).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: batchv1.JobSpec{Template: spec},
	}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "the job's pod runs", l.podsRun(ns, "web", "web:1", 1))
	slowly(t, "the job", func(ctx context.Context) error {
		job, err := l.client.BatchV1().Jobs(ns).Get(ctx, "web", metav1.GetOptions{})
		if err == nil && job.Status.Succeeded == 0 {
			err = fmt.Errorf("its status is %v", job.Status)
		}
		return err
	})
}

// slowly is eventually for what takes the second that an annotation asks for; half of
// it must pass, so that it may have begun a little before it is looked at.
func slowly(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	began := time.Now()
	eventually(t, what, check)
	if took := time.Since(began); took < time.Second/2 {
		t.Errorf("%s took %s, want a second", what, took)
	}
}

// The plain user may log in and nothing else, until a role says so.
func proveAccess(t *testing.T, l *lab) {
	ns := l.namespace(t)
	nobody, err := kubernetes.NewForConfig(l.config(t, "nobody"))
	must(t, err)
	_, err = nobody.AppsV1().Deployments(ns).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("listing as nobody: %v, want it forbidden", err)
	}
	stranger := l.withToken(t, "not a token")
	_, err = stranger.AppsV1().Deployments(ns).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsUnauthorized(err) {
		t.Errorf("listing with a wrong token: %v, want it unauthorized", err)
	}
	_, err = l.client.RbacV1().RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "view"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "nobody"}},
	}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "nobody may look", func(ctx context.Context) error {
		_, err := nobody.AppsV1().Deployments(ns).List(ctx, metav1.ListOptions{})
		return err
	})
	err = nobody.AppsV1().Deployments(ns).Delete(t.Context(), "web", metav1.DeleteOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("deleting as one who may look: %v, want it forbidden", err)
	}
}

// withToken is a client with another token.
func (l *lab) withToken(t *testing.T, token string) kubernetes.Interface {
	t.Helper()
	config := l.config(t, "nobody")
	config.BearerToken = token
	client, err := kubernetes.NewForConfig(config)
	must(t, err)
	return client
}

// Logs and programs in containers are answered for, through the API server.
func proveContainers(t *testing.T, l *lab) {
	ns := l.namespace(t)
	l.deploy(t, ns, "web", "web:1", 1)
	patch := `{"spec":{"template":{"metadata":{"annotations":{"kubelab/logs":"one\ntwo"}}}}}`
	l.kubectl(t, "--namespace", ns, "patch", "deployment/web", "--patch", patch)
	l.awaitRollout(t, ns, "deployment/web")
	if out := l.kubectl(t, "--namespace", ns, "logs", "deployment/web", "--tail=1"); out != "two\n" {
		t.Errorf("the log is %q", out)
	}
	out, err := l.tryKubectl("--namespace", ns, "exec", "deployment/web", "--", "sh", "-c", "echo $HOSTNAME; exit 3")
	if err == nil || !strings.Contains(out, "web-") || !strings.Contains(out, "exit code 3") {
		t.Errorf("exec: %v\n%s", err, out)
	}
}
