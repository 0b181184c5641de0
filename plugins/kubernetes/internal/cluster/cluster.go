package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/connection"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

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
func (c *Cluster) Connect(ctx context.Context, config connection.Config) error {
	way, err := config.Way()
	if err != nil {
		return err
	}
	if err := c.use(way.Client); err != nil {
		return sdk.Errorf(sdk.Permanent, "the connection to %s: %w", way.Client.Host, err)
	}
	c.Namespace, c.context = way.Namespace, way.Context
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
		err = json.Unmarshal(text, &found)
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
