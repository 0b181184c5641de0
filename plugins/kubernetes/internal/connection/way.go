package connection

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Way is the way to a cluster.
type Way struct {
	Client    *rest.Config // what client-go needs
	Namespace string       // of objects that name none
	Context   string       // of the kubeconfig, for people; empty: there is none
}

// Way returns the way to the cluster that is configured. Its errors are those of the fields.
func (c Config) Way() (Way, error) {
	way, err := c.load()
	if err != nil {
		return Way{}, err
	}
	made := way.Client
	way.Namespace = cmp.Or(c.Namespace, way.Namespace)
	if c.Endpoint != "" {
		made.Host = c.Endpoint
	}
	if c.Impersonate.User == "" && len(c.Impersonate.Groups) > 0 {
		return Way{}, sdk.FieldErrorf("impersonate.groups", "need a user to act as")
	}
	if c.Impersonate.User != "" {
		made.Impersonate = rest.ImpersonationConfig{UserName: c.Impersonate.User, Groups: c.Impersonate.Groups}
	}
	field := "kubeconfig"
	if c.Endpoint != "" {
		field = "endpoint"
	}
	switch server, err := address(made); { // which has no password in it any more
	case err != nil:
		return Way{}, sdk.FieldErrorf(field, "%w", err)
	case inTheClear(server, made):
		return Way{}, sdk.FieldErrorf(field, "http://%s would send the credentials in the clear; https does not", server.Host)
	}
	made.Timeout = c.Timeout.Std()
	// Each client would have a limit of its own.
	made.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(float32(c.QPS), c.Burst)
	made.UserAgent = "gatebook-plugin-kubernetes"
	// Deprecations of the API would go to a log that nobody asked for.
	made.WarningHandler = rest.NoWarnings{}
	made.Wrap(request.Noting)
	return way, nil
}

// load reads the way that a kubeconfig says, or the pod that gatebook runs in.
func (c Config) load() (Way, error) {
	if c.InCluster {
		return c.ofPod()
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if c.Kubeconfig != "" {
		if !filepath.IsAbs(c.Kubeconfig) {
			return Way{}, sdk.FieldErrorf("kubeconfig", "must be an absolute path")
		}
		if _, err := os.Stat(c.Kubeconfig); err != nil {
			return Way{}, sdk.FieldErrorf("kubeconfig", "%w", err)
		}
		rules.ExplicitPath = c.Kubeconfig
	}
	lazy := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
	raw, err := lazy.RawConfig()
	if err != nil {
		return Way{}, sdk.FieldErrorf("kubeconfig", "%w", err)
	}
	if _, known := raw.Contexts[c.Context]; c.Context != "" && !known {
		return Way{}, sdk.FieldErrorf("context", "there is no context %q in the kubeconfig; there are %s", c.Context, names(raw.Contexts))
	}
	made, err := lazy.ClientConfig()
	switch {
	case errors.Is(err, clientcmd.ErrEmptyConfig) || clientcmd.IsEmptyConfig(err):
		return Way{}, sdk.FieldErrorf("kubeconfig", "%s is not there, or names no cluster: give the path of another, or let the connection's environment name KUBECONFIG or HOME",
			strings.Join(rules.GetLoadingPrecedence(), ", "))
	case err != nil:
		return Way{}, sdk.FieldErrorf("kubeconfig", "%w", err)
	}
	namespace, _, err := lazy.Namespace()
	if err != nil {
		return Way{}, sdk.FieldErrorf("kubeconfig", "%w", err)
	}
	return Way{made, namespace, cmp.Or(c.Context, raw.CurrentContext)}, nil
}

// serviceAccountNamespace is where a pod finds the namespace that it is in.
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func (c Config) ofPod() (Way, error) {
	if c.Kubeconfig != "" || c.Context != "" || c.Endpoint != "" {
		return Way{}, sdk.FieldErrorf("inCluster", "excludes kubeconfig, context and endpoint")
	}
	made, err := rest.InClusterConfig()
	if err != nil {
		return Way{}, sdk.FieldErrorf("inCluster", "%w; the connection's environment must name KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT", err)
	}
	namespace, err := os.ReadFile(serviceAccountNamespace)
	if err != nil {
		return Way{}, sdk.FieldErrorf("inCluster", "%w", fmt.Errorf("the pod's namespace: %w", err))
	}
	return Way{Client: made, Namespace: string(namespace)}, nil
}

// names lists the names of a map for a sentence.
func names[T any](of map[string]T) string {
	if len(of) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}

// address is where the server of a configuration is. What an address holds is shown
// wherever the server is named, so that a user and a password in it are moved to where the
// configuration has them. They are taken before all other credentials, as client-go does.
func address(config *rest.Config) (*url.URL, error) {
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, errors.New("it is no address of a server, which is a URL or host:port") // which err would quote
	}
	if server.User == nil {
		return server, nil
	}
	config.Username = server.User.Username()
	config.Password, _ = server.User.Password()
	config.BearerToken, config.BearerTokenFile, config.ExecProvider, config.AuthProvider = "", "", nil, nil
	server.User = nil
	config.Host = server.String()
	return server, nil
}

// inTheClear says whether everybody on the way to a server could read the credentials of a
// configuration. The way to the machine itself is nobody's but its own.
func inTheClear(server *url.URL, config *rest.Config) bool {
	sends := config.BearerToken != "" || config.BearerTokenFile != "" || config.Username != "" || config.ExecProvider != nil || config.AuthProvider != nil
	return sends && server.Scheme == "http" && server.Hostname() != "localhost" && !net.ParseIP(server.Hostname()).IsLoopback()
}
