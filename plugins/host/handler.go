package host

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/grpc/metadata"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// handler is an action of a plugin over one connection. Nobody who holds it can tell
// that it is no built-in one.
type handler struct {
	connection  *connection
	description sdk.Description
}

var _ sdk.Handler = (*handler)(nil)

func (h *handler) Describe() sdk.Description { return h.description }

func (h *handler) Plan(ctx context.Context, request sdk.Request) (sdk.Preview, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return sdk.Preview{}, err
	}
	answer, err := p.Plan(outgoing(ctx, request), &pluginv1.PlanRequest{Call: call})
	if err = p.fault(ctx, err, answer.GetError()); err != nil {
		return sdk.Preview{}, err
	}
	return wire.ToPreview(answer.GetPreview()), nil
}

func (h *handler) Ask(ctx context.Context, request sdk.Request) (sdk.Question, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return sdk.Question{}, err
	}
	answer, err := p.Ask(outgoing(ctx, request), &pluginv1.AskRequest{Call: call})
	if err = p.fault(ctx, err, answer.GetError()); err != nil {
		return sdk.Question{}, err
	}
	return wire.ToQuestion(answer.GetQuestion())
}

func (h *handler) Answer(ctx context.Context, request sdk.Request, said sdk.Answer) (json.RawMessage, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return nil, err
	}
	answer, err := p.Answer(outgoing(ctx, request), wire.FromAnswer(call, said))
	if err = p.fault(ctx, err, answer.GetError()); err != nil {
		return nil, err
	}
	return answer.GetOutputs().GetOutputs(), nil
}

func (h *handler) Apply(ctx context.Context, request sdk.Request, host sdk.Host) (json.RawMessage, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return nil, err
	}
	answer, err := converse(ctx, p, outgoing(ctx, request), p.PluginClient.Apply, host, h.connection.host.grace, call,
		func(told *pluginv1.Told) *pluginv1.ApplyRequest { return &pluginv1.ApplyRequest{Told: told} })
	if err != nil {
		return nil, err
	}
	return answer.GetResult().GetOutputs(), nil
}

func (h *handler) Observe(ctx context.Context, request sdk.Request, host sdk.Host) (sdk.Observation, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return sdk.Observation{}, err
	}
	answer, err := converse(ctx, p, outgoing(ctx, request), p.PluginClient.Observe, host, h.connection.host.grace, call,
		func(told *pluginv1.Told) *pluginv1.ObserveRequest { return &pluginv1.ObserveRequest{Told: told} })
	if err != nil {
		return sdk.Observation{}, err
	}
	return wire.ToObservation(answer.GetResult()), nil
}

func (h *handler) Undo(ctx context.Context, request sdk.Request, host sdk.Host) error {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return err
	}
	_, err = converse(ctx, p, outgoing(ctx, request), p.PluginClient.Undo, host, h.connection.host.grace, call,
		func(told *pluginv1.Told) *pluginv1.UndoRequest { return &pluginv1.UndoRequest{Told: told} })
	return err
}

// call makes sure that the plugin runs, and writes the call for it.
func (h *handler) call(ctx context.Context, request sdk.Request) (*process, *pluginv1.Call, error) {
	p, err := h.connection.process(ctx)
	if err != nil {
		return nil, nil, err
	}
	var left time.Duration
	if deadline, ok := ctx.Deadline(); ok {
		left = max(deadline.Sub(h.connection.host.options.Now()), time.Nanosecond)
	}
	return p, wire.FromRequest(h.description.Name, request, left), nil
}

// outgoing carries the trace context beside the call.
func outgoing(ctx context.Context, request sdk.Request) context.Context {
	if request.TraceParent == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, wire.MetadataTraceParent, request.TraceParent)
}
