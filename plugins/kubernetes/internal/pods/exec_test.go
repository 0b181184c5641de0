package pods_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/pods"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestExecReturnsHowAProgramEnds(t *testing.T) {
	t.Parallel()
	world := printing(1, "", nil)(t)
	namespace := world.Params["namespace"].(string)
	for name, tt := range map[string]struct {
		script string
		more   map[string]any
		says   string // of a failure
		want   pods.ProgramOutput
	}{
		"both streams": {script: "echo out; echo err >&2", want: pods.ProgramOutput{Stdout: "out", Stderr: "err"}},
		"stdin":        {script: "cat", more: map[string]any{"stdin": "a\nb"}, want: pods.ProgramOutput{Stdout: "a\nb"}},
		"a code":       {script: "exit 3", more: map[string]any{"okExitCodes": []int{3}}, want: pods.ProgramOutput{ExitCode: 3}},
		"a failure":    {script: "echo gone >&2; exit 4", says: `sh -c "echo gone >&2; exit 4" in ` + namespace + "/" + podOf(t, namespace) + ": exit code 4: gone"},
		"JSON":         {script: `echo '{"lag": 3}'`, more: map[string]any{"parse": "json"}, want: pods.ProgramOutput{Stdout: `{"lag": 3}`}},
		"no JSON":      {script: "echo lag", more: map[string]any{"parse": "json"}, says: "standard output is not JSON"},
		"much":         {script: "yes 12345678 | head -c 100000", more: map[string]any{"keep": 18}, want: pods.ProgramOutput{Stdout: "…2345678\n12345678\n1"}},
		"by its name":  {script: "echo $HOSTNAME", more: map[string]any{"workload": nil}, want: pods.ProgramOutput{Stdout: podOf(t, namespace)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{"namespace": namespace, "pod": podOf(t, namespace), "command": []string{"sh", "-c", tt.script}}
			for name, value := range tt.more {
				if value != nil {
					params[name] = value
				}
			}
			host := &sdktest.Host{}
			out, err := apply[pods.ProgramOutput](t, "exec", params, host)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("got %v, want %q", err, tt.says)
				}
				return
			}
			lab.Must(t, err)
			if out.ExitCode != tt.want.ExitCode || out.Stdout != tt.want.Stdout || out.Stderr != tt.want.Stderr {
				t.Errorf("got %+v, want %+v", out, tt.want)
			}
			if tt.want.Stderr != "" && !strings.Contains(fmt.Sprint(host.Lines()), "{stderr err}") {
				t.Errorf("the host was told %v", host.Lines())
			}
			if params["parse"] != nil && string(out.JSON) != `{"lag":3}` {
				t.Errorf("the JSON is %s", out.JSON)
			}
		})
	}
}

// Of several pods a ready one is taken, though it be not the first.
func TestExecTakesAPodThatIsReady(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	for name, side := range map[string]string{"a": "side:crash", "b": "side:1"} {
		template := lab.Template("web", "web:1")
		template.Spec.Containers = append(template.Spec.Containers, corev1.Container{Name: "side", Image: side})
		_, err := shared.Kube.CoreV1().Pods(namespace).Create(t.Context(),
			&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: template.Labels}, Spec: template.Spec}, metav1.CreateOptions{})
		lab.Must(t, err)
		lab.Eventually(t, name+" runs", func(ctx context.Context) error {
			pod, err := shared.Kube.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
			if err == nil && pod.Status.Phase != corev1.PodRunning {
				err = fmt.Errorf("it is %s", pod.Status.Phase)
			}
			return err
		})
	}
	out, err := apply[pods.ProgramOutput](t, "exec", map[string]any{
		"selector": "app=web", "namespace": namespace, "command": []string{"sh", "-c", "echo $HOSTNAME $CONTAINER"},
	}, &sdktest.Host{})
	lab.Must(t, err)
	if out.Stdout != "b main" {
		t.Errorf("it ran in %s", out.Stdout)
	}
}

// All pods are gone through, up to the first in which it fails, and that is said.
func TestExecInAllPods(t *testing.T) {
	t.Parallel()
	world := printing(3, "", nil)(t)
	namespace := world.Params["namespace"].(string)
	world.Params["all"], world.Params["command"] = true, []string{"sh", "-c", "echo $HOSTNAME"}
	out, err := apply[pods.ProgramOutput](t, "exec", world.Params, &sdktest.Host{})
	lab.Must(t, err)
	found := podsOf(t, namespace)
	for i, ran := range out.Pods {
		if ran.Stdout != found[i].Name || ran.Pod != found[i].Name {
			t.Errorf("got %+v, want %s", ran, found[i].Name)
		}
	}
	world.Params["command"] = []string{"sh", "-c", "test $HOSTNAME != " + found[1].Name}
	_, err = apply[pods.ProgramOutput](t, "exec", world.Params, &sdktest.Host{})
	if err == nil || !strings.HasSuffix(err.Error(), "; it has run in "+found[0].Name) || sdk.AsError(err).Unchanged {
		t.Errorf("got %v", err)
	}
}

// To try again begins with the first pod, so that only what may be run twice is tried again
// once it has run in one.
func TestExecInAllPodsIsTriedAgainOnlyWhereItMayBe(t *testing.T) {
	t.Parallel()
	world := printing(2, "", nil)(t)
	found := podsOf(t, world.Params["namespace"].(string))
	for name, tt := range map[string]struct {
		fails      int
		idempotent bool
		want       sdk.Class
	}{
		"it fails in the first":                {0, false, sdk.Transient},
		"it fails in the second":               {1, false, sdk.Permanent},
		"it fails in the second, idempotently": {1, true, sdk.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := maps.Clone(world.Params)
			params["all"], params["idempotent"] = true, tt.idempotent
			params["command"] = []string{"sh", "-c", "test $HOSTNAME != " + found[tt.fails].Name}
			_, err := apply[pods.ProgramOutput](t, "exec", params, &sdktest.Host{})
			lab.Fails(t, err, tt.want, "exit code 1")
		})
	}
}

// After a crash only the check knows.
func TestExecObservesByItsCheck(t *testing.T) {
	t.Parallel()
	world := printing(1, "", nil)(t)
	handler := lab.Action(t, pods.Actions(shared.Connect(t)), "exec")
	file := t.TempDir() + "/done"
	world.Params["command"] = []string{"touch", file}
	observe := func() sdk.State {
		t.Helper()
		seen, err := handler.Observe(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		lab.Must(t, err)
		return seen.State
	}
	if got := observe(); got != sdk.CannotTell {
		t.Errorf("without a check it says %s", got)
	}
	world.Params["check"] = []string{"test", "-e", file}
	if got := observe(); got != sdk.NotDone {
		t.Errorf("before, it says %s", got)
	}
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Changes) != 1 || len(preview.Warnings) > 0 {
		t.Errorf("the plan is %+v", preview)
	}
	_, err = handler.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Must(t, err)
	if got := observe(); got != sdk.Done {
		t.Errorf("after, it says %s", got)
	}
	if preview, err = handler.Plan(t.Context(), lab.Request(t, world.Params)); err != nil || len(preview.Changes) != 1 || !strings.HasSuffix(preview.Summary, ", though the check succeeds now") {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
}

// A pod that does not run now may run when its turn comes: that blocks, with the reason.
func TestExecPlansForAPodThatDoesNotRun(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	_, err := shared.Kube.CoreV1().Pods(namespace).Create(t.Context(),
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db-0"}, Spec: lab.Template("db", "db:bad").Spec}, metav1.CreateOptions{})
	lab.Must(t, err)
	handler, params := lab.Action(t, pods.Actions(shared.Connect(t)), "exec"), map[string]any{
		"pod": "db-0", "namespace": namespace, "command": []string{"true"},
	}
	lab.Eventually(t, "the plan says why it does not run", func(ctx context.Context) error {
		preview, err := handler.Plan(ctx, lab.Request(t, params))
		want := "The container main of the pod " + namespace + "/db-0 does not run: container main with db:bad: ImagePullBackOff"
		if err == nil && (len(preview.Blockers) != 1 || !strings.HasPrefix(preview.Blockers[0], want)) {
			err = fmt.Errorf("it says %q", preview.Blockers)
		}
		return err
	})
	_, err = handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Transient || !sdk.AsError(err).Unchanged {
		t.Errorf("got %v, want a transient error before anything changed", err)
	}
}

// An API server that dies takes the answer with it: that is no success.
func TestExecWhoseConnectionBreaks(t *testing.T) {
	t.Parallel()
	own, err := lab.Start(1)
	lab.Must(t, err)
	t.Cleanup(own.Stop)
	namespace := own.Namespace(t)
	own.Deploy(t, namespace, "web", "web:1", 1, nil)
	host, ended := &sdktest.Host{}, make(chan error, 1)
	handler := lab.Action(t, pods.Actions(own.Connect(t)), "exec")
	go func() {
		_, err := handler.Apply(t.Context(), lab.Request(t, map[string]any{
			"workload": "deployment/web", "namespace": namespace, "command": []string{"sh", "-c", "echo begun; sleep 20"},
		}), host)
		ended <- err
	}()
	lab.Eventually(t, "it has begun", func(context.Context) error {
		if len(host.Lines()) == 0 {
			return errors.New("it printed nothing")
		}
		return nil
	})
	lab.Must(t, own.Kill())
	if err := <-ended; err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), "cannot be told") {
		t.Errorf("got %v", err)
	}
}

// A proxy that knows no WebSockets is got through over SPDY, as kubectl does it.
func TestExecFallsBackToSPDY(t *testing.T) {
	t.Parallel()
	world := printing(1, "", map[string]any{"command": []string{"sh", "-c", "cat; exit 3"}, "stdin": "in", "okExitCodes": []int{3}})(t)
	var upgrades sync.Map
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		upgrade := r.Header.Get("Upgrade")
		upgrades.Store(upgrade, true)
		if upgrade == "websocket" {
			http.Error(w, "no WebSockets", http.StatusBadRequest)
			return
		}
		api.ServeHTTP(w, r)
	})
	outputs, err := lab.Action(t, pods.Actions(c), "exec").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Must(t, err)
	var out pods.ProgramOutput
	lab.Must(t, json.Unmarshal(outputs, &out))
	if out.ExitCode != 3 || out.Stdout != "in" {
		t.Errorf("got %s", outputs)
	}
	for _, upgrade := range []string{"websocket", "SPDY/3.1"} {
		if _, tried := upgrades.Load(upgrade); !tried {
			t.Errorf("%s was not tried", upgrade)
		}
	}
}

// A connection over SPDY that breaks says nothing of the program's end, which must not be
// taken for a good one.
func TestExecOverSPDYWhoseConnectionBreaks(t *testing.T) {
	t.Parallel()
	world := printing(1, "", map[string]any{"command": []string{"sh", "-c", "echo begun; sleep 20"}})(t)
	held, cut := context.WithCancel(t.Context())
	defer cut()
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		switch r.Header.Get("Upgrade") {
		case "websocket":
			http.Error(w, "no WebSockets", http.StatusBadRequest)
		case "":
			api.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r.WithContext(held))
		}
	})
	host, ended := &sdktest.Host{}, make(chan error, 1)
	handler := lab.Action(t, pods.Actions(c), "exec")
	go func() { _, err := handler.Apply(t.Context(), lab.Request(t, world.Params), host); ended <- err }()
	lab.Eventually(t, "it has begun", func(context.Context) error {
		if len(host.Lines()) == 0 {
			return errors.New("it printed nothing")
		}
		return nil
	})
	cut()
	if err := <-ended; err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), "cannot be told") {
		t.Errorf("got %v", err)
	}
}
