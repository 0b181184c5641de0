package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

func TestConnectAsksForTheVersion(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	if !strings.HasPrefix(c.Version.GitVersion, "v1.") || c.Namespace != "default" {
		t.Errorf("version %q, namespace %q", c.Version.GitVersion, c.Namespace)
	}
}

func TestWrongConnectionsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"hello":"world"}`) }))
	t.Cleanup(stranger.Close)
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	lab.Must(t, err)
	address := closed.Addr().String()
	closed.Close()
	cases := map[string]struct {
		change func(*connection.Config)
		class  sdk.Class
		field  string
		says   string
	}{
		"nobody there":  {func(c *connection.Config) { c.Endpoint = "https://" + address }, sdk.Transient, "", "connection refused"},
		"no Kubernetes": {func(c *connection.Config) { c.Endpoint = stranger.URL }, sdk.Permanent, "endpoint", "does not answer as"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := shared.Config()
			c.change(&config)
			err := (&cluster.Cluster{}).Connect(t.Context(), config)
			if err == nil {
				t.Fatal("connected")
			}
			if typed := sdk.AsError(err); typed.Class != c.class || typed.Field != c.field || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got a %s error about %q: %v", typed.Class, typed.Field, err)
			}
		})
	}
}

// A kubeconfig whose credentials come from a program, as those of clouds do.
func TestExecCredentialPlugin(t *testing.T) { //nolint:paralleltest // a connection takes the standard error of the process for a moment
	admin, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	lab.Must(t, err)
	user := admin.AuthInfos[admin.Contexts[admin.CurrentContext].AuthInfo]
	certificate, key := user.ClientCertificateData, user.ClientKeyData
	token := user.Token
	answer, err := json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
		"status": map[string]any{"clientCertificateData": string(certificate), "clientKeyData": string(key), "token": token},
	})
	lab.Must(t, err)
	dir := t.TempDir()
	lab.Must(t, os.WriteFile(filepath.Join(dir, "answer.json"), answer, 0o600))
	cat, err := exec.LookPath("cat")
	lab.Must(t, err)
	lab.Must(t, os.WriteFile(filepath.Join(dir, "nonsense.json"), []byte("{}"), 0o600))
	for _, program := range []struct {
		command, file string
		class         sdk.Class // of the error; empty: there is none
	}{
		{cat, "answer.json", ""},
		{cat, "nonsense.json", sdk.Denied},
		{cat, "missing.json", sdk.Transient}, // it fails, as one that a cloud asks to wait
		{"/no/such/program", "answer.json", sdk.Denied},
	} {
		made := admin.DeepCopy()
		made.AuthInfos[made.Contexts[made.CurrentContext].AuthInfo] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			Command: program.command, Args: []string{filepath.Join(dir, program.file)},
			APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}
		path := filepath.Join(t.TempDir(), "kubeconfig")
		lab.Must(t, clientcmd.WriteToFile(*made, path))
		config := shared.Config()
		config.Kubeconfig = path
		c := &cluster.Cluster{}
		err := c.Connect(t.Context(), config)
		if program.class == "" && err == nil {
			_, err = c.Kube.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		}
		switch {
		case program.class == "" && err != nil:
			t.Errorf("%s: %v", program.file, err)
		case program.class != "" && (err == nil || !strings.Contains(err.Error(), "getting credentials") || sdk.AsError(err).Class != program.class):
			t.Errorf("%s %s: got a %s error: %v, want a %s one", program.command, program.file, sdk.AsError(err).Class, err, program.class)
		}
	}
}

func TestImpersonationAndRights(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "looker", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}})
	c := shared.ConnectAs(t, "looker")
	lacking, err := c.Lacking(t.Context(),
		cluster.Right{Verb: "list", Resource: "pods", Namespace: "default"},
		cluster.Right{Verb: "create", Resource: "pods", Subresource: "eviction", Namespace: "payments", Words: "evict pods"},
		cluster.Right{Verb: "patch", Group: "apps", Resource: "deployments", Subresource: "scale"})
	lab.Must(t, err)
	want := []string{"You may not evict pods in payments.", "You may not patch deployments/scale."}
	if fmt.Sprint(lacking) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", lacking, want)
	}
	_, err = c.Kube.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	if got := sdk.AsError(cluster.Fault(err, "list secrets")).Class; got != sdk.Denied {
		t.Errorf("listing secrets is %s (%v), want denied", got, err)
	}
}

// A watch goes on over disconnects and 410 Gone: whoever is woken looks for himself.
func TestWakesOutliveGoneAndDisconnects(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	c := shared.Connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	opened := 0
	wakes := cluster.Wakes(ctx, func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		switch opened++; opened {
		case 1:
			gone := watch.NewFake()
			go gone.Error(&metav1.Status{Code: http.StatusGone, Reason: metav1.StatusReasonExpired})
			return gone, nil
		case 2:
			return nil, &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")}
		default:
			return c.Watching.CoreV1().ConfigMaps(namespace).Watch(ctx, options)
		}
	})
	_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "late"}}, metav1.CreateOptions{})
	lab.Must(t, err)
	for {
		select {
		case <-ctx.Done():
			t.Fatal("never woken")
		case <-wakes:
		}
		if _, err := c.Kube.CoreV1().ConfigMaps(namespace).Get(ctx, "late", metav1.GetOptions{}); err == nil {
			return
		}
	}
}

func TestKindsAreFoundWithAdvice(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	found, err := c.Kind(t.Context(), "apps/v1", "Deployment")
	if err != nil || found.Named("shop", "web") != "Deployment shop/web" || found.Served.Resource != "deployments" {
		t.Errorf("got %+v, %v", found, err)
	}
	node, err := c.Kind(t.Context(), "v1", "Node")
	if err != nil || node.Named("shop", "n1") != "Node n1" || node.Right("get", "shop", "n1").Namespace != "" {
		t.Errorf("got %+v, %v", node, err)
	}
	for _, wrong := range []struct{ apiVersion, kind, field, says string }{
		{"v1", "Deployment", "kind", "it serves Deployment in apps/v1"},
		{"apps/v1", "deployment", "kind", "it serves Deployment in apps/v1"},
		{"v1", "Nonsense", "kind", "serves no Nonsense in v1"},
		{"a/b/c", "Deployment", "apiVersion", "unexpected GroupVersion"},
	} {
		_, err := c.Kind(t.Context(), wrong.apiVersion, wrong.kind)
		if got := sdk.AsError(err); err == nil || got.Field != wrong.field || !strings.Contains(got.Message, wrong.says) {
			t.Errorf("%s in %s: %+v", wrong.kind, wrong.apiVersion, got)
		}
	}
}

// A step may define a kind that a later step uses, and the plugin lives through both.
func TestAKindThatWasDefinedMeanwhileIsFound(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	if _, err := c.Kind(t.Context(), "lab.example/v1", "Widget"); err == nil {
		t.Fatal("it is there already")
	}
	definitions, err := c.Kind(t.Context(), "apiextensions.k8s.io/v1", "CustomResourceDefinition")
	lab.Must(t, err)
	_, err = c.Objects(definitions, "").Create(t.Context(), widgets(), metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the kind is known", func(ctx context.Context) error {
		found, err := c.Kind(ctx, "lab.example/v1", "Widget")
		if err == nil && !found.Namespaced {
			t.Errorf("got %+v", found)
		}
		return err
	})
}

func widgets() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.lab.example"},
		"spec": map[string]any{
			"group": "lab.example", "scope": "Namespaced",
			"names": map[string]any{"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object", "x-kubernetes-preserve-unknown-fields": true,
				}},
			}},
		},
	}}
}
