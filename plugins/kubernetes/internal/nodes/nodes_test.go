package nodes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/nodes"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

func TestActionsKeepTheContract(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	node := func(cordoned bool, more map[string]any) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			name := shared.Node(t)
			setCordon(t, name, cordoned, "kubectl-cordon")
			return sdktest.World{Params: with(more, "node", name), Probe: func() string { return probe(t, name) }}
		}
	}
	missing := func(testing.TB) sdktest.World { return sdktest.World{Params: map[string]any{"node": "no-such-node"}} }
	t.Run("cordon", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "cordon"),
			sdktest.Case{Name: "an open node", World: node(false, nil)},
			sdktest.Case{Name: "a cordoned node", World: node(true, nil)},
			sdktest.Case{Name: "no node", World: missing, Fails: sdk.Permanent})
	})
	t.Run("uncordon", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "uncordon"),
			sdktest.Case{Name: "a cordoned node", World: node(true, nil)},
			sdktest.Case{Name: "an open node", World: node(false, nil)})
	})
	t.Run("drain", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "drain"),
			sdktest.Case{Name: "a node with pods", World: loaded(2, 0), Moves: []string{"evicted"}}, // by each attempt
			sdktest.Case{Name: "an empty node that was cordoned", World: node(true, nil)},
			sdktest.Case{Name: "a budget that blocks", World: loaded(2, 2), Blocks: true},
			sdktest.Case{Name: "no node", World: missing, Fails: sdk.Permanent})
	})
}

// loaded is a node with the pods of a Deployment, and a budget over them that wants
// so many of them, where it is not 0.
func loaded(pods int32, minAvailable int) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		name, namespace := shared.Node(t), shared.Namespace(t)
		deployOn(t, namespace, "web", name, pods)
		if minAvailable > 0 {
			shared.Budget(t, namespace, "web-budget", "web", minAvailable, max(0, pods-int32(minAvailable)))
		}
		return sdktest.World{
			Params: map[string]any{"node": name, "timeout": "40s"},
			Probe:  func() string { return probe(t, name) },
		}
	}
}

// deployOn makes a Deployment on one node; its pods that must leave wait for another.
func deployOn(t testing.TB, namespace, app, node string, pods int32) {
	t.Helper()
	shared.Deploy(t, namespace, app, app+":1", pods, func(d *appsv1.Deployment) { lab.OnNode(&d.Spec.Template, node) })
}

// probe is what an action on a node could change of it.
func probe(t testing.TB, name string) string {
	node, err := shared.Kube.CoreV1().Nodes().Get(context.WithoutCancel(t.Context()), name, metav1.GetOptions{})
	lab.Must(t, err)
	return fmt.Sprint("unschedulable ", node.Spec.Unschedulable)
}

func setCordon(t testing.TB, name string, cordoned bool, manager string) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, cordoned)
	_, err := shared.Kube.CoreV1().Nodes().Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: manager})
	lab.Must(t, err)
}

func with(more map[string]any, name string, value any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, more)
	all[name] = value
	return all
}

func action(t testing.TB, c *cluster.Cluster, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, nodes.Actions(c), name)
}

func TestUndoLeavesWhatSomebodyElseCordoned(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "cordon")
	for who, cordon := range map[string]func(t *testing.T, node string){
		"kubectl-cordon": func(t *testing.T, node string) {
			setCordon(t, node, false, "kubectl-uncordon")
			setCordon(t, node, true, "kubectl-cordon")
		},
		"flux": func(t *testing.T, node string) { // which declares what is so already
			_, err := shared.Kube.CoreV1().Nodes().Apply(t.Context(),
				corev1ac.Node(node).WithSpec(corev1ac.NodeSpec().WithUnschedulable(true)), metav1.ApplyOptions{FieldManager: "flux"})
			lab.Must(t, err)
		},
	} {
		node := shared.Node(t)
		host, req := &sdktest.Host{}, lab.Request(t, map[string]any{"node": node})
		_, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		cordon(t, node)
		req.Before = host.StateBefore()
		lab.Fails(t, handler.Undo(t.Context(), req, host), sdk.Conflict, who)
		if got := probe(t, node); got != "unschedulable true" {
			t.Errorf("the node is %s", got)
		}
	}
}

// A drain that is blocked names pod and budget, and goes on when the budget opens.
func TestDrainWaitsForABudgetAndSaysSo(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	world := loaded(2, 2)(t)
	world.Params["timeout"] = "50s"
	namespace := namespaceOn(t, world.Params["node"].(string))
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if text := fmt.Sprint(preview.Blockers); !strings.Contains(text, namespace+"/web-budget lets no pod go now (2 healthy, 2 needed)") {
		t.Errorf("the plan's blockers are %s", text)
	}
	host := &sdktest.Host{}
	ended := make(chan error, 1)
	go func() { _, err := handler.Apply(t.Context(), lab.Request(t, world.Params), host); ended <- err }()
	lab.Eventually(t, "the drain names pod and budget", func(context.Context) error {
		for _, p := range host.ProgressTold() {
			if strings.Contains(p.Message, namespace+"/web-") && strings.Contains(p.Message, "disruption budget web-budget") {
				return nil
			}
		}
		return fmt.Errorf("it said %v", host.ProgressTold())
	})
	patch := []byte(`{"spec":{"minAvailable":0}}`)
	_, err = shared.Kube.PolicyV1().PodDisruptionBudgets(namespace).Patch(t.Context(), "web-budget", types.MergePatchType, patch, metav1.PatchOptions{})
	lab.Must(t, err)
	lab.Must(t, <-ended)
}

// namespaceOn is the namespace of the pods on a node that has those of one.
func namespaceOn(t testing.TB, node string) string {
	t.Helper()
	pods, err := shared.Kube.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	lab.Must(t, err)
	return pods.Items[0].Namespace
}

func TestDrainEndsAtItsTimeoutWithWhatIsLeft(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	world := loaded(2, 2)(t)
	world.Params["timeout"] = "3s"
	_, err := handler.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Transient || !strings.Contains(err.Error(), "left are 2 pods") || !strings.Contains(err.Error(), "web-budget") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	host := &sdktest.Host{}
	go func() {
		_, err := handler.Apply(ctx, lab.Request(t, with(world.Params, "timeout", "10m")), host)
		ended <- err
	}()
	lab.Eventually(t, "it has looked", func(context.Context) error {
		if len(host.ProgressTold()) == 0 {
			return errors.New("it has said nothing")
		}
		return nil
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "web-budget") {
		t.Errorf("cancelled, it says %v", err)
	}
}

// Pods that would be lost fail the step before anything changes; those of DaemonSets stay.
func TestDrainLosesNothingUnasked(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "drain")
	node, namespace := shared.Node(t), shared.Namespace(t)
	cases := map[string]func(*corev1.PodSpec){
		"bare": func(*corev1.PodSpec) {},
		"cache": func(s *corev1.PodSpec) {
			s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		},
	}
	for name, change := range cases {
		template := lab.Template(name, "one:1")
		lab.OnNode(&template, node)
		change(&template.Spec)
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: template.Spec}
		_, err := shared.Kube.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
		lab.Must(t, err)
	}
	daemons := lab.Template("daemon", "daemon:1")
	lab.OnNode(&daemons, node)
	_, err := shared.Kube.AppsV1().DaemonSets(namespace).Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "daemon"},
		Spec:       appsv1.DaemonSetSpec{Selector: lab.Selector("daemon"), Template: daemons},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "all three run", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err == nil && len(pods.Items) < 3 {
			err = fmt.Errorf("%d pods", len(pods.Items))
		}
		return err
	})

	params := map[string]any{"node": node, "timeout": "40s"}
	_, err = handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	if err == nil || !sdk.AsError(err).Unchanged || !strings.Contains(err.Error(), "bare has no controller") {
		t.Errorf("got %v", err)
	}
	if got := probe(t, node); got != "unschedulable false" {
		t.Errorf("the node is %s", got)
	}
	params["force"], params["deleteEmptyDir"] = true, true
	preview, err := handler.Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if !strings.Contains(preview.Summary, "2 pods to go, 1 to stay") {
		t.Errorf("the plan is %+v", preview)
	}
	outputs, err := handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	var out nodes.DrainOutput
	lab.Must(t, json.Unmarshal(outputs, &out))
	if len(out.Evicted) != 2 || len(out.Stayed) != 1 {
		t.Errorf("got %s", outputs)
	}
}

// What one may not do is known before anything runs.
func TestPlanSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	world := loaded(1, 0)(t)
	namespace := namespaceOn(t, world.Params["node"].(string))
	shared.Allow(t, "viewer",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "patch"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	handler := action(t, shared.ConnectAs(t, "viewer"), "drain")
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if want := "You may not evict pods in " + namespace + "."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err = handler.Apply(ctx, lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied || sdk.AsError(err).Unchanged {
		t.Errorf("got %v, want a denied error after the node was cordoned", err)
	}
	stranger := action(t, shared.ConnectAs(t, "stranger"), "cordon")
	_, err = stranger.Apply(t.Context(), lab.Request(t, map[string]any{"node": world.Params["node"]}), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied || !sdk.AsError(err).Unchanged {
		t.Errorf("got %v, want a denied error before anything was changed", err)
	}
}

// Who may look and not touch has nothing to take back, however far a step came.
func TestWhatIsDeniedAtFirstChangedNothing(t *testing.T) {
	t.Parallel()
	node := shared.Node(t)
	shared.Allow(t, "onlooker",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	c := shared.ConnectAs(t, "onlooker")
	for _, name := range []string{"cordon", "drain", "taint"} {
		params := map[string]any{"node": node}
		if name == "taint" {
			params["taints"] = []any{taint("a=b:NoSchedule")}
		}
		req := lab.Request(t, params)
		_, err := action(t, c, name).Apply(t.Context(), req, &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != sdk.Denied || !sdk.AsError(err).Unchanged {
			t.Errorf("%s: got %v, want a denied error that changed nothing", name, err)
		}
		req.Attempt, req.Before = 2, json.RawMessage(`{"uid":"of-the-first-attempt"}`)
		if _, err = action(t, c, name).Apply(t.Context(), req, &sdktest.Host{}); err == nil || sdk.AsError(err).Unchanged {
			t.Errorf("%s: a second attempt claims that the first changed nothing: %v", name, err)
		}
	}
}

// A plan reads nothing about a node as long as what it would read by is not known.
func TestPlansOfWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for name, unknown := range map[string][]string{
		"cordon": {"node"}, "uncordon": {"node"}, "drain": {"node", "selector", "grace", "timeout", "force"}, "taint": {"node", "taints[0].value"},
	} {
		for _, path := range unknown {
			req := lab.Request(t, map[string]any{"node": "no-such-node"})
			req.Unknown = []string{path}
			preview, err := action(t, c, name).Plan(t.Context(), req)
			if err != nil || !strings.Contains(preview.Summary, "not known yet") {
				t.Errorf("%s without %s: %v, %+v", name, path, err, preview)
			}
		}
	}
}

// A step that ended before it saved the state before has changed nothing.
func TestObserveTellsWhatWasNotTouched(t *testing.T) {
	t.Parallel()
	c, node := shared.Connect(t), shared.Node(t)
	for _, name := range []string{"cordon", "uncordon", "drain", "taint"} {
		params := map[string]any{"node": node}
		if name == "taint" {
			params["taints"] = []any{taint("a=b:NoSchedule")}
		}
		for undo, want := range map[bool]sdk.State{false: sdk.Untouched, true: sdk.Done} {
			req := lab.Request(t, params)
			req.Undo = undo
			seen, err := action(t, c, name).Observe(t.Context(), req, &sdktest.Host{})
			if err != nil || seen.State != want {
				t.Errorf("%s, undo %t: %v, %+v", name, undo, err, seen)
			}
		}
	}
}

// An earlier step may add the node, and somebody may take it away.
func TestANodeThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for _, name := range []string{"cordon", "uncordon", "drain", "taint"} {
		params := map[string]any{"node": "nowhere"}
		if name == "taint" {
			params["taints"] = []any{taint("a=b:NoSchedule")}
		}
		handler, req := action(t, c, name), lab.Request(t, params)
		preview, err := handler.Plan(t.Context(), req)
		if err != nil || len(preview.Blockers) != 1 || preview.Blockers[0] != `There is no node "nowhere".` {
			t.Errorf("%s: the plan is %+v, %v", name, preview, err)
		}
		if _, err := handler.Apply(t.Context(), req, &sdktest.Host{}); sdk.AsError(err).Class != sdk.Permanent || sdk.AsError(err).Field != "node" {
			t.Errorf("%s: got %v", name, err)
		}
		for undo, want := range map[bool]sdk.State{false: sdk.NotDone, true: sdk.Done} {
			req.Undo, req.Before = undo, json.RawMessage(`{"uid":"of-one-that-is-gone","unschedulable":false}`)
			seen, err := handler.Observe(t.Context(), req, &sdktest.Host{})
			if err != nil || seen.State != want || !strings.Contains(seen.Detail, "gone") {
				t.Errorf("%s, undo %t: %+v, %v", name, undo, seen, err)
			}
		}
	}
}
