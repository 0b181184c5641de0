package proof

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// After kill -9 the same directory gives the same cluster: what was there is there,
// a client from before needs no new address, certificate or token, and things go on.
func TestRestartAfterKill(t *testing.T) {
	dir := t.TempDir()
	before := start(t, dir)
	before.deploy(t, "default", "web", "web:1", 3)
	before.kubectl(t, "create", "configmap", "kept", "--from-literal=key=value")
	pods, err := before.pods(t.Context(), "default", "web")
	must(t, err)
	file, err := os.ReadFile(before.kubeconfig)
	must(t, err)

	before.signal(t, syscall.SIGKILL)
	if err := before.awaitExit(t); err == nil {
		t.Fatal("kubelab outlived kill -9")
	}
	if _, err := before.client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{}); err == nil {
		t.Fatal("the API answers although kubelab was killed")
	}
	start(t, dir)

	again, err := os.ReadFile(before.kubeconfig)
	must(t, err)
	if string(again) != string(file) {
		t.Errorf("the kubeconfig changed from\n%s\nto\n%s", file, again)
	}
	after, err := before.pods(t.Context(), "default", "web")
	must(t, err)
	if len(after) != len(pods) {
		t.Fatalf("there are %d pods, there were %d", len(after), len(pods))
	}
	for i := range after {
		if after[i].UID != pods[i].UID || !podReady(after[i]) {
			t.Errorf("%s is not the pod that it was, or not ready", after[i].Name)
		}
	}
	before.kubectl(t, "get", "configmap", "kept")
	before.kubectl(t, "set", "image", "deployment/web", "main=web:2")
	before.awaitRollout(t, "default", "deployment/web")
	eventually(t, "a new version runs", before.podsRun("default", "web", "web:2", 3))
}

// A node whose kubelet stops becomes NotReady with its pods; once it is back they are
// ready again, and they are the same pods.
func TestNodeOutage(t *testing.T) {
	l := start(t, t.TempDir(), "-nodes", "1", "-node-grace", "8s")
	l.deploy(t, "default", "web", "web:1", 2)
	before, err := l.pods(t.Context(), "default", "web")
	must(t, err)

	l.kubectl(t, "label", "node", "node-0", "kubelab/kubelet=stopped")
	eventually(t, "the node is not ready, nor are its pods", func(ctx context.Context) error {
		return l.nodeAndPods(ctx, corev1.ConditionUnknown, false)
	})
	l.kubectl(t, "label", "node", "node-0", "kubelab/kubelet-")
	eventually(t, "the node is ready, as are its pods", func(ctx context.Context) error {
		return l.nodeAndPods(ctx, corev1.ConditionTrue, true)
	})
	after, err := l.pods(t.Context(), "default", "web")
	must(t, err)
	for i := range before {
		if after[i].UID != before[i].UID {
			t.Errorf("%s was replaced", before[i].Name)
		}
	}
}

// nodeAndPods complains until node-0 and all pods of web are as wanted.
func (l *lab) nodeAndPods(ctx context.Context, status corev1.ConditionStatus, ready bool) error {
	node, err := l.client.CoreV1().Nodes().Get(ctx, "node-0", metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != status {
			return fmt.Errorf("the node's readiness is %s", condition.Status)
		}
	}
	pods, err := l.pods(ctx, "default", "web")
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if podReady(pod) != ready {
			return fmt.Errorf("%s: ready is %v", pod.Name, !ready)
		}
	}
	return nil
}

// Each way to ask for a stop is answered with exit code 0, and the API is gone.
func TestStop(t *testing.T) {
	for name, stop := range map[string]func(*testing.T, *lab){
		"SIGTERM":      func(t *testing.T, l *lab) { l.signal(t, syscall.SIGTERM) },
		"stdin closes": func(t *testing.T, l *lab) { l.stdin.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, t.TempDir(), "-nodes", "1")
			stop(t, l)
			if err := l.awaitExit(t); err != nil {
				t.Errorf("kubelab ended with %v\n%s", err, &l.stderr)
			}
			if strings.Contains(l.stderr.String(), "left behind") {
				t.Errorf("not all components stopped:\n%s", &l.stderr)
			}
			if _, err := l.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err == nil {
				t.Error("the API still answers")
			}
		})
	}
}

// What goes wrong is said with what failed and where the logs are.
func TestErrors(t *testing.T) {
	l := start(t, t.TempDir(), "-nodes", "1")
	broken := t.TempDir()
	must(t, os.Mkdir(filepath.Join(broken, "identity"), 0o700))
	for name, example := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"directory in use": {[]string{"up", "-dir", l.dir}, 1, []string{"does another kubelab run in " + l.dir, "address already in use", "the logs are " + l.dir + "/kubelab.log"}},
		"broken identity":  {[]string{"up", "-dir", broken}, 1, []string{"reading the cluster's identity", "port", "the logs are"}},
		"unknown flag":     {[]string{"up", "-no-such"}, 2, []string{"-no-such"}},
		"short grace":      {[]string{"up", "-node-grace", "1s"}, 2, []string{"8s or more"}},
		"unknown command":  {[]string{"down"}, 2, []string{`no command "down"`, "usage:"}},
		"no command":       {nil, 2, []string{"usage:"}},
		"kubectl's errors": {[]string{"kubectl", "--kubeconfig", l.kubeconfig, "get", "pod", "missing"}, 1, []string{"NotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(program(t), example.args...)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != example.code {
				t.Errorf("exit code %d, want %d", code, example.code)
			}
			for _, want := range example.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("it says\n%s\nwant %q in it", out, want)
				}
			}
		})
	}
}
