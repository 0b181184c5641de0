package cluster_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
)

// A program that gives no credentials keeps nobody for longer than he waits, and whoever
// looks on is told what is waited for.
func TestAWaitEndsThoughItsCredentialsDoNotCome(t *testing.T) { //nolint:paralleltest // a connection takes the standard error of the process for a moment
	c := &cluster.Cluster{}
	lab.Must(t, c.Connect(t.Context(), shared.LoggedInOnce(t)))
	await := sdk.Action[struct{}, struct{}]{
		Name: "await", Summary: "Await a thing", Description: "It awaits a thing.", Effect: sdk.Read,
		Apply: func(ctx context.Context, call *sdk.Call[struct{}]) (struct{}, error) {
			return struct{}{}, cluster.Await(ctx, cluster.Awaited{
				What: "it is so", Timeout: schema.Duration(5 * time.Second), Tell: func(seen string) { call.Progressf("%s", seen) },
				Look: func(ctx context.Context) (string, bool, error) {
					_, err := c.Kube.CoreV1().ConfigMaps("default").Get(ctx, "x", metav1.GetOptions{})
					return "", false, cluster.FaultIn(ctx, err, "read it")
				},
			})
		},
	}
	host, began := &sdktest.Host{}, time.Now()
	_, err := lab.Action(t, []sdk.Declaration{await}, "await").Apply(t.Context(), lab.Request(t, map[string]any{}), host)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s of five seconds", took)
	}
	lab.Fails(t, err, sdk.Transient, "not so within 5s that it is so", "waits for the credential program cloud-login")
	if told := host.ProgressTold(); !slices.ContainsFunc(told, func(p sdk.Progress) bool { return p.Message == "waits for the credential program cloud-login" }) {
		t.Errorf("it told %v", told)
	}
}

// A password may be in the address of a server. It is used, and shown nowhere.
func TestAPasswordInTheAddressIsNotShown(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "admin" || password != "hunter2" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/version" {
			fmt.Fprint(w, `{"major":"1","minor":"36","gitVersion":"v1.36.0"}`)
			return
		}
		http.Error(w, "away", http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	addressed := func(address string) connection.Config {
		return shared.Kubeconfigured(t, func(to *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { *to = clientcmdapi.Cluster{Server: address} })
	}
	c := &cluster.Cluster{}
	config := addressed("http://admin:hunter2@" + strings.TrimPrefix(server.URL, "http://"))
	lab.Must(t, c.Connect(t.Context(), config))
	_, err := c.Target(t.Context())
	if lab.Fails(t, err, sdk.Transient, "ask "+server.URL+" which"); strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	for _, address := range []string{"http://admin:hunter2@127.0.0.1:1", "https://admin:hunter2@127.0.0.1:1"} {
		err := (&cluster.Cluster{}).Connect(t.Context(), addressed(address))
		if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want it to say that the connection was refused", address, err)
		}
	}
}
