package connection_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// configured is a connection by a kubeconfig with the context prod, which is the current one,
// and test, of one server.
func configured(t *testing.T, server string) connection.Config {
	t.Helper()
	made := clientcmdapi.NewConfig()
	made.Clusters["here"] = &clientcmdapi.Cluster{Server: server}
	made.AuthInfos["anna"] = &clientcmdapi.AuthInfo{Token: "hunter2"}
	made.Contexts["prod"] = &clientcmdapi.Context{Cluster: "here", AuthInfo: "anna", Namespace: "shop"}
	made.Contexts["test"] = &clientcmdapi.Context{Cluster: "here", AuthInfo: "anna"}
	made.CurrentContext = "prod"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*made, path); err != nil {
		t.Fatal(err)
	}
	return connection.Config{Kubeconfig: path, QPS: 50, Burst: 100, Timeout: schema.Duration(20 * time.Second)}
}

func TestTheWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change                   func(*connection.Config)
		host, namespace, context string
		user, password, as       string
	}{
		"as the kubeconfig says": {func(*connection.Config) {}, "https://10.0.0.1", "shop", "prod", "", "", ""},
		"by another context":     {func(c *connection.Config) { c.Context = "test" }, "https://10.0.0.1", "default", "test", "", "", ""},
		"in another namespace":   {func(c *connection.Config) { c.Namespace = "bank" }, "https://10.0.0.1", "bank", "prod", "", "", ""},
		"at another address":     {func(c *connection.Config) { c.Endpoint = "http://127.0.0.1:1" }, "http://127.0.0.1:1", "shop", "prod", "", "", ""},
		"with a password in the address": {
			func(c *connection.Config) { c.Endpoint = "https://bob:swordfish@10.0.0.2" },
			"https://10.0.0.2", "shop", "prod", "bob", "swordfish", "",
		},
		"as somebody else": {
			func(c *connection.Config) { c.Impersonate.User = "deployer" },
			"https://10.0.0.1", "shop", "prod", "", "", "deployer",
		},
	} {
		config := configured(t, "https://10.0.0.1")
		test.change(&config)
		way, err := config.Way()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if way.Client.Host != test.host || way.Namespace != test.namespace || way.Context != test.context || way.Client.Timeout != 20*time.Second {
			t.Errorf("%s: it leads to %s, %s, %s within %s", name, way.Client.Host, way.Namespace, way.Context, way.Client.Timeout)
		}
		by := way.Client
		if by.Username != test.user || by.Password != test.password || by.Impersonate.UserName != test.as || (by.BearerToken == "") != (test.user != "") {
			t.Errorf("%s: it goes as %q with %q and %q, for %q", name, by.Username, by.Password, by.BearerToken, by.Impersonate.UserName)
		}
	}
}

// What is wrong with a configuration is told by its field, and no password with it.
func TestAWayThatIsNone(t *testing.T) {
	t.Parallel()
	at := func(address string) func(*connection.Config) {
		return func(c *connection.Config) { c.Kubeconfig = configured(t, address).Kubeconfig }
	}
	for name, test := range map[string]struct {
		change      func(*connection.Config)
		field, says string
	}{
		"no such file":        {func(c *connection.Config) { c.Kubeconfig = "/no/such/file" }, "kubeconfig", "no such file"},
		"relative path":       {func(c *connection.Config) { c.Kubeconfig = "config" }, "kubeconfig", "absolute"},
		"unknown context":     {func(c *connection.Config) { c.Context = "staging" }, "context", `no context "staging" in the kubeconfig; there are prod, test`},
		"two ways":            {func(c *connection.Config) { c.InCluster = true }, "inCluster", "excludes"},
		"groups without user": {func(c *connection.Config) { c.Impersonate.Groups = []string{"ops"} }, "impersonate.groups", "user"},
		"in the clear": {
			func(c *connection.Config) { c.Endpoint = "http://admin:hunter2@192.0.2.1:1" },
			"endpoint", "http://192.0.2.1:1 would send the credentials in the clear",
		},
		"in the clear by the kubeconfig": {at("http://admin:hunter2@192.0.2.1:1"), "kubeconfig", "http://192.0.2.1:1 would send the credentials in the clear"},
		"no address":                     {at("http://admin:hunter2@[192.0.2.1:1"), "kubeconfig", "no address of a server"},
		"no URL":                         {at("admin:hunter2@192.0.2.1:1/api"), "kubeconfig", "no address of a server"},
	} {
		config := configured(t, "https://10.0.0.1")
		test.change(&config)
		way, err := config.Way()
		if err == nil {
			t.Errorf("%s: it leads to %s", name, way.Client.Host)
			continue
		}
		if said := sdk.AsError(err); said.Class != sdk.Permanent || said.Field != test.field || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got a %s error about %q: %v", name, said.Class, said.Field, err)
		}
	}
}

// Where the environment says nothing of a cluster either, it is told what to say where.
func TestNoWayInTheEnvironment(t *testing.T) { //nolint:paralleltest // it sets the environment
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	none := filepath.Join(t.TempDir(), "kubeconfig")
	t.Setenv("KUBECONFIG", none)
	for field, test := range map[string]struct {
		config connection.Config
		says   string
	}{
		"inCluster":  {connection.Config{InCluster: true}, "must name KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT"},
		"kubeconfig": {connection.Config{}, none + " is not there, or names no cluster: give the path of another"},
	} {
		if _, err := test.config.Way(); err == nil || sdk.AsError(err).Field != field || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
