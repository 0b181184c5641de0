package steps

import (
	"context"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/health"
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
		InPlan:     true,
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
	question := health.Question{
		Address: in.Address, Service: in.Service, Authority: in.Authority, Metadata: in.Metadata, Dial: o.dial,
	}
	if !in.Plaintext {
		config, err := o.web().TLSConfig(in.TLS)
		if err != nil {
			return GRPCHealthOutput{}, err
		}
		question.TLS = config
	}
	polling, within := in.For(call.Request, in.Within)
	return probe.Until(ctx, call.Host, polling, within, func(ctx context.Context) (GRPCHealthOutput, error) {
		start := time.Now()
		status, err := question.Ask(ctx)
		return GRPCHealthOutput{Status: status, Latency: probe.Latency(start)}, err
	})
}
