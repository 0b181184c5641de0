package pods

import (
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // deprecated, and yet what spdy.Upgrader speaks of
	protocols "k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
)

// errUntold is the end of a connection over which no end of the program was told.
var errUntold = errors.New("the connection broke")

// witness sees whether the server told the program's end. To client-go a SPDY connection
// that breaks is the end of all its streams, and so a program that succeeded.
type witness struct {
	spdy.Upgrader
	told atomic.Bool
}

// overSPDY returns an executor of the old way, and what sees its end. Only protocols
// that tell a success too are spoken; servers have known them since Kubernetes 1.4.
func overSPDY(config *rest.Config, target *url.URL) (remotecommand.Executor, *witness, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, nil, err
	}
	w := &witness{Upgrader: upgrader}
	executor, err := remotecommand.NewSPDYExecutorForProtocols(transport, w, http.MethodPost, target,
		protocols.StreamProtocolV5Name, protocols.StreamProtocolV4Name)
	return executor, w, err
}

// NewConnection is the upgrader's, looked at.
func (w *witness) NewConnection(answer *http.Response) (httpstream.Connection, error) {
	made, err := w.Upgrader.NewConnection(answer)
	if err != nil {
		return nil, err
	}
	return witnessed{made, w}, nil
}

// witnessed is a connection that is looked at.
type witnessed struct {
	httpstream.Connection
	by *witness
}

// CreateStream is the connection's; the end of the program comes as an error does.
func (c witnessed) CreateStream(headers http.Header) (httpstream.Stream, error) {
	made, err := c.Connection.CreateStream(headers)
	if err != nil || headers.Get(corev1.StreamType) != corev1.StreamTypeError {
		return made, err
	}
	return verdict{made, c.by}, nil
}

// verdict is the stream on which the end of the program is told.
type verdict struct {
	httpstream.Stream
	by *witness
}

// Read is the stream's.
func (v verdict) Read(to []byte) (int, error) {
	n, err := v.Stream.Read(to)
	if n > 0 {
		v.by.told.Store(true)
	}
	return n, err
}

var _ spdy.Upgrader = (*witness)(nil)
