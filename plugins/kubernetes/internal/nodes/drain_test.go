package nodes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/nodes"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// evictions are what a proxy was asked to evict.
type evictions struct {
	mu     sync.Mutex
	bodies []string
}

// note lets a proxy remember evictions, and pass them on.
func (e *evictions) note(w http.ResponseWriter, r *http.Request, api http.Handler) {
	if strings.HasSuffix(r.URL.Path, "/eviction") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		e.mu.Lock()
		e.bodies = append(e.bodies, string(body))
		e.mu.Unlock()
	}
	api.ServeHTTP(w, r)
}

func (e *evictions) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.bodies)
}

// drained is the outputs of a drain that succeeds.
func drained(t testing.TB, handler sdk.Handler, req sdk.Request, host *sdktest.Host) nodes.DrainOutput {
	t.Helper()
	outputs, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	var out nodes.DrainOutput
	lab.Must(t, json.Unmarshal(outputs, &out))
	return out
}

// says waits until a drain says something.
func says(t testing.TB, host *sdktest.Host, what string) {
	t.Helper()
	lab.Eventually(t, "it says "+what, func(context.Context) error {
		for _, p := range host.ProgressTold() {
			if strings.Contains(p.Message, what) {
				return nil
			}
		}
		return fmt.Errorf("it said %v", host.ProgressTold())
	})
}

// began starts a drain, whose error comes when it ends.
func began(t testing.TB, handler sdk.Handler, req sdk.Request, host *sdktest.Host) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { _, err := handler.Apply(t.Context(), req, host); ended <- err }()
	return ended
}

// Pods whose owner makes them anew may still lose data, or come back at once.
func TestDrainRefusesEmptyDirsAndDaemonsUnlessTold(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	node, namespace := shared.Node(t), shared.Namespace(t)
	cache := func(s *corev1.PodSpec) {
		s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	}
	shared.Deploy(t, namespace, "cache", "cache:1", 1, func(d *appsv1.Deployment) {
		lab.OnNode(&d.Spec.Template, node)
		cache(&d.Spec.Template.Spec)
	})
	daemons := lab.Template("daemon", "daemon:1")
	lab.OnNode(&daemons, node)
	cache(&daemons.Spec) // a pod that stays loses nothing
	_, err := shared.Kube.AppsV1().DaemonSets(namespace).Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "daemon"},
		Spec:       appsv1.DaemonSetSpec{Selector: lab.Selector("daemon"), Template: daemons},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the daemon runs", func(ctx context.Context) error {
		set, err := shared.Kube.AppsV1().DaemonSets(namespace).Get(ctx, "daemon", metav1.GetOptions{})
		if err == nil && set.Status.NumberReady == 0 {
			err = errors.New("it is not ready")
		}
		return err
	})
	for _, c := range []struct {
		params map[string]any
		says   string
	}{
		{map[string]any{}, "would lose the data of its emptyDir volume (deleteEmptyDir evicts it)"},
		{map[string]any{"deleteEmptyDir": true, "ignoreDaemonSets": false}, "is of the DaemonSet daemon, which would put it there again"},
	} {
		req := lab.Request(t, with(c.params, "node", node))
		preview, err := handler.Plan(t.Context(), req)
		lab.Must(t, err)
		if len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], c.says) {
			t.Errorf("%v: the blockers are %q", c.params, preview.Blockers)
		}
		_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
		if err == nil || !sdk.AsError(err).Unchanged || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: got %v", c.params, err)
		}
		if got := probe(t, node); got != "unschedulable false" {
			t.Errorf("%v: the node is %s", c.params, got)
		}
		req.Attempt, req.Before = 2, json.RawMessage(`{"uid":"of-the-first-attempt","unschedulable":false}`)
		if _, err = handler.Apply(t.Context(), req, &sdktest.Host{}); err == nil || sdk.AsError(err).Unchanged {
			t.Errorf("%v: a second attempt claims that the first changed nothing: %v", c.params, err)
		}
	}
	out := drained(t, handler, lab.Request(t, map[string]any{"node": node, "deleteEmptyDir": true, "timeout": "40s"}), &sdktest.Host{})
	if len(out.Evicted) != 1 || !strings.HasPrefix(out.Evicted[0], namespace+"/cache-") || len(out.Stayed) != 1 || !strings.HasPrefix(out.Stayed[0], namespace+"/daemon-") {
		t.Errorf("got %+v", out)
	}
}

// Pods that are asked to end are waited for; a later attempt, as after a crash, goes on
// where the first was, and knows the state before it.
func TestDrainResumesAndRespectsTheGrace(t *testing.T) {
	t.Parallel()
	var asked evictions
	handler := action(t, shared.Through(t, asked.note), "drain")
	node, namespace := shared.Node(t), shared.Namespace(t)
	shared.Deploy(t, namespace, "slow", "slow:1", 2, func(d *appsv1.Deployment) {
		lab.OnNode(&d.Spec.Template, node)
		d.Spec.Template.Finalizers = []string{"lab/hold"} // a pod that takes its time to end
	})
	params := map[string]any{"node": node, "grace": "1500ms", "timeout": "3s"}
	host := &sdktest.Host{}
	_, err := handler.Apply(t.Context(), lab.Request(t, params), host)
	if err == nil || sdk.AsError(err).Class != sdk.Transient || !strings.Contains(err.Error(), "left are 2 pods: "+namespace+"/slow-") || !strings.Contains(err.Error(), "is ending") {
		t.Errorf("got %v", err)
	}
	pods, err := shared.Kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	lab.Must(t, err)
	if bodies := asked.all(); len(bodies) != 2 || !strings.Contains(bodies[0], `"gracePeriodSeconds":2`) || !strings.Contains(bodies[1], `"gracePeriodSeconds":2`) {
		t.Errorf("asked %q, want each pod once, with a grace of 2 seconds", bodies)
	}
	req := lab.Request(t, with(params, "timeout", "40s"))
	req.Before, req.Attempt = host.StateBefore(), 2
	seen, err := handler.Observe(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	if seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "2 pods to go") {
		t.Errorf("seen before it was done: %+v", seen)
	}
	second := &sdktest.Host{}
	ended := began(t, handler, req, second)
	says(t, second, "is ending")
	for _, pod := range pods.Items {
		_, err := shared.Kube.CoreV1().Pods(namespace).Patch(t.Context(), pod.Name, types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		lab.Must(t, err)
	}
	lab.Must(t, <-ended)
	if second.StateBefore() != nil {
		t.Errorf("the second attempt saved %s over the state before", second.StateBefore())
	}
	if out := drained(t, handler, req, second); !out.Cordoned {
		t.Errorf("a later attempt says that the step did not cordon: %+v", out)
	}
	seen, err = handler.Observe(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	if seen.State != sdk.Done || !strings.Contains(string(seen.Outputs), `"cordoned":true`) {
		t.Errorf("seen after it was done: %s: %s", seen.State, seen.Outputs)
	}
	lab.Must(t, handler.Undo(t.Context(), req, second))
	if got := probe(t, node); got != "unschedulable false" {
		t.Errorf("after Undo the node is %s", got)
	}
}

func TestUndoOfADrainTakesBackOnlyItsOwn(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	for name, c := range map[string]struct {
		cordoned  bool // before
		meanwhile []bool
		conflict  bool
		after     string
	}{
		"it was open":                      {after: "unschedulable false"},
		"it was cordoned":                  {cordoned: true, after: "unschedulable true"},
		"somebody uncordoned it":           {meanwhile: []bool{false}, after: "unschedulable false"},
		"somebody cordoned it anew":        {meanwhile: []bool{false, true}, conflict: true, after: "unschedulable true"},
		"cordoned before, and then opened": {cordoned: true, meanwhile: []bool{false}, after: "unschedulable false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node, host := shared.Node(t), &sdktest.Host{}
			setCordon(t, node, c.cordoned, "kubectl-cordon")
			req := lab.Request(t, map[string]any{"node": node})
			if out := drained(t, handler, req, host); out.Cordoned == c.cordoned {
				t.Errorf("got %+v", out)
			}
			for _, to := range c.meanwhile {
				setCordon(t, node, to, "kubectl-cordon")
			}
			req.Before = host.StateBefore()
			err := handler.Undo(t.Context(), req, host)
			if c.conflict != (err != nil && sdk.AsError(err).Class == sdk.Conflict && strings.Contains(err.Error(), "kubectl-cordon")) {
				t.Errorf("Undo says %v", err)
			}
			if got := probe(t, node); got != c.after {
				t.Errorf("after Undo the node is %s", got)
			}
		})
	}
}

// Between two attempts the node may have gone, and a new one come under its name.
func TestDrainLeavesANewNodeOfTheNameAlone(t *testing.T) {
	t.Parallel()
	node := shared.Node(t)
	for _, name := range []string{"drain", "cordon"} {
		handler := action(t, shared.Connect(t), name)
		req := lab.Request(t, map[string]any{"node": node})
		req.Attempt, req.Before = 2, json.RawMessage(`{"uid":"another","unschedulable":false}`)
		_, err := handler.Apply(t.Context(), req, &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != sdk.Conflict {
			t.Errorf("%s: got %v, want a conflict", name, err)
		}
		lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
		if got := probe(t, node); got != "unschedulable false" {
			t.Errorf("%s: the node is %s", name, got)
		}
	}
}

// A user may have rights by his groups alone.
func TestImpersonatedGroupsHaveTheirRights(t *testing.T) {
	t.Parallel()
	node := shared.Node(t)
	role, err := shared.Kube.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "lab-"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "patch"}}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	_, err = shared.Kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "lab-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "node-keepers"}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	for group, blockers := range map[string]int{"node-keepers": 0, "others": 2} {
		c, config := &cluster.Cluster{}, shared.Config()
		config.Impersonate = connection.Impersonation{User: "anna", Groups: []string{"readers", group}}
		lab.Must(t, c.Connect(t.Context(), config))
		handler, req := action(t, c, "cordon"), lab.Request(t, map[string]any{"node": node})
		preview, err := handler.Plan(t.Context(), req)
		lab.Must(t, err)
		if len(preview.Blockers) != blockers {
			t.Errorf("%s: the blockers are %q", group, preview.Blockers)
		}
		_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
		if denied := err != nil && sdk.AsError(err).Class == sdk.Denied; denied != (blockers > 0) {
			t.Errorf("%s: got %v", group, err)
		}
	}
}

// A plan judges budgets as the server does: those of pods that are not ready may let go.
func TestPlanKnowsWhichPodsABudgetKeeps(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	node, namespace := shared.Node(t), shared.Namespace(t)
	template := lab.Template("web", "web:crash") // which runs, and is never ready
	lab.OnNode(&template, node)
	_, err := shared.Kube.AppsV1().ReplicaSets(namespace).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.ReplicaSetSpec{Replicas: new(int32(2)), Selector: lab.Selector("web"), Template: template},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "both pods run", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Running"})
		if err == nil && len(pods.Items) != 2 {
			err = fmt.Errorf("%d do", len(pods.Items))
		}
		return err
	})
	_, err = shared.Kube.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web-budget"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.FromInt32(2)), Selector: lab.Selector("web"), UnhealthyPodEvictionPolicy: new(policyv1.IfHealthyBudget),
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	blockers := func(want int) {
		t.Helper()
		lab.Eventually(t, fmt.Sprintf("the plan has %d blockers", want), func(ctx context.Context) error {
			preview, err := handler.Plan(ctx, lab.Request(t, map[string]any{"node": node}))
			if err == nil && len(preview.Blockers) != want {
				err = fmt.Errorf("it has %q", preview.Blockers)
			}
			return err
		})
	}
	blockers(1)
	_, err = shared.Kube.PolicyV1().PodDisruptionBudgets(namespace).Patch(t.Context(), "web-budget", types.MergePatchType,
		[]byte(`{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}`), metav1.PatchOptions{})
	lab.Must(t, err)
	blockers(0)
	drained(t, handler, lab.Request(t, map[string]any{"node": node, "timeout": "40s"}), &sdktest.Host{})
}

func TestDrainSelects(t *testing.T) {
	t.Parallel()
	handler, world := action(t, shared.Connect(t), "drain"), loaded(1, 0)(t)
	deployOn(t, shared.Namespace(t), "cache", world.Params["node"].(string), 1)
	out := drained(t, handler, lab.Request(t, with(world.Params, "selector", "app!=cache")), &sdktest.Host{})
	if len(out.Evicted) != 1 || !strings.Contains(out.Evicted[0], "/web-") || len(out.Stayed) != 1 || !strings.Contains(out.Stayed[0], "/cache-") {
		t.Errorf("got %+v", out)
	}
	for field, wrong := range map[string]string{"selector": "a==b==c", "grace": "-1s"} {
		_, err := handler.Apply(t.Context(), lab.Request(t, with(world.Params, field, wrong)), &sdktest.Host{})
		if err == nil || sdk.AsError(err).Field != field {
			t.Errorf("%s of %s: got %v", field, wrong, err)
		}
	}
}

// A plan says how long the slowest pod may take to end, unless a budget makes it wait for
// nobody knows how long.
func TestPlanEstimatesHowLongADrainTakes(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	node, namespace := shared.Node(t), shared.Namespace(t)
	for app, grace := range map[string]int64{"web": 7, "slow": 21} {
		shared.Deploy(t, namespace, app, app+":1", 1, func(d *appsv1.Deployment) {
			lab.OnNode(&d.Spec.Template, node)
			d.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
		})
	}
	estimates := func(params map[string]any, want time.Duration) {
		t.Helper()
		preview, err := handler.Plan(t.Context(), lab.Request(t, with(params, "node", node)))
		lab.Must(t, err)
		if preview.Estimate != want {
			t.Errorf("%v: estimated are %s, want %s: %+v", params, preview.Estimate, want, preview)
		}
	}
	estimates(nil, 21*time.Second)
	estimates(map[string]any{"grace": "90s"}, 90*time.Second)
	estimates(map[string]any{"selector": "app=web"}, 7*time.Second)
	estimates(map[string]any{"selector": "app=none"}, 0)
	shared.Budget(t, namespace, "slow-budget", "slow", 1, 0)
	estimates(nil, 0)
	estimates(map[string]any{"selector": "app=web"}, 7*time.Second)
}
