// Package lab gives the tests of this module a real cluster: kubelab, one for all
// tests of a package, with a namespace and nodes of its own for each. Nothing here is
// part of the plugin.
package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/schema"
)

// Lab is a running cluster.
type Lab struct {
	Kubeconfig string // the administrator's
	Kube       kubernetes.Interface

	program, dir string
	nodes        int
	process      *exec.Cmd
	stdin        io.Closer
}

// Start starts a cluster in a new directory. Where kubelab is not built, it says how
// to build it.
func Start(nodes int) (*Lab, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatebook-lab-")
	if err != nil {
		return nil, err
	}
	l := &Lab{program: program, dir: dir, nodes: nodes, Kubeconfig: filepath.Join(dir, "kubeconfig")}
	if err := l.Up(); err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst, config.WarningHandler = -1, -1, rest.NoWarnings{}
	l.Kube, err = kubernetes.NewForConfig(config)
	return l, err
}

// Program is kubelab, which holds a kubectl of the cluster's own version too.
func (l *Lab) Program() string { return l.program }

// find looks for the folder of kubelab above the test's own.
func find() (string, error) {
	at, err := os.Getwd()
	for ; err == nil && at != filepath.Dir(at); at = filepath.Dir(at) {
		build := filepath.Join(at, "testdata", "kubelab", "build")
		if _, missing := os.Stat(build); missing != nil {
			continue
		}
		out, err := exec.CommandContext(context.Background(), build, "--find").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%s", out)
		}
		return strings.TrimSpace(string(out)), nil
	}
	return "", errors.Join(err, errors.New("testdata/kubelab is not above the tests"))
}

// Up starts the cluster, or brings it back after [Lab.Kill].
func (l *Lab) Up() error {
	// It ends with its standard input, not with a context: all tests of a package share it.
	l.process = exec.CommandContext(context.Background(), l.program, "up", "-dir", l.dir, "-nodes", fmt.Sprint(l.nodes), "-exit-on-stdin-close")
	var said strings.Builder
	l.process.Stderr = &said
	stdout, err := l.process.StdoutPipe()
	if err != nil {
		return err
	}
	if l.stdin, err = l.process.StdinPipe(); err != nil {
		return err
	}
	if err := l.process.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		l.stdin.Close()
		_ = l.process.Wait()
		return fmt.Errorf("kubelab said %q (%w)\n%s", line, err, said.String())
	}
	return nil
}

// Kill takes the API away as a power failure does.
func (l *Lab) Kill() error {
	if err := l.process.Process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	_ = l.process.Wait() // it says that it was killed
	return nil
}

// Stop ends the cluster and removes what it kept.
func (l *Lab) Stop() {
	l.stdin.Close()
	_ = l.process.Wait()
	_ = os.RemoveAll(l.dir)
}

// Run runs the tests of a package with a cluster, for TestMain.
func Run(m *testing.M, nodes int, give func(*Lab)) int {
	l, err := Start(nodes)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer l.Stop()
	give(l)
	return m.Run()
}

// Own starts a cluster for one test, which the objects of others would disturb, or that
// stops it.
func Own(t testing.TB, nodes int) *Lab {
	t.Helper()
	l, err := Start(nodes)
	Must(t, err)
	t.Cleanup(l.Stop)
	return l
}

// Config is the administrator's connection.
func (l *Lab) Config() connection.Config {
	return connection.Config{Kubeconfig: l.Kubeconfig, QPS: 1000, Burst: 2000, Timeout: schema.Duration(20 * time.Second)}
}

// Connect is the administrator's connection, made.
func (l *Lab) Connect(t testing.TB) *cluster.Cluster { return l.connect(t, l.Config()) }

// ConnectAs acts as a user who may do nothing but what [Lab.Allow] gives him.
func (l *Lab) ConnectAs(t testing.TB, user string) *cluster.Cluster {
	config := l.Config()
	config.Impersonate.User = user
	return l.connect(t, config)
}

func (l *Lab) connect(t testing.TB, config connection.Config) *cluster.Cluster {
	t.Helper()
	c := &cluster.Cluster{}
	Must(t, c.Connect(t.Context(), config))
	return c
}

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Eventually looks until check has no complaint, for a minute at most.
func Eventually(t testing.TB, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		complaint := check(ctx)
		if complaint == nil {
			return
		}
		if !cluster.Pause(ctx, 50*time.Millisecond) {
			t.Fatalf("%s: not within a minute: %v", what, complaint)
		}
	}
}
