package steps

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// GRPCHealthInput is what grpc.health is given.
type GRPCHealthInput struct {
	Address   string            `json:"address" required:"true" pattern:":[0-9]+$" example:"orders.example.com:9090" doc:"Host and port of the server."`
	Service   string            `json:"service" example:"shop.v1.Orders" doc:"Service to ask for; empty for the server as a whole."`
	Plaintext bool              `json:"plaintext" doc:"Speaks without TLS."`
	TLS       *web.TLS          `json:"tls" doc:"How the connection is secured, where the system's defaults do not fit."`
	Authority string            `json:"authority" doc:"Value of the :authority header, where a proxy needs another than the address."`
	Metadata  map[string]string `json:"metadata" takessecrets:"true" doc:"Metadata to send."`
	probe.Checking
}

// GRPCHealthOutput is what grpc.health returns.
type GRPCHealthOutput struct {
	Status  string          `json:"status" required:"true" enum:"SERVING" doc:"What the server says of the service; the check fails for every other status."`
	Latency schema.Duration `json:"latency" required:"true" doc:"Time from the start of the connection to the answer."`
}

func grpcHealth(o Options) sdk.Action[GRPCHealthInput, GRPCHealthOutput] {
	return sdk.Action[GRPCHealthInput, GRPCHealthOutput]{
		Name:    "grpc.health",
		Summary: "Ask a gRPC server whether a service is serving",
		Description: `Calls ` + "`grpc.health.v1.Health/Check`" + ` over a new connection, and succeeds when the answer is SERVING. With ` + "`within`" + `
it tries again until it is; with ` + "`consecutive`" + ` it must be so several times in a row.

A server that does not have the health service, and a certificate that is not trusted, are permanent errors. A service
that the server does not know is transient, since it may register later.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Rules: []schema.Rule{{
			Expr:    "!(has(self.plaintext) && self.plaintext && has(self.tls))",
			Message: "Give either plaintext or tls.",
		}},
		Examples: []schema.Example{
			{Title: "Wait for a service behind TLS", With: map[string]any{
				"address": "orders.example.com:9090", "service": "shop.v1.Orders", "within": "1m", "consecutive": 3,
			}},
			{Title: "Ask a local server as a whole", With: map[string]any{"address": "127.0.0.1:9090", "plaintext": true}},
		},
		Plan: func(_ context.Context, call *sdk.Call[GRPCHealthInput]) (sdk.Preview, error) {
			if !call.Knows("address") {
				return sdk.Preview{Summary: "would ask a server that is not known yet for its health"}, nil
			}
			return sdk.Preview{Summary: "would ask " + call.Input.Address + " for its health"}, nil
		},
		Apply: o.checkGRPC,
	}
}

func (o Options) checkGRPC(ctx context.Context, call *sdk.Call[GRPCHealthInput]) (GRPCHealthOutput, error) {
	in := call.Input
	secured := insecure.NewCredentials()
	if !in.Plaintext {
		config, err := o.web().TLSConfig(in.TLS)
		if err != nil {
			return GRPCHealthOutput{}, err
		}
		secured = credentials.NewTLS(config)
	}
	return probe.Until(ctx, call.Host, in.Polling, in.Within.Std(), func(ctx context.Context) (GRPCHealthOutput, error) {
		return o.healthOf(metadata.NewOutgoingContext(ctx, metadata.New(in.Metadata)), in, secured)
	})
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

func (o Options) grpcOptions(in GRPCHealthInput, secured handshake) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(secured),
		grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return o.dial(ctx, "tcp", address)
		}),
	}
	if in.Authority != "" {
		options = append(options, grpc.WithAuthority(in.Authority))
	}
	return options
}

func (o Options) healthOf(ctx context.Context, in GRPCHealthInput, with credentials.TransportCredentials) (GRPCHealthOutput, error) {
	start := time.Now()
	secured := handshake{with, new(atomic.Pointer[error])}
	// passthrough leaves the name to the dialer, as the other checks do.
	conn, err := grpc.NewClient("passthrough:///"+in.Address, o.grpcOptions(in, secured)...)
	if err != nil {
		return GRPCHealthOutput{}, sdk.FieldErrorf("address", "%w", err)
	}
	defer func() { _ = conn.Close() }()
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: in.Service})
	if fault := secured.fault.Load(); err != nil && fault != nil && web.IsUntrusted(*fault) {
		return GRPCHealthOutput{}, sdk.Errorf(sdk.Permanent, "%s: %w", in.Address, *fault)
	}
	if err != nil {
		return GRPCHealthOutput{}, healthError(ctx, in, err)
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return GRPCHealthOutput{}, sdk.Errorf(sdk.Transient, "%s is %s", serviceName(in.Service), answer.GetStatus())
	}
	return GRPCHealthOutput{Status: answer.GetStatus().String(), Latency: probe.Latency(start)}, nil
}

func healthError(ctx context.Context, in GRPCHealthInput, err error) error {
	answer := status.Convert(err)
	switch answer.Code() {
	case codes.DeadlineExceeded, codes.Canceled:
		return probe.Reason(ctx, err)
	case codes.NotFound:
		return sdk.Errorf(sdk.Transient, "%s does not know %s", in.Address, serviceName(in.Service))
	case codes.Unimplemented:
		return sdk.Errorf(sdk.Permanent, "%s does not have the service grpc.health.v1.Health", in.Address)
	case codes.Unauthenticated, codes.PermissionDenied:
		return sdk.Errorf(sdk.Denied, "%s: %s", in.Address, answer.Message())
	default:
		return sdk.Errorf(sdk.Transient, "%s: %s: %s", in.Address, answer.Code(), answer.Message())
	}
}

func serviceName(service string) string {
	if service == "" {
		return "the server"
	}
	return "the service " + service
}
