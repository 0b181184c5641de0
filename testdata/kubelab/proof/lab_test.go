// Package proof proves kubelab from outside: it drives the built program, as the
// tests that use it do, with kubectl and with Kubernetes' own client. It claims no
// more than that the control plane is real; see the program's own documentation for
// what is simulated.
package proof

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// program is the path of kubelab. No test builds it.
func program(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("../build", "--find").CombinedOutput()
	if err != nil {
		t.Fatalf("%s", out)
	}
	return strings.TrimSpace(string(out))
}

// A lab is a running kubelab.
type lab struct {
	program    string
	dir        string
	kubeconfig string
	client     kubernetes.Interface // the administrator's
	process    *exec.Cmd
	stdin      io.Closer
	stderr     bytes.Buffer
	exited     chan error // gets the process's end, once
}

// start runs kubelab in a directory and waits until it is ready. What is still
// running at the end of the test is stopped through its standard input.
func start(t *testing.T, dir string, flags ...string) *lab {
	t.Helper()
	l := &lab{program: program(t), dir: dir, kubeconfig: filepath.Join(dir, "kubeconfig"), exited: make(chan error, 1)}
	l.process = exec.Command(l.program, append([]string{"up", "-dir", dir, "-exit-on-stdin-close"}, flags...)...)
	l.process.Stderr = &l.stderr
	stdout, err := l.process.StdoutPipe()
	must(t, err)
	l.stdin, err = l.process.StdinPipe()
	must(t, err)
	must(t, l.process.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() { l.exited <- l.process.Wait() }()
	t.Cleanup(func() { l.stdin.Close(); l.awaitExit(t) })
	if want := "ready " + l.kubeconfig + "\n"; err != nil || line != want {
		l.stdin.Close()
		l.awaitExit(t)
		t.Fatalf("kubelab said %q (%v), want %q\n%s", line, err, want, &l.stderr)
	}
	l.client, err = kubernetes.NewForConfig(l.config(t, ""))
	must(t, err)
	return l
}

// config is how a user reaches the cluster, the administrator if none is named.
func (l *lab) config(t *testing.T, user string) *rest.Config {
	t.Helper()
	path := l.kubeconfig
	if user != "" {
		path += "." + user
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	must(t, err)
	config.QPS, config.Burst = -1, -1
	return config
}

// awaitExit returns how the process ended.
func (l *lab) awaitExit(t *testing.T) error {
	select {
	case err := <-l.exited:
		l.exited <- err
		return err
	case <-time.After(time.Minute):
		_ = l.process.Process.Kill()
		t.Errorf("kubelab did not stop within a minute\n%s", &l.stderr)
		return <-l.exited
	}
}

func (l *lab) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	must(t, l.process.Process.Signal(sig))
}

// kubectl runs kubelab's kubectl as the administrator and returns what it says.
func (l *lab) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := l.tryKubectl(args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// tryKubectl is kubectl for what may fail.
func (l *lab) tryKubectl(args ...string) (string, error) {
	cmd := exec.Command(l.program, append([]string{"kubectl"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+l.kubeconfig)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// namespace makes a namespace of its own for a test.
func (l *lab) namespace(t *testing.T) string {
	t.Helper()
	name := strings.ToLower(t.Name()[strings.LastIndex(t.Name(), "/")+1:])
	_, err := l.client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	must(t, err)
	return name
}

// eventually polls until check has no complaint, for a minute at most.
func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		complaint := check(ctx)
		if complaint == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within a minute: %v", what, complaint)
		case <-tick.C:
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
