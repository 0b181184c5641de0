package nodes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/nodes"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// own is the taint of every node that is made for a test.
const own = "lab/own:NoSchedule"

func TestTaintKeepsTheContract(t *testing.T) {
	t.Parallel()
	world := func(there string, taints ...any) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			name := shared.Node(t)
			if there != "" {
				setTaints(t, name, "kubectl-taint", own, there)
			}
			return sdktest.World{
				Params: map[string]any{"node": name, "taints": taints},
				Probe:  func() string { return strings.Join(taintsOf(t, name), " ") },
			}
		}
	}
	sdktest.Run(t, action(t, shared.Connect(t), "taint"),
		sdktest.Case{Name: "a new one", World: world("", taint("maintenance=upgrade:NoSchedule"))},
		sdktest.Case{Name: "one that is there", World: world("a=b:NoSchedule", taint("a=b:NoSchedule"))},
		sdktest.Case{Name: "another value", World: world("a=b:NoSchedule", taint("a=c:NoSchedule"))},
		sdktest.Case{Name: "another effect", World: world("a=b:NoSchedule", taint("a=b:PreferNoSchedule"))},
		sdktest.Case{Name: "remove one, set another", World: world("a=b:NoSchedule", removed("a:NoSchedule"), taint("x:NoExecute"))},
		sdktest.Case{Name: "remove what is not there", World: world("", removed("a:NoSchedule"))},
		sdktest.Case{Name: "a bad key", World: world("", taint("a b:NoSchedule")), Fails: sdk.Permanent},
		sdktest.Case{Name: "no node", Fails: sdk.Permanent, World: func(testing.TB) sdktest.World {
			return sdktest.World{Params: map[string]any{"node": "no-such-node", "taints": []any{taint("a:NoSchedule")}}}
		}})
}

// parsed reads a taint as kubectl writes it: key=value:effect.
func parsed(text string) corev1.Taint {
	name, effect, _ := strings.Cut(text, ":")
	key, value, _ := strings.Cut(name, "=")
	return corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(effect)}
}

// taint is the parameter that sets a taint.
func taint(text string) map[string]any {
	t := parsed(text)
	return map[string]any{"key": t.Key, "value": t.Value, "effect": string(t.Effect)}
}

// removed is the parameter that removes one.
func removed(text string) map[string]any {
	t := parsed(text)
	return map[string]any{"key": t.Key, "effect": string(t.Effect), "remove": true}
}

// setTaints gives a node these taints and no other, as another manager.
func setTaints(t testing.TB, name, manager string, texts ...string) {
	t.Helper()
	taints := []corev1.Taint{}
	for _, text := range texts {
		taints = append(taints, parsed(text))
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"taints": taints}})
	lab.Must(t, err)
	_, err = shared.Kube.CoreV1().Nodes().Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
	lab.Must(t, err)
}

func taintsOf(t testing.TB, name string) []string {
	t.Helper()
	node, err := shared.Kube.CoreV1().Nodes().Get(context.WithoutCancel(t.Context()), name, metav1.GetOptions{})
	lab.Must(t, err)
	var texts []string
	for _, taint := range node.Spec.Taints {
		texts = append(texts, taint.ToString())
	}
	return texts
}

// What others did since the step is theirs.
func TestUndoOfTaintsTakesBackOnlyItsOwn(t *testing.T) {
	t.Parallel()
	const ours, theirs = "a=ours:NoSchedule", "z=theirs:NoSchedule"
	handler := action(t, shared.Connect(t), "taint")
	for name, c := range map[string]struct {
		before    []string // beside the node's own
		change    map[string]any
		meanwhile [][]string // what somebody makes of it, one after the other
		conflict  string
		after     []string
	}{
		"a taint beside it":          {nil, taint(ours), [][]string{{ours, theirs}}, "set the taint a=ours:NoSchedule of", []string{ours, theirs}},
		"another value":              {nil, taint(ours), [][]string{{"a=b:NoSchedule"}}, "set the taint a=b:NoSchedule of", []string{"a=b:NoSchedule"}},
		"removed":                    {nil, taint(ours), [][]string{{theirs}}, "", []string{theirs}},
		"removed and set anew":       {nil, taint(ours), [][]string{{}, {ours}}, "set the taint a=ours:NoSchedule of", []string{ours}},
		"it was there":               {[]string{ours}, taint(ours), [][]string{{ours, theirs}}, "", []string{ours, theirs}},
		"it was there, and changed":  {[]string{ours}, taint(ours), [][]string{{"a=b:NoSchedule"}}, "", []string{"a=b:NoSchedule"}},
		"it was another, and gone":   {[]string{"a=b:NoSchedule"}, taint(ours), [][]string{{}}, "removed the taint a:NoSchedule of", nil},
		"removed by us, another now": {[]string{ours}, removed(ours), [][]string{{"a=b:NoSchedule"}}, "set the taint a=b:NoSchedule of", []string{"a=b:NoSchedule"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := shared.Node(t)
			setTaints(t, node, "kubectl-taint", slices.Concat([]string{own}, c.before)...)
			host, req := &sdktest.Host{}, lab.Request(t, map[string]any{"node": node, "taints": []any{c.change}})
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			for _, taints := range c.meanwhile {
				setTaints(t, node, "somebodys-tool", slices.Concat([]string{own}, taints)...)
			}
			req.Before = host.StateBefore()
			err = handler.Undo(t.Context(), req, host)
			switch {
			case c.conflict == "":
				lab.Must(t, err)
			case err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebodys-tool "+c.conflict):
				t.Errorf("got %v, want a conflict: somebodys-tool %s", err, c.conflict)
			}
			if got, want := taintsOf(t, node), slices.Concat([]string{own}, c.after); !slices.Equal(got, want) {
				t.Errorf("the taints are %v, want %v", got, want)
			}
		})
	}
}

// kubectl reads the whole list and writes it back with what it adds, when the taint was
// set included; so a taint beside ours does not make ours another's.
func TestUndoOfTaintsBesideThoseThatOthersAdd(t *testing.T) {
	t.Parallel()
	handler, name := action(t, shared.Connect(t), "taint"), shared.Node(t)
	host, req := &sdktest.Host{}, lab.Request(t, map[string]any{"node": name, "taints": []any{taint("a=ours:NoSchedule")}})
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	lab.Eventually(t, "another taint is added", func(ctx context.Context) error {
		node, err := shared.Kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			node.Spec.Taints = append(node.Spec.Taints, parsed("z=theirs:NoSchedule"))
			_, err = shared.Kube.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{FieldManager: "somebodys-tool"})
		}
		return err
	})
	req.Before = host.StateBefore()
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if got, want := taintsOf(t, name), []string{own, "z=theirs:NoSchedule"}; !slices.Equal(got, want) {
		t.Errorf("the taints are %v, want %v", got, want)
	}
}

// A later attempt, as after a crash, is the same change, and knows the state before it.
func TestLaterAttemptsAtTaintsAreTheSameChange(t *testing.T) {
	t.Parallel()
	handler, node := action(t, shared.Connect(t), "taint"), shared.Node(t)
	host, req := &sdktest.Host{}, lab.Request(t, map[string]any{"node": node, "taints": []any{taint("a=ours:NoSchedule")}})
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before, req.Attempt = host.StateBefore(), 2
	outputs, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	var out nodes.TaintOutput
	lab.Must(t, json.Unmarshal(outputs, &out))
	if !out.Changed || len(out.Taints) != 2 {
		t.Errorf("got %s", outputs)
	}
	setTaints(t, node, "somebodys-tool", own, "a=theirs:NoSchedule")
	_, err = handler.Apply(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebodys-tool") {
		t.Errorf("got %v, want a conflict with somebodys-tool", err)
	}
	if got := taintsOf(t, node); !slices.Contains(got, "a=theirs:NoSchedule") {
		t.Errorf("the taints are %v", got)
	}
}

// The plan names the pods that NoExecute deletes, and Kubernetes deletes just these.
func TestPlanNamesThePodsThatATaintDeletes(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "taint")
	node, namespace := shared.Node(t), shared.Namespace(t)
	for app, toleration := range map[string]corev1.Toleration{
		"leaves": {},
		"lasts":  {Key: "a", Operator: corev1.TolerationOpExists, TolerationSeconds: new(int64(3600))},
		"stays":  {Key: "a", Operator: corev1.TolerationOpEqual, Value: "b", Effect: corev1.TaintEffectNoExecute},
	} {
		shared.Deploy(t, namespace, app, app+":1", 1, func(d *appsv1.Deployment) {
			lab.OnNode(&d.Spec.Template, node)
			if toleration.Key != "" {
				toleration.Effect = corev1.TaintEffectNoExecute
				d.Spec.Template.Spec.Tolerations = append(d.Spec.Template.Spec.Tolerations, toleration)
			}
		})
	}
	req := lab.Request(t, map[string]any{"node": node, "taints": []any{taint("a=b:NoExecute")}})
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	warned := strings.Join(preview.Warnings, "\n")
	if !strings.HasSuffix(preview.Summary, "1 pod to be deleted at once, 1 later") || len(preview.Changes) != 3 ||
		!strings.Contains(preview.Changes[0].Diff, "+  - effect: NoExecute") ||
		!strings.Contains(warned, "/lasts-") || !strings.Contains(warned, " after 1h,") || !strings.Contains(warned, "/leaves-") {
		t.Errorf("the plan is %+v", preview)
	}
	_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	lab.Eventually(t, "the pods went that were named", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err != nil {
			return err
		}
		var apps []string
		for _, pod := range pods.Items {
			apps = append(apps, pod.Labels["app"])
		}
		if slices.Sort(apps); !slices.Equal(apps, []string{"lasts", "stays"}) {
			return fmt.Errorf("there are %v", apps)
		}
		return nil
	})
}

// What somebody changes between the look and the change is looked at again, and what is
// not the step's stays.
func TestTaintMeetsChangesThatComeBetween(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between, after string
		conflict       bool
	}{
		"another taint": {between: "z=theirs:NoSchedule", after: "z=theirs:NoSchedule a=ours:NoSchedule"},
		"the taint":     {between: "a=theirs:NoSchedule", after: "a=theirs:NoSchedule", conflict: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := shared.Node(t)
			var once sync.Once
			handler := action(t, shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
				if r.Method == http.MethodPatch {
					once.Do(func() { setTaints(t, node, "somebodys-tool", own, c.between) })
				}
				api.ServeHTTP(w, r)
			}), "taint")
			req := lab.Request(t, map[string]any{"node": node, "taints": []any{taint("a=ours:NoSchedule")}})
			_, err := handler.Apply(t.Context(), req, &sdktest.Host{})
			if c.conflict != (err != nil && sdk.AsError(err).Class == sdk.Conflict && strings.Contains(err.Error(), "somebodys-tool")) {
				t.Errorf("got %v", err)
			}
			if got := strings.Join(taintsOf(t, node), " "); got != own+" "+c.after {
				t.Errorf("the taints are %s, want %s", got, c.after)
			}
		})
	}
}
