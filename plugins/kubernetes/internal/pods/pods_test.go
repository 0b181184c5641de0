package pods_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/pods"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 2, func(l *lab.Lab) { shared = l }))
}

// apply applies an action, and reads its outputs.
func apply[O any](t testing.TB, name string, params map[string]any, host sdk.Host) (out O, err error) {
	t.Helper()
	outputs, err := lab.Action(t, pods.Actions(shared.Connect(t)), name).Apply(t.Context(), lab.Request(t, params), host)
	if err == nil {
		lab.Must(t, json.Unmarshal(outputs, &out))
	}
	return out, err
}

// printing is a world with the Deployment web, whose pods print a log.
func printing(replicas int32, log string, params map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		shared.Deploy(t, namespace, "web", "web:1", replicas, func(d *appsv1.Deployment) {
			d.Spec.Template.Annotations = map[string]string{"kubelab/logs": log, "kubelab/previous-logs": "it crashed"}
		})
		given := map[string]any{"namespace": namespace, "workload": "deployment/web"}
		maps.Copy(given, params)
		return sdktest.World{Params: given}
	}
}

func TestActionsKeepTheContract(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	missing := func(params map[string]any) func(testing.TB) sdktest.World {
		return func(testing.TB) sdktest.World {
			given := map[string]any{"pod": "no-such-pod"}
			maps.Copy(given, params)
			return sdktest.World{Params: given}
		}
	}
	t.Run("logs", func(t *testing.T) {
		sdktest.Run(t, lab.Action(t, pods.Actions(c), "logs"),
			sdktest.Case{Name: "of two pods", World: printing(2, "one\ntwo", nil)},
			sdktest.Case{Name: "one that is followed", Blocks: true, World: printing(1, "one", map[string]any{"follow": "10m"})},
			sdktest.Case{Name: "no pod", World: missing(nil), Fails: sdk.Permanent})
	})
	t.Run("events", func(t *testing.T) {
		sdktest.Run(t, lab.Action(t, pods.Actions(c), "events"),
			sdktest.Case{Name: "of a Deployment", World: func(t testing.TB) sdktest.World {
				return sdktest.World{Params: map[string]any{"namespace": printing(1, "", nil)(t).Params["namespace"]}}
			}})
	})
	t.Run("exec", func(t *testing.T) {
		program := func(argv ...string) func(testing.TB) sdktest.World {
			return printing(1, "", map[string]any{"command": argv, "stdin": "a long text to read"})
		}
		sdktest.Run(t, lab.Action(t, pods.Actions(c), "exec"),
			sdktest.Case{Name: "a program that reads", World: program("sh", "-c", "cat > /dev/null")},
			sdktest.Case{Name: "one that fails", Fails: sdk.Transient, World: program("false")},
			sdktest.Case{Name: "one that is not there", Fails: sdk.Permanent, World: program("no-such-program")},
			sdktest.Case{Name: "one that takes long", Blocks: true, World: program("sleep", "20")},
			sdktest.Case{Name: "no pod", World: missing(map[string]any{"command": []string{"true"}}), Fails: sdk.Permanent})
	})
	t.Run("exec_check", func(t *testing.T) {
		sdktest.Run(t, lab.Action(t, pods.Actions(c), "exec_check"),
			sdktest.Case{Name: "yes", World: printing(1, "", map[string]any{"command": []string{"true"}})},
			sdktest.Case{Name: "too long", Fails: sdk.Transient, World: printing(1, "", map[string]any{
				"command": []string{"sleep", "20"}, "timeout": "200ms",
			})})
	})
}

// What one may not do is known before anything runs, and refused when it is tried.
func TestWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	world := printing(1, "", nil)(t)
	namespace := world.Params["namespace"].(string)
	shared.Allow(t, "reader",
		rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}})
	reader := shared.ConnectAs(t, "reader")
	for name, words := range map[string]string{
		"exec": "run programs in pods", "exec_check": "run programs in pods", "logs": "read the logs of pods", "events": "list events",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{"namespace": namespace}
			if name != "events" {
				params["workload"] = "deployment/web"
			}
			if strings.HasPrefix(name, "exec") {
				params["command"] = []string{"true"}
			}
			handler := lab.Action(t, pods.Actions(reader), name)
			preview, err := handler.Plan(t.Context(), lab.Request(t, params))
			lab.Must(t, err)
			if want := "You may not " + words + " in " + namespace + "."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
				t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
			}
			_, err = handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
			if err == nil || sdk.AsError(err).Class != sdk.Denied {
				t.Errorf("got %v, want a denied error", err)
			}
		})
	}
}

// podOf is the name of the only pod of the Deployment web.
func podOf(t testing.TB, namespace string) string {
	t.Helper()
	return podsOf(t, namespace)[0].Name
}

func podsOf(t testing.TB, namespace string) []corev1.Pod {
	t.Helper()
	found, err := shared.Kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	lab.Must(t, err)
	return found.Items
}
