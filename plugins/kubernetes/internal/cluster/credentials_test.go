package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
)

// kubeconfig writes the administrator's with changes, and returns the configuration that
// uses it.
func kubeconfig(t *testing.T, change func(server *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo)) cluster.Config {
	t.Helper()
	admin, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	lab.Must(t, err)
	used := admin.Contexts[admin.CurrentContext]
	change(admin.Clusters[used.Cluster], admin.AuthInfos[used.AuthInfo])
	config := shared.Config()
	config.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	lab.Must(t, clientcmd.WriteToFile(*admin, config.Kubeconfig))
	return config
}

// login is a program as those of clouds: what it gives is no longer valid at once, and the
// next time it waits for a network that is away, while the test lasts.
const login = `#!/bin/sh
if mkdir "$0.asked" 2>/dev/null; then exec cat "$0.json"; fi
for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	if [ -e "$0" ]; then sleep 1; fi
done
`

// A program that gives no credentials keeps nobody for longer than he waits, and whoever
// looks on is told what is waited for.
func TestAWaitEndsThoughItsCredentialsDoNotCome(t *testing.T) {
	t.Parallel()
	config := kubeconfig(t, func(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		program := filepath.Join(t.TempDir(), "cloud-login")
		answer, err := json.Marshal(map[string]any{
			"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
			"status": map[string]any{
				"clientCertificateData": string(user.ClientCertificateData), "clientKeyData": string(user.ClientKeyData),
				"token": user.Token, "expirationTimestamp": "2020-01-01T00:00:00Z",
			},
		})
		lab.Must(t, err)
		lab.Must(t, os.WriteFile(program, []byte(login), 0o700)) //nolint:gosec // it is a program
		lab.Must(t, os.WriteFile(program+".json", answer, 0o600))
		*user = clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			Command: program, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}
	})
	c := &cluster.Cluster{}
	lab.Must(t, c.Connect(t.Context(), config))
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
	addressed := func(address string) cluster.Config {
		return kubeconfig(t, func(to *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { *to = clientcmdapi.Cluster{Server: address} })
	}
	c := &cluster.Cluster{}
	config := addressed("http://admin:hunter2@" + strings.TrimPrefix(server.URL, "http://"))
	lab.Must(t, c.Connect(t.Context(), config))
	_, err := c.Target(t.Context())
	if lab.Fails(t, err, sdk.Transient, "ask "+server.URL+" which"); strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	for address, says := range map[string]string{
		"http://admin:hunter2@127.0.0.1:1":  "connection refused",
		"https://admin:hunter2@127.0.0.1:1": "connection refused",
		"http://admin:hunter2@192.0.2.1:1":  "http://192.0.2.1:1 would send the credentials in the clear",
		"http://admin:hunter2@[192.0.2.1:1": "no address of a server",
		"admin:hunter2@192.0.2.1:1/api":     "no address of a server",
	} {
		err := (&cluster.Cluster{}).Connect(t.Context(), addressed(address))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want it to say %q", address, err, says)
		}
		config.Endpoint = "http://admin:hunter2@192.0.2.1:1"
		lab.Fails(t, (&cluster.Cluster{}).Connect(t.Context(), config), sdk.Permanent, "endpoint: http://192.0.2.1:1 would send")
	}
}
