package container_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// pod has an init container and two that do its work.
func pod(change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-0"},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "init"}},
			Containers:     []corev1.Container{{Name: "proxy"}, {Name: "main"}},
		},
	}
	if change != nil {
		change(p)
	}
	return p
}

func TestPickTakesWhatKubectlTakes(t *testing.T) {
	t.Parallel()
	annotated := func(name string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": name}
		}
	}
	for name, tt := range map[string]struct {
		pod         *corev1.Pod
		asked, want string
	}{
		"the first":                       {pod(nil), "", "proxy"},
		"the one asked for":               {pod(nil), "init", "init"},
		"the pod's own default":           {pod(annotated("main")), "", "main"},
		"a default that is not there":     {pod(annotated("gone")), "", "proxy"},
		"the one asked for all the same":  {pod(annotated("main")), "proxy", "proxy"},
		"one asked for that is not there": {pod(annotated("main")), "gone", ""},
	} {
		got, err := container.Pick(tt.pod, tt.asked)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
		}
		if err != nil && (sdk.AsError(err).Field != "container" || !strings.Contains(err.Error(), "proxy, main, init")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHasEndedForGood(t *testing.T) {
	t.Parallel()
	state := func(policy corev1.RestartPolicy, phase corev1.PodPhase, name string, code int32) *corev1.Pod {
		return pod(func(p *corev1.Pod) {
			p.Spec.RestartPolicy, p.Status.Phase = policy, phase
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}},
			}}
		})
	}
	sidecar := func(policy corev1.RestartPolicy, phase corev1.PodPhase) *corev1.Pod {
		made := state(policy, phase, "init", 0)
		made.Spec.InitContainers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		return made
	}
	for name, tt := range map[string]struct {
		pod       *corev1.Pod
		container string
		want      bool
	}{
		"no status yet":              {pod(nil), "main", false},
		"one that is started again":  {state(corev1.RestartPolicyAlways, corev1.PodRunning, "main", 0), "main", false},
		"one that never is":          {state(corev1.RestartPolicyNever, corev1.PodRunning, "main", 1), "main", true},
		"one that succeeded":         {state(corev1.RestartPolicyOnFailure, corev1.PodRunning, "main", 0), "main", true},
		"one that failed":            {state(corev1.RestartPolicyOnFailure, corev1.PodRunning, "main", 1), "main", false},
		"an init container":          {state(corev1.RestartPolicyAlways, corev1.PodPending, "init", 0), "init", true},
		"a sidecar":                  {sidecar(corev1.RestartPolicyAlways, corev1.PodRunning), "init", false},
		"a sidecar of a batch":       {sidecar(corev1.RestartPolicyNever, corev1.PodRunning), "init", false},
		"a sidecar of what is over":  {sidecar(corev1.RestartPolicyNever, corev1.PodSucceeded), "init", true},
		"one of a pod that is over":  {state(corev1.RestartPolicyAlways, corev1.PodFailed, "main", 1), "proxy", true},
		"one whose neighbour is out": {state(corev1.RestartPolicyNever, corev1.PodRunning, "main", 0), "proxy", false},
	} {
		if got := container.HasEnded(tt.pod, tt.container); got != tt.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestLastIsBounded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		last container.Last
		add  []string
		want []string
	}{
		"in lines":    {container.Last{MaxLines: 2, MaxBytes: 100}, []string{"a", "b", "c"}, []string{"b", "c"}},
		"in bytes":    {container.Last{MaxLines: 9, MaxBytes: 5}, []string{"aaa", "bbb", "cc"}, []string{"bbb", "cc"}},
		"one line":    {container.Last{MaxLines: 9, MaxBytes: 4}, []string{"abcdefgh"}, []string{"…efgh"}},
		"a character": {container.Last{MaxLines: 9, MaxBytes: 4}, []string{"aäöü"}, []string{"…öü"}},
		"nothing":     {container.Last{MaxBytes: 4}, []string{"a"}, nil},
	} {
		for _, line := range tt.add {
			tt.last.Add([]byte(line))
		}
		if got := tt.last.Lines(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestStreamPassesLinesOnAndKeepsTheEnd(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20<<10)
	for name, tt := range map[string]struct {
		keep  int
		write []string
		lines []string
		text  string
	}{
		"lines in pieces":        {100, []string{"on", "e\ntw", "o\r\n", "\nthree"}, []string{"one", "two", "three"}, "one\ntwo\r\n\nthree"},
		"newlines at the end":    {100, []string{"one\n\n"}, []string{"one"}, "one"},
		"more than is kept":      {3, []string{"äöü", "12"}, []string{"äöü12"}, "…12"},
		"nothing is kept":        {0, []string{"one"}, []string{"one"}, "…"},
		"a line that is no text": {100, []string{"\xff\n"}, []string{"\uFFFD"}, "\uFFFD"},
		"a line without an end":  {0, []string{long}, []string{long + "…"}, "…"},
		"a line that goes on":    {0, []string{long + "\xc3", "\xa4\nnext\n"}, []string{long + "…", "…ä", "next"}, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := &sdktest.Host{}
			stream := &container.Stream{Host: host, Name: "stdout", Keep: tt.keep}
			for _, text := range tt.write {
				if n, err := stream.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("Write returned %d, %v", n, err)
				}
			}
			stream.Close()
			_, _ = stream.Write([]byte("late\n")) // after the end it is dropped
			var lines []string
			for _, line := range host.Lines() {
				lines = append(lines, line.Text)
			}
			if !slices.Equal(lines, tt.lines) || stream.Text() != tt.text {
				t.Errorf("got %.80q and %q, want %.80q and %q", lines, stream.Text(), tt.lines, tt.text)
			}
		})
	}
}
