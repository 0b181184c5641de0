// Package health asks gRPC servers for the health of a service, each time over a new
// connection. It leaves out how often, and what the answer should be for. Floor 2, as a
// part of steps.
package health

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// Question is what a server is asked, and how it is reached.
type Question struct {
	Address   string
	Service   string      // empty: the server as a whole
	TLS       *tls.Config // nil: without TLS
	Authority string      // empty: that of the address
	Metadata  map[string]string
	Dial      func(ctx context.Context, network, address string) (net.Conn, error)
}

// Ask returns the status that the server says, which is always SERVING: every other one
// is an error.
func (q Question) Ask(ctx context.Context) (string, error) {
	secured := handshake{insecure.NewCredentials(), new(atomic.Pointer[error])}
	if q.TLS != nil {
		secured.TransportCredentials = credentials.NewTLS(q.TLS)
	}
	// passthrough leaves the name to the dialer, as the other checks do.
	conn, err := grpc.NewClient("passthrough:///"+q.Address, q.options(secured)...)
	if err != nil {
		return "", sdk.FieldErrorf("address", "%w", err)
	}
	defer func() { _ = conn.Close() }()
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(q.Metadata))
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: q.Service})
	if fault := secured.fault.Load(); err != nil && fault != nil && web.IsUntrusted(*fault) {
		return "", sdk.Errorf(sdk.Permanent, "%s: %w", q.Address, *fault)
	}
	if err != nil {
		return "", q.failure(ctx, err)
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return "", sdk.Errorf(sdk.Transient, "%s is %s", q.subject(), answer.GetStatus())
	}
	return answer.GetStatus().String(), nil
}

func (q Question) options(secured handshake) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(secured),
		grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return q.Dial(ctx, "tcp", address)
		}),
	}
	if q.Authority != "" {
		options = append(options, grpc.WithAuthority(q.Authority))
	}
	return options
}

// failure is the error of a call, with the class of its code.
func (q Question) failure(ctx context.Context, err error) error {
	answer := status.Convert(err)
	switch answer.Code() {
	case codes.DeadlineExceeded, codes.Canceled:
		return probe.Reason(ctx, err)
	case codes.NotFound:
		return sdk.Errorf(sdk.Transient, "%s does not know %s", q.Address, q.subject())
	case codes.Unimplemented:
		return sdk.Errorf(sdk.Permanent, "%s does not have the service grpc.health.v1.Health", q.Address)
	case codes.Unauthenticated, codes.PermissionDenied:
		return sdk.Errorf(sdk.Denied, "%s: %s", q.Address, answer.Message())
	default:
		return sdk.Errorf(sdk.Transient, "%s: %s: %s", q.Address, answer.Code(), answer.Message())
	}
}

// subject is whose health is asked for.
func (q Question) subject() string {
	if q.Service == "" {
		return "the server"
	}
	return "the service " + q.Service
}

// handshake keeps why the last handshake failed, of which gRPC itself passes on only
// the text.
type handshake struct {
	credentials.TransportCredentials
	fault *atomic.Pointer[error] // shared with its clones; set by gRPC's goroutines
}

// ClientHandshake makes the handshake.
func (h handshake) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := h.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		h.fault.Store(&err)
	}
	return conn, info, err
}

// Clone returns a copy that keeps its fault in the same place.
func (h handshake) Clone() credentials.TransportCredentials {
	return handshake{h.TransportCredentials.Clone(), h.fault}
}
