package lab

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Namespace makes a namespace for a test. What runs in it ends with the test, so that
// the lab's nodes have room for the tests that follow.
func (l *Lab) Namespace(t testing.TB) string {
	t.Helper()
	made, err := l.Kube.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	Must(t, err)
	t.Cleanup(func() { l.empty(t, made.Name) })
	Eventually(t, "the namespace has its service account", func(ctx context.Context) error {
		_, err := l.Kube.CoreV1().ServiceAccounts(made.Name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	return made.Name
}

// empty deletes what runs in a namespace. The namespace itself stays: to delete one is
// to search it for objects of each kind that there is.
func (l *Lab) empty(t testing.TB, namespace string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	apps := l.Kube.AppsV1()
	everything := metav1.ListOptions{}
	background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	for _, deleted := range []error{
		apps.Deployments(namespace).DeleteCollection(ctx, background, everything),
		apps.ReplicaSets(namespace).DeleteCollection(ctx, background, everything),
		apps.StatefulSets(namespace).DeleteCollection(ctx, background, everything),
		apps.DaemonSets(namespace).DeleteCollection(ctx, background, everything),
		l.Kube.BatchV1().Jobs(namespace).DeleteCollection(ctx, background, everything),
		l.Kube.CoreV1().Pods(namespace).DeleteCollection(ctx, background, everything),
	} {
		if deleted != nil { // a test may have taken the API server away
			t.Logf("empty the namespace %s: %v", namespace, deleted)
		}
	}
}

// Node makes a node that only pods of the test are put on.
func (l *Lab) Node(t testing.TB) string {
	t.Helper()
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("32"), corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods: resource.MustParse("110"),
	}
	made, err := l.Kube.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
		// KWOK's selector of nodes matches none that has no labels at all.
		ObjectMeta: metav1.ObjectMeta{GenerateName: "own-", Labels: map[string]string{corev1.LabelOSStable: "linux"}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: "lab/own", Effect: corev1.TaintEffectNoSchedule}}},
		Status:     corev1.NodeStatus{Capacity: room, Allocatable: room},
	}, metav1.CreateOptions{})
	Must(t, err)
	Eventually(t, "the node is ready", func(ctx context.Context) error {
		node, err := l.Kube.CoreV1().Nodes().Get(ctx, made.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && len(node.Spec.Taints) == 1 {
				return nil
			}
		}
		return fmt.Errorf("%s is not ready", made.Name)
	})
	return made.Name
}

// NoKubelet is a node that no kubelet runs on, so that the pods that name it stay as a test
// sets them. They are not scheduled there by themselves. A node that is not there would do
// for a while: the control plane removes its pods.
func (l *Lab) NoKubelet(t testing.TB) string {
	t.Helper()
	const name = "no-kubelet"
	_, err := l.Kube.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubelab/kubelet": "stopped"}},
		Spec:       corev1.NodeSpec{Unschedulable: true},
	}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		Must(t, err)
	}
	return name
}

// Template is a pod template for the app of a name.
func Template(name, image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
}

// OnNode binds a template to a node made by [Lab.Node].
func OnNode(template *corev1.PodTemplateSpec, node string) {
	template.Spec.Tolerations = []corev1.Toleration{{Key: "lab/own", Operator: corev1.TolerationOpExists}}
	template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
		}}},
	}}
}

// Selector selects the app of a name.
func Selector(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

// Deploy makes a Deployment, which may stall for three seconds, and waits until it is
// rolled out. change, where it is not nil, is applied to it before.
func (l *Lab) Deploy(t testing.TB, namespace, name, image string, replicas int32, change func(*appsv1.Deployment)) {
	t.Helper()
	made := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: Selector(name), Template: Template(name, image), ProgressDeadlineSeconds: new(int32(3)),
		},
	}
	if change != nil {
		change(made)
	}
	_, err := l.Kube.AppsV1().Deployments(namespace).Create(t.Context(), made, metav1.CreateOptions{})
	Must(t, err)
	l.AwaitDeployment(t, namespace, name)
}

// AwaitDeployment waits until a Deployment is rolled out.
func (l *Lab) AwaitDeployment(t testing.TB, namespace, name string) {
	t.Helper()
	Eventually(t, "the Deployment "+name+" is rolled out", func(ctx context.Context) error {
		d, err := l.Kube.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		want := *d.Spec.Replicas
		if s := d.Status; s.ObservedGeneration < d.Generation || s.UpdatedReplicas != want || s.AvailableReplicas != want || s.Replicas != want {
			return fmt.Errorf("%d of %d updated, %d available, %d in all", s.UpdatedReplicas, want, s.AvailableReplicas, s.Replicas)
		}
		return nil
	})
}

// Budget makes a PodDisruptionBudget over the app of a name, and waits until it knows
// how many disruptions it allows.
func (l *Lab) Budget(t testing.TB, namespace, name, app string, minAvailable int, allowed int32) {
	t.Helper()
	_, err := l.Kube.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt(minAvailable)), Selector: Selector(app)},
	}, metav1.CreateOptions{})
	Must(t, err)
	Eventually(t, "the budget knows its pods", func(ctx context.Context) error {
		b, err := l.Kube.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && (b.Status.ExpectedPods == 0 || b.Status.DisruptionsAllowed != allowed) {
			err = fmt.Errorf("%d pods, %d disruptions allowed", b.Status.ExpectedPods, b.Status.DisruptionsAllowed)
		}
		return err
	})
}

// Allow gives a user rights in the whole cluster, and waits until the API server knows it.
func (l *Lab) Allow(t testing.TB, user string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	role, err := l.Kube.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "lab-"}, Rules: rules,
	}, metav1.CreateOptions{})
	Must(t, err)
	_, err = l.Kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "lab-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	}, metav1.CreateOptions{})
	Must(t, err)
	Eventually(t, user+" may do so", func(ctx context.Context) error {
		review, err := l.Kube.AuthorizationV1().SubjectAccessReviews().Create(ctx, reviewOf(user, rules[0]), metav1.CreateOptions{})
		if err == nil && !review.Status.Allowed {
			err = fmt.Errorf("not yet: %s", review.Status.Reason)
		}
		return err
	})
}

// reviewOf asks whether a user may do the first that a rule allows.
func reviewOf(user string, rule rbacv1.PolicyRule) *authorizationv1.SubjectAccessReview {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user}}
	if len(rule.NonResourceURLs) > 0 {
		review.Spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: rule.Verbs[0], Path: rule.NonResourceURLs[0]}
		return review
	}
	resource, subresource, _ := strings.Cut(rule.Resources[0], "/")
	review.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
		Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: subresource,
	}
	if len(rule.ResourceNames) > 0 {
		review.Spec.ResourceAttributes.Name = rule.ResourceNames[0]
	}
	return review
}
