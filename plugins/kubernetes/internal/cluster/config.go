package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Config is how a connection reaches a cluster.
type Config struct {
	Kubeconfig  string          `json:"kubeconfig" nosecret:"true" minLength:"1" example:"/etc/gatebook/prod.kubeconfig" doc:"Absolute path of a kubeconfig file. Without it, what kubectl takes: the files of KUBECONFIG, or .kube/config below HOME, as far as the connection's environment names these variables."`
	Context     string          `json:"context" example:"prod" doc:"Context of the kubeconfig to use; without it, and where it is empty, its current one."`
	InCluster   bool            `json:"inCluster" doc:"Uses the service account of the pod that gatebook runs in, instead of a kubeconfig."`
	Namespace   string          `json:"namespace" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" maxLength:"63" doc:"Namespace of steps that name none; without it, the context's, or else default."`
	Endpoint    string          `json:"endpoint" pattern:"^https?://" example:"https://10.0.0.1:6443" doc:"Address of the API server, where it is not that of the kubeconfig: a private endpoint, a test server. Credentials are sent to no http:// address but the machine's own."`
	Impersonate Impersonation   `json:"impersonate" doc:"Acts as somebody else, which one's own rights must allow."`
	QPS         float64         `json:"qps" default:"50" min:"1" max:"1000" unit:"requests per second" doc:"How many requests per second are sent in the long run."`
	Burst       int             `json:"burst" default:"100" min:"1" max:"5000" unit:"requests" doc:"How many requests are sent at once."`
	Timeout     schema.Duration `json:"timeout" default:"30s" min:"1ms" doc:"How long one request may take; watches may take longer."`
}

// Impersonation names whom a connection acts as.
type Impersonation struct {
	User   string   `json:"user" required:"true" minLength:"1" example:"deployer" doc:"User to act as."`
	Groups []string `json:"groups" doc:"Groups to act as a member of, beside the user."`
}

// Rules returns what holds across the fields of a configuration.
func Rules() []schema.Rule {
	return []schema.Rule{{
		Expr:    `!(has(self.inCluster) && self.inCluster && [self.?kubeconfig, self.?context, self.?endpoint].exists(f, f.orValue("") != ""))`,
		Message: "inCluster excludes kubeconfig, context and endpoint",
	}}
}

// Cluster is a connection. Its zero value is not connected; actions are declared
// with it before it is.
type Cluster struct {
	Kube      kubernetes.Interface
	Version   *version.Info
	Namespace string        // of objects that name none
	Timeout   time.Duration // of single requests
	context   string        // of the kubeconfig, for people; empty: there is none

	Metadata metadata.Interface // of objects of any kind, and nothing else of them

	// Watching is Kube for requests that last: a timeout of single requests would cut
	// them. Lasting is what it was made of, for streams that client-go has no method for;
	// their credentials are waited for by Giver.
	Watching kubernetes.Interface
	Lasting  *rest.Config
	Giver    request.Giver

	// objects and watched are Kube and Watching for objects of any kind.
	objects, watched dynamic.Interface
	known            sync.Map // how the API serves kinds that were asked for: Kind by GroupVersionKind
}

// Connect reaches the cluster, and asks for its version, so that a wrong connection is
// told at once.
func (c *Cluster) Connect(ctx context.Context, config Config) error {
	made, from, err := config.rest()
	if err != nil {
		return err
	}
	if err := c.use(made); err != nil {
		return sdk.Errorf(sdk.Permanent, "the connection to %s: %w", made.Host, err)
	}
	c.Namespace, c.context = from.namespace, from.context
	c.Version, err = c.AskVersion(ctx)
	return err
}

// AskVersion asks the API server for its version, which an upgrade may have changed since
// the connection was made.
func (c *Cluster) AskVersion(ctx context.Context) (*version.Info, error) {
	// discovery's own ServerVersion takes no context.
	var found version.Info
	answer := c.Kube.Discovery().RESTClient().Get().AbsPath("/version").Do(ctx)
	// Its Error says why, as that one may not act as somebody else; that of Raw does not.
	if err := answer.Error(); err != nil {
		return nil, FaultIn(ctx, err, "ask %s for its version", c.Lasting.Host)
	}
	text, err := answer.Raw()
	if err == nil {
		err = decode(text, &found)
	}
	if err != nil || found.GitVersion == "" {
		return nil, sdk.FieldErrorf("endpoint", "%s does not answer as a Kubernetes API server does", c.Lasting.Host)
	}
	return &found, nil
}

func (c *Cluster) use(single *rest.Config) error {
	c.Timeout = single.Timeout
	c.Lasting = rest.CopyConfig(single)
	c.Lasting.Timeout = 0
	giver, err := request.GiverOf(single)
	if err != nil {
		return err
	}
	short, failedShort := request.For(single, giver)
	long, failedLong := request.For(c.Lasting, giver)
	if err := cmp.Or(failedShort, failedLong); err != nil {
		return err
	}
	c.Giver = giver
	c.Kube, c.objects, c.Metadata = short.Kube, short.Objects, short.Metadata
	c.Watching, c.watched = long.Kube, long.Objects
	c.known.Clear()
	return nil
}

// origin is what else a configuration says of where it leads.
type origin struct {
	namespace string // of objects that name none
	context   string // of the kubeconfig; empty: there is none
}

// rest returns what client-go needs, and where that is from.
func (c Config) rest() (*rest.Config, origin, error) {
	made, from, err := c.load()
	if err != nil {
		return nil, origin{}, err
	}
	if c.Namespace != "" {
		from.namespace = c.Namespace
	}
	if c.Endpoint != "" {
		made.Host = c.Endpoint
	}
	if c.Impersonate.User == "" && len(c.Impersonate.Groups) > 0 {
		return nil, origin{}, sdk.FieldErrorf("impersonate.groups", "need a user to act as")
	}
	if c.Impersonate.User != "" {
		made.Impersonate = rest.ImpersonationConfig{UserName: c.Impersonate.User, Groups: c.Impersonate.Groups}
	}
	field := "kubeconfig"
	if c.Endpoint != "" {
		field = "endpoint"
	}
	switch server, err := request.Address(made); { // which has no password in it any more
	case err != nil:
		return nil, origin{}, sdk.FieldErrorf(field, "%w", err)
	case request.InTheClear(server, made):
		return nil, origin{}, sdk.FieldErrorf(field, "http://%s would send the credentials in the clear; https does not", server.Host)
	}
	made.Timeout = c.Timeout.Std()
	// Each client would have a limit of its own.
	made.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(float32(c.QPS), c.Burst)
	made.UserAgent = "gatebook-plugin-kubernetes"
	// Deprecations of the API would go to a log that nobody asked for.
	made.WarningHandler = rest.NoWarnings{}
	made.Wrap(request.Noting)
	return made, from, nil
}

func (c Config) load() (*rest.Config, origin, error) {
	if c.InCluster {
		return c.ofPod()
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if c.Kubeconfig != "" {
		if !filepath.IsAbs(c.Kubeconfig) {
			return nil, origin{}, sdk.FieldErrorf("kubeconfig", "must be an absolute path")
		}
		if _, err := os.Stat(c.Kubeconfig); err != nil {
			return nil, origin{}, sdk.FieldErrorf("kubeconfig", "%w", err)
		}
		rules.ExplicitPath = c.Kubeconfig
	}
	lazy := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
	raw, err := lazy.RawConfig()
	if err != nil {
		return nil, origin{}, sdk.FieldErrorf("kubeconfig", "%w", err)
	}
	if _, known := raw.Contexts[c.Context]; c.Context != "" && !known {
		return nil, origin{}, sdk.FieldErrorf("context", "there is no context %q in the kubeconfig; there are %s", c.Context, names(raw.Contexts))
	}
	made, err := lazy.ClientConfig()
	switch {
	case errors.Is(err, clientcmd.ErrEmptyConfig) || clientcmd.IsEmptyConfig(err):
		return nil, origin{}, sdk.FieldErrorf("kubeconfig", "%s is not there, or names no cluster: give the path of another, or let the connection's environment name KUBECONFIG or HOME",
			strings.Join(rules.GetLoadingPrecedence(), ", "))
	case err != nil:
		return nil, origin{}, sdk.FieldErrorf("kubeconfig", "%w", err)
	}
	namespace, _, err := lazy.Namespace()
	if err != nil {
		return nil, origin{}, sdk.FieldErrorf("kubeconfig", "%w", err)
	}
	return made, origin{namespace, cmp.Or(c.Context, raw.CurrentContext)}, nil
}

// serviceAccountNamespace is where a pod finds the namespace that it is in.
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func (c Config) ofPod() (*rest.Config, origin, error) {
	if c.Kubeconfig != "" || c.Context != "" || c.Endpoint != "" {
		return nil, origin{}, sdk.FieldErrorf("inCluster", "excludes kubeconfig, context and endpoint")
	}
	made, err := rest.InClusterConfig()
	if err != nil {
		return nil, origin{}, sdk.FieldErrorf("inCluster", "%w; the connection's environment must name KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT", err)
	}
	namespace, err := os.ReadFile(serviceAccountNamespace)
	if err != nil {
		return nil, origin{}, sdk.FieldErrorf("inCluster", "%w", fmt.Errorf("the pod's namespace: %w", err))
	}
	return made, origin{namespace: string(namespace)}, nil
}
