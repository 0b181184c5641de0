package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
)

// Kubeconfigured writes the administrator's kubeconfig with changes, and returns the
// configuration that uses it.
func (l *Lab) Kubeconfigured(t testing.TB, change func(server *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo)) connection.Config {
	t.Helper()
	admin, err := clientcmd.LoadFromFile(l.Kubeconfig)
	Must(t, err)
	used := admin.Contexts[admin.CurrentContext]
	change(admin.Clusters[used.Cluster], admin.AuthInfos[used.AuthInfo])
	config := l.Config()
	config.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	Must(t, clientcmd.WriteToFile(*admin, config.Kubeconfig))
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

// LoggedInOnce is a configuration whose credentials come from the program cloud-login,
// which gives them for one request, and does not answer any more then.
func (l *Lab) LoggedInOnce(t testing.TB) connection.Config {
	t.Helper()
	return l.Kubeconfigured(t, func(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		program := filepath.Join(t.TempDir(), "cloud-login")
		answer, err := json.Marshal(map[string]any{
			"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
			"status": map[string]any{
				"clientCertificateData": string(user.ClientCertificateData), "clientKeyData": string(user.ClientKeyData),
				"token": user.Token, "expirationTimestamp": "2020-01-01T00:00:00Z",
			},
		})
		Must(t, err)
		Must(t, os.WriteFile(program, []byte(login), 0o700)) //nolint:gosec // it is a program
		Must(t, os.WriteFile(program+".json", answer, 0o600))
		*user = clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			Command: program, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}
	})
}
