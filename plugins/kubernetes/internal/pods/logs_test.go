package pods_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/pods"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestLogsCountsAndKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	old := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	world := printing(1, old+" an old error\n"+time.Now().UTC().Format(time.RFC3339Nano)+" fine\nan Error\nfine again", nil)(t)
	for name, tt := range map[string]struct {
		more           map[string]any
		lines, matches int
		last           []string
		shown          int
	}{
		"all":      {nil, 4, 4, []string{"an old error", "fine", "an Error", "fine again"}, 4},
		"match":    {map[string]any{"match": "(?i)error"}, 4, 2, []string{"an old error", "an Error"}, 4},
		"since":    {map[string]any{"since": "10m", "match": "(?i)error"}, 3, 1, []string{"an Error"}, 3},
		"tail":     {map[string]any{"tail": 2}, 2, 2, []string{"an Error", "fine again"}, 2},
		"last":     {map[string]any{"last": 1}, 4, 4, []string{"fine again"}, 4},
		"previous": {map[string]any{"previous": true}, 1, 1, []string{"it crashed"}, 1},
		"show":     {map[string]any{"show": 16}, 4, 4, []string{"an old error", "fine", "an Error", "fine again"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{"workload": "deployment/web", "namespace": world.Params["namespace"]}
			maps.Copy(params, tt.more)
			host := &sdktest.Host{}
			out, err := apply[pods.LogsOutput](t, "logs", params, host)
			lab.Must(t, err)
			if out.Lines != tt.lines || out.Matches != tt.matches || !slices.Equal(out.Pods[0].Last, tt.last) {
				t.Errorf("got %+v", out)
			}
			shown := 0
			for _, line := range host.Lines() {
				if line.Stream == out.Pods[0].Pod {
					shown++
				}
			}
			if shown != tt.shown || out.Shown.Lines != tt.shown || out.Shown.Cut != (tt.shown < tt.lines) {
				t.Errorf("shown are %d lines, and it says %+v", shown, out.Shown)
			}
		})
	}
}

// What cannot match anything is known before the run, where it is known at all.
func TestLogsPlansWithNoPatternThatIsNone(t *testing.T) {
	t.Parallel()
	handler := lab.Action(t, pods.Actions(shared.Connect(t)), "logs")
	request := lab.Request(t, map[string]any{"workload": "deployment/web", "namespace": "default", "match": "(?i)err(or"})
	_, err := handler.Plan(t.Context(), request)
	if err == nil || sdk.AsError(err).Field != "match" {
		t.Errorf("got %v, want an error of match", err)
	}
	request = lab.Request(t, map[string]any{"workload": "deployment/web", "namespace": "default"})
	request.Unknown = []string{"match"}
	_, err = handler.Plan(t.Context(), request)
	lab.Must(t, err)
}

// print lets a pod print a text from now on.
func print(t testing.TB, l *lab.Lab, namespace, pod, text string) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{"kubelab/logs": text}}})
	lab.Must(t, err)
	_, err = l.Kube.CoreV1().Pods(namespace).Patch(t.Context(), pod, types.MergePatchType, patch, metav1.PatchOptions{})
	lab.Must(t, err)
}

// A log is followed for as long as asked, and the API server may be away meanwhile: no
// line is lost, none is told twice.
func TestLogsFollowsOverADisconnect(t *testing.T) {
	t.Parallel()
	own, err := lab.Start(1)
	lab.Must(t, err)
	t.Cleanup(own.Stop)
	namespace := own.Namespace(t)
	own.Deploy(t, namespace, "web", "web:1", 1, nil)
	found, err := own.Kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	pod := found.Items[0].Name
	print(t, own, namespace, pod, "one\ntwo\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	host, ended := &sdktest.Host{}, make(chan error, 1)
	handler := lab.Action(t, pods.Actions(own.Connect(t)), "logs")
	go func() {
		_, err := handler.Apply(ctx, lab.Request(t, map[string]any{"pod": pod, "namespace": namespace, "follow": "10m"}), host)
		ended <- err
	}()
	told := func(want ...string) func(context.Context) error {
		return func(context.Context) error {
			var lines []string
			for _, line := range host.Lines() {
				lines = append(lines, line.Text)
			}
			if !slices.Equal(lines, want) {
				return fmt.Errorf("it told %q", lines)
			}
			return nil
		}
	}
	lab.Eventually(t, "it tells what is there", told("one", "two"))
	lab.Must(t, own.Kill())
	lab.Must(t, own.Up())
	print(t, own, namespace, pod, "one\ntwo\nthree\n")
	lab.Eventually(t, "it goes on", told("one", "two", "three"))
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "after 3 lines") {
		t.Errorf("it ended with %v", err)
	}
}

// A pod whose log cannot be read is told among others, and fails the step alone.
func TestLogsOfAPodThatHasNotBegun(t *testing.T) {
	t.Parallel()
	world := printing(1, "one", nil)(t)
	namespace := world.Params["namespace"].(string)
	waiting := lab.Template("web", "web:bad")
	_, err := shared.Kube.CoreV1().Pods(namespace).Create(t.Context(),
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "waiting", Labels: map[string]string{"team": "shop"}}, Spec: waiting.Spec}, metav1.CreateOptions{})
	lab.Must(t, err)
	print(t, shared, namespace, podOf(t, namespace), "one")
	_, err = shared.Kube.CoreV1().Pods(namespace).Patch(t.Context(), podOf(t, namespace), types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"team":"shop"}}}`), metav1.PatchOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "its image cannot be pulled", func(ctx context.Context) error {
		pod, err := shared.Kube.CoreV1().Pods(namespace).Get(ctx, "waiting", metav1.GetOptions{})
		if err == nil && len(pod.Status.ContainerStatuses) == 0 {
			err = errors.New("it has no status")
		}
		return err
	})
	out, err := apply[pods.LogsOutput](t, "logs", map[string]any{"selector": "team=shop", "namespace": namespace}, &sdktest.Host{})
	lab.Must(t, err)
	if len(out.Pods) != 2 || out.Lines != 1 || !strings.Contains(out.Pods[0].Problem, "waiting to start") || out.Pods[1].Problem != "" {
		t.Errorf("got %+v", out)
	}
	_, err = apply[pods.LogsOutput](t, "logs", map[string]any{"pod": "waiting", "namespace": namespace}, &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
	_, err = apply[pods.LogsOutput](t, "logs", map[string]any{"pod": "waiting", "namespace": namespace, "container": "side"}, &sdktest.Host{})
	if err == nil || !strings.Contains(err.Error(), `has no container "side"; it has main`) {
		t.Errorf("got %v", err)
	}
}

// A kubelet that does not answer is the time at which one wants logs most.
func TestLogsOfASilentKubelet(t *testing.T) {
	t.Parallel()
	world := printing(1, "one", nil)(t)
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/log") {
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(w, r)
	})
	c.Timeout = time.Second
	// One that is followed has no lines to come where it does not say which are there, be
	// it for a time or until the end.
	for _, follow := range []string{"", "300ms", "3s"} {
		t.Run("followed for "+follow, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{"workload": "deployment/web", "namespace": world.Params["namespace"]}
			if follow != "" {
				params["follow"] = follow
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := lab.Action(t, pods.Actions(c), "logs").Apply(ctx, lab.Request(t, params), &sdktest.Host{})
			if err == nil || sdk.AsError(err).Class != sdk.Transient || !strings.Contains(err.Error(), "nothing came of the log") || ctx.Err() != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEventsAreSortedCountedAndCut(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	for i, reason := range []string{"Late", "Early", "Late", "Old"} {
		at := time.Now().Add(-[]time.Duration{time.Minute, 3 * time.Minute, 2 * time.Minute, 2 * time.Hour}[i])
		_, err := shared.Kube.CoreV1().Events(namespace).Create(t.Context(), &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{GenerateName: "event-"},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web-0", Namespace: namespace},
			Type:           []string{"Warning", "Normal"}[i%2], Reason: reason, Message: fmt.Sprint(i), LastTimestamp: metav1.NewTime(at),
		}, metav1.CreateOptions{})
		lab.Must(t, err)
	}
	for name, tt := range map[string]struct {
		more     map[string]any
		messages string
		total    int
		warnings int
	}{
		"all":      {nil, "3 1 2 0", 4, 2},
		"since":    {map[string]any{"since": "1h"}, "1 2 0", 3, 2},
		"limit":    {map[string]any{"limit": 2}, "2 0", 4, 2},
		"warnings": {map[string]any{"type": "Warning"}, "2 0", 2, 2},
		"reasons":  {map[string]any{"reasons": []string{"Early", "Old"}}, "3 1", 2, 0},
		"object":   {map[string]any{"kind": "Pod", "name": "web-0"}, "3 1 2 0", 4, 2},
		"other":    {map[string]any{"name": "web-1"}, "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{"namespace": namespace}
			maps.Copy(params, tt.more)
			out, err := apply[pods.EventsOutput](t, "events", params, &sdktest.Host{})
			lab.Must(t, err)
			var messages []string
			for _, event := range out.Events {
				messages = append(messages, event.Message)
			}
			if got := strings.Join(messages, " "); got != tt.messages || out.Total != tt.total || out.Warnings != tt.warnings || out.Cut != (len(messages) < tt.total) {
				t.Errorf("got %q of %+v", got, out)
			}
		})
	}
}
