package preflight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/preflight"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestActionKeepsTheContract(t *testing.T) {
	t.Parallel()
	world := func(params map[string]any) func(testing.TB) sdktest.World {
		return func(testing.TB) sdktest.World { return sdktest.World{Params: params} }
	}
	sdktest.Run(t, lab.Action(t, preflight.Actions(shared.Connect(t)), "preflight"),
		sdktest.Case{Name: "maintenance", World: world(map[string]any{})},
		sdktest.Case{Name: "an upgrade", World: world(map[string]any{"targetVersion": "1.99"})})
}

// shared is the cluster of all tests here but one; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

// read is the outputs for a target, where it is not empty.
func read(t testing.TB, c *cluster.Cluster, target string) preflight.Output {
	t.Helper()
	params := map[string]any{}
	if target != "" {
		params["targetVersion"] = target
	}
	outputs, err := lab.Action(t, preflight.Actions(c), "preflight").Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	var out preflight.Output
	lab.Must(t, json.Unmarshal(outputs, &out))
	return out
}

// The lab's cluster is of one version, and its nodes say what they are told to.
func TestVersionsAreJudged(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 1)
	c := l.Connect(t)
	server := c.Version.GitVersion
	if !strings.HasPrefix(server, "v1.36.") {
		t.Fatalf("the versions below are for an API server of 1.36, not %s", server)
	}
	out := read(t, c, "1.37")
	if !out.Ready || out.ServerVersion != server || len(out.Nodes) != 1 || !out.Nodes[0].Ready || out.Nodes[0].MinorsBehind != 0 {
		t.Errorf("a cluster without problems is %+v", out)
	}
	for target, want := range map[string][]string{
		"1.36.99": nil,
		"1.38":    {"An API server goes up one minor version at a time: from 1.36 to 1.37 first, and not to 1.38."},
		"v1.35.2": {"The API server is at 1.36 already, and does not go back to 1.35."},
		"2.0":     {"An API server goes up one minor version at a time: from 1.36 to 1.37 first, and not to 2.0.", "These nodes have a kubelet that is too old for an API server of 2.0, and go up first: node-0 (" + server + ")."},
	} {
		if out := read(t, c, target); !slices.Equal(out.Problems, want) || out.Ready != (want == nil) {
			t.Errorf("for %s the problems are %q, want %q", target, out.Problems, want)
		}
	}

	versions := map[string]string{"1.37.0": l.Node(t), "v1.33.9+k3s1": l.Node(t), "v1.32.1": l.Node(t), "v1.24.0": l.Node(t), "custom": l.Node(t)}
	for version, node := range versions {
		patch := fmt.Sprintf(`{"status":{"nodeInfo":{"kubeletVersion":%q}}}`, version)
		_, err := l.Kube.CoreV1().Nodes().Patch(t.Context(), node, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
		lab.Must(t, err)
	}
	at := func(version string) string { return versions[version] + " (" + version + ")" }
	tooOld := []string{at("v1.24.0"), at("v1.32.1")}
	slices.Sort(tooOld)
	want := []string{
		"These nodes have a kubelet that is newer than the API server, 1.36: " + at("1.37.0") + ".",
		"These nodes have a kubelet that is too old for the API server, 1.36: " + strings.Join(tooOld, ", ") + ".",
	}
	out = read(t, c, "")
	if !slices.Equal(out.Problems, want) {
		t.Errorf("the problems are %q, want %q", out.Problems, want)
	}
	if len(out.Unknown) != 1 || !strings.Contains(out.Unknown[0], versions["custom"]) || out.Ready {
		t.Errorf("a version that says nothing is %q", out.Unknown)
	}
	want = append(want, "These nodes have a kubelet that is too old for an API server of 1.37, and go up first: "+at("v1.33.9+k3s1")+".")
	if out := read(t, c, "1.37"); !slices.Equal(out.Problems, want) {
		t.Errorf("the problems are %q, want %q", out.Problems, want)
	}
}

func TestNodesAndBudgetsAreRead(t *testing.T) {
	t.Parallel()
	cordoned, namespace := shared.Node(t), shared.Namespace(t)
	_, err := shared.Kube.CoreV1().Nodes().Patch(t.Context(), cordoned, types.MergePatchType, []byte(`{"spec":{"unschedulable":true}}`), metav1.PatchOptions{})
	lab.Must(t, err)
	// Nobody plays the kubelet of a node that has no labels.
	silent, err := shared.Kube.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "silent-"},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	t.Cleanup(func() {
		lab.Must(t, shared.Kube.CoreV1().Nodes().Delete(context.WithoutCancel(t.Context()), silent.Name, metav1.DeleteOptions{}))
	})
	shared.Deploy(t, namespace, "web", "web:1", 2, nil)
	shared.Deploy(t, namespace, "spare", "spare:1", 2, nil)
	shared.Budget(t, namespace, "web-budget", "web", 2, 0)
	shared.Budget(t, namespace, "spare-budget", "spare", 1, 1)

	out := read(t, shared.Connect(t), "")
	problems := strings.Join(out.Problems, "\n")
	if !slices.Contains(out.Cordoned, cordoned) || strings.Contains(problems, cordoned) {
		t.Errorf("cordoned are %q, and the problems are %q", out.Cordoned, problems)
	}
	if !slices.Contains(out.NotReady, silent.Name) || !strings.Contains(problems, "These nodes are not ready: ") || !strings.Contains(problems, silent.Name+" (") {
		t.Errorf("not ready are %q, and the problems are %q", out.NotReady, problems)
	}
	if !strings.Contains(problems, namespace+"/web-budget (2 healthy, 2 needed)") || strings.Contains(problems, "spare-budget") ||
		!slices.Contains(out.BlockedBudgets, namespace+"/web-budget") {
		t.Errorf("blocked are %q, and the problems are %q", out.BlockedBudgets, problems)
	}
	if want := (preflight.Budget{Namespace: namespace, Name: "spare-budget", DisruptionsAllowed: 1, CurrentHealthy: 2, DesiredHealthy: 1, ExpectedPods: 2}); !slices.Contains(out.Budgets, want) {
		t.Errorf("the budgets are %+v, want %+v among them", out.Budgets, want)
	}
}

func TestDeprecatedAPIsAreKnownOrSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	// Deprecated since 1.33, and yet not to be removed.
	_, err := c.Kube.CoreV1().Endpoints("default").List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the use of Endpoints is known", func(context.Context) error {
		if out := read(t, c, "1.37"); !slices.Contains(out.DeprecatedAPIs, preflight.DeprecatedAPI{Version: "v1", Resource: "endpoints"}) {
			return fmt.Errorf("there are %+v", out.DeprecatedAPIs)
		}
		return nil
	})

	shared.Allow(t, "reader",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{"policy"}, Resources: []string{"poddisruptionbudgets"}, Verbs: []string{"list"}})
	out := read(t, shared.ConnectAs(t, "reader"), "1.37")
	if out.Ready || len(out.DeprecatedAPIs) > 0 || !strings.Contains(strings.Join(out.Unknown, "\n"), `cannot get path "/metrics"`) {
		t.Errorf("without the right to read metrics: %+v", out)
	}
	_, err = lab.Action(t, preflight.Actions(shared.ConnectAs(t, "stranger")), "preflight").Apply(t.Context(), lab.Request(t, nil), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied {
		t.Errorf("got %v, want a denied error", err)
	}
}

// Metrics as servers with other APIs give them.
func TestDeprecatedAPIsAreJudgedByTheTarget(t *testing.T) {
	t.Parallel()
	const (
		server  = "# HELP apiserver_x x\napiserver_x{a=\"b\"} 1\n"
		removed = `apiserver_requested_deprecated_apis{group="a.example",removed_release="1.37",resource="flows",subresource="status",version="v1beta3"} 1` + "\n"
		later   = `apiserver_requested_deprecated_apis{group="",removed_release="1.38",resource="things",subresource="",version="v1"} 1` + "\n"
		unused  = `apiserver_requested_deprecated_apis{group="",removed_release="1.37",resource="dreams",subresource="",version="v1"} 0` + "\n"
	)
	for name, test := range map[string]struct {
		metrics, target string
		used            int
		problem         string
		unknown         string
	}{
		"removed":         {server + removed + later + unused, "1.37", 2, "These APIs are in use, and 1.37 does not have them: a.example/v1beta3 flows/status (removed in 1.37).", ""},
		"not removed yet": {server + removed + later, "1.36", 2, "", ""},
		"no target":       {server + removed, "", 1, "", ""},
		"none":            {server, "1.37", 0, "", ""},
		"of another":      {"node_load1 0.5\n", "1.37", 0, "", "what answers for metrics is not the API server"},
		"a long line":     {server + "x" + strings.Repeat("x", 1<<20) + "\n", "1.37", 0, "", "!read the API server's metrics"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
				if r.URL.Path != "/metrics" {
					api.ServeHTTP(w, r)
					return
				}
				fmt.Fprint(w, test.metrics)
			})
			if broken, is := strings.CutPrefix(test.unknown, "!"); is {
				_, err := lab.Action(t, preflight.Actions(c), "preflight").Apply(t.Context(), lab.Request(t, nil), &sdktest.Host{})
				if err == nil || !strings.Contains(err.Error(), broken) {
					t.Errorf("got %v", err)
				}
				return
			}
			out := read(t, c, test.target)
			about := slices.DeleteFunc(out.Problems, func(s string) bool { return !strings.HasPrefix(s, "These APIs") })
			if len(out.DeprecatedAPIs) != test.used || strings.Join(about, "\n") != test.problem || !strings.Contains(strings.Join(out.Unknown, "\n"), test.unknown) {
				t.Errorf("got %+v, %q, %q", out.DeprecatedAPIs, about, out.Unknown)
			}
		})
	}
}
