package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Truthful lets the errors of actions say that nothing was changed, where that is so: an
// attempt that asked the server for no change, or whose changes it all refused, leaves
// nothing to take back. What the connection was asked for tells it of any action, however
// far that came.
func Truthful(declared []sdk.Declaration) []sdk.Declaration {
	all := make([]sdk.Declaration, 0, len(declared))
	for _, one := range declared {
		all = append(all, truthful{one})
	}
	return all
}

type truthful struct{ sdk.Declaration }

// Handler makes of the declaration what an engine calls.
func (d truthful) Handler() (sdk.Handler, error) {
	handler, err := d.Declaration.Handler()
	return applying{handler}, err
}

type applying struct{ sdk.Handler }

// Apply does what the action does. Where an earlier attempt came as far as a change, that
// this one did not is no news.
func (a applying) Apply(ctx context.Context, request sdk.Request, host sdk.Host) (json.RawMessage, error) {
	var changed atomic.Bool
	outputs, err := a.Handler.Apply(context.WithValue(ctx, changedKey{}, &changed), request, host)
	if err != nil && !errors.Is(err, sdk.ErrUnsupported) && len(request.Before) == 0 && !changed.Load() {
		err = sdk.AsError(err).NothingChanged()
	}
	return outputs, err
}

// changedKey is where the context of an attempt holds whether the server may have changed
// something for it.
type changedKey struct{}

// noting notes what the server may have changed.
type noting struct{ http.RoundTripper }

// RoundTrip sends a request.
func (n noting) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := n.RoundTripper.RoundTrip(request)
	if changed, asked := request.Context().Value(changedKey{}).(*atomic.Bool); asked && asksForChange(request) && !refused(answer, err) {
		changed.Store(true)
	}
	return answer, err
}

// WrappedRoundTripper is for client-go, which looks for what it can cancel.
func (n noting) WrappedRoundTripper() http.RoundTripper { return n.RoundTripper }

// asksForChange says whether a request is for more than an answer. A program in a pod is
// begun by a connection that is upgraded.
func asksForChange(request *http.Request) bool {
	path := request.URL.Path
	switch {
	case strings.HasSuffix(path, "/exec"):
		return true
	case request.Method == http.MethodGet, request.URL.Query().Has("dryRun"):
		return false
	}
	// These two answer who one is and what one may do, and keep nothing.
	return !strings.HasPrefix(path, "/apis/authorization.k8s.io/") && !strings.HasPrefix(path, "/apis/authentication.k8s.io/")
}

// refused says whether a request surely changed nothing: the server was not reached, or
// said no. That it took too long is neither.
func refused(answer *http.Response, err error) bool {
	if err != nil {
		unreached, is := errors.AsType[*net.OpError](err)
		return is && unreached.Op == "dial"
	}
	return answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError &&
		answer.StatusCode != http.StatusRequestTimeout
}
