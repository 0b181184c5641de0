package host

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/gatebook/gatebook/plugins/host/internal/process"
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

var (
	_ sdk.Handler                               = (*handler)(nil)
	_ interface{ Reach(context.Context) error } = (*handler)(nil)
	_ interface{ Verify() error }               = (*handler)(nil)
)

func (h *handler) Describe() sdk.Description { return h.description }

// Reach makes the connection of the action ready, as a use of it does, and asks nothing of
// the action.
func (h *handler) Reach(ctx context.Context) error {
	_, err := h.connection.process(ctx)
	return err
}

// Verify looks whether the plugin may be started, as a start of it does.
func (h *handler) Verify() error {
	plugin := h.connection.plugin
	_, err := plugin.host.Verify(plugin.described.Name, plugin.lock)
	return err
}

func (h *handler) Plan(ctx context.Context, request sdk.Request) (sdk.Preview, error) {
	preview, err := ask(ctx, h, request, func(ctx context.Context, p pluginv1.PluginClient, call *pluginv1.Call) (*pluginv1.PlanResponse, error) {
		return p.Plan(ctx, &pluginv1.PlanRequest{Call: call})
	}, (*pluginv1.PlanResponse).GetPreview)
	if err != nil {
		return sdk.Preview{}, err
	}
	return wire.ToPreview(preview), nil
}

func (h *handler) Ask(ctx context.Context, request sdk.Request) (sdk.Question, error) {
	question, err := ask(ctx, h, request, func(ctx context.Context, p pluginv1.PluginClient, call *pluginv1.Call) (*pluginv1.AskResponse, error) {
		return p.Ask(ctx, &pluginv1.AskRequest{Call: call})
	}, (*pluginv1.AskResponse).GetQuestion)
	if err != nil {
		return sdk.Question{}, err
	}
	return wire.ToQuestion(question)
}

func (h *handler) Answer(ctx context.Context, request sdk.Request, said sdk.Answer) (json.RawMessage, error) {
	outputs, err := ask(ctx, h, request, func(ctx context.Context, p pluginv1.PluginClient, call *pluginv1.Call) (*pluginv1.AnswerResponse, error) {
		return p.Answer(ctx, wire.FromAnswer(call, said))
	}, (*pluginv1.AnswerResponse).GetOutputs)
	if err != nil {
		return nil, err
	}
	return outputs.GetOutputs(), nil
}

func (h *handler) Apply(ctx context.Context, request sdk.Request, host sdk.Host) (json.RawMessage, error) {
	result, err := converse(ctx, h, request, host, h.description.Effect != sdk.Read, pluginv1.PluginClient.Apply,
		func(told *pluginv1.Told) *pluginv1.ApplyRequest { return &pluginv1.ApplyRequest{Told: told} },
		(*pluginv1.ApplyResponse).GetResult)
	if err != nil {
		return nil, err
	}
	return result.GetOutputs(), nil
}

func (h *handler) Observe(ctx context.Context, request sdk.Request, host sdk.Host) (sdk.Observation, error) {
	result, err := converse(ctx, h, request, host, false, pluginv1.PluginClient.Observe,
		func(told *pluginv1.Told) *pluginv1.ObserveRequest { return &pluginv1.ObserveRequest{Told: told} },
		(*pluginv1.ObserveResponse).GetResult)
	if err != nil {
		return sdk.Observation{}, err
	}
	return wire.ToObservation(result), nil
}

func (h *handler) Undo(ctx context.Context, request sdk.Request, host sdk.Host) error {
	_, err := converse(ctx, h, request, host, true, pluginv1.PluginClient.Undo,
		func(told *pluginv1.Told) *pluginv1.UndoRequest { return &pluginv1.UndoRequest{Told: told} },
		(*pluginv1.UndoResponse).GetResult)
	return err
}

// answered is what the plugin's answers to a single question have in common.
type answered interface{ GetError() *pluginv1.Error }

// ask makes a call that is no stream, and returns the result of its answer.
func ask[A answered, R any](
	ctx context.Context, h *handler, request sdk.Request,
	do func(context.Context, pluginv1.PluginClient, *pluginv1.Call) (A, error), result func(A) *R,
) (*R, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return nil, err
	}
	_, unwatch := h.watch(ctx, p, func(sdk.Progress) {})
	defer unwatch()
	answer, err := do(outgoing(ctx, request), p.Calls(), call)
	if err != nil {
		return nil, p.Fault(ctx, err, false)
	}
	if failed := answer.GetError(); failed != nil {
		return nil, wire.ToError(failed)
	}
	if found := result(answer); found != nil {
		return found, nil
	}
	return nil, p.NoResult()
}

// call writes the call for the plugin, and makes sure that it runs.
func (h *handler) call(ctx context.Context, request sdk.Request) (*process.Process, *pluginv1.Call, error) {
	call := wire.FromRequest(h.description.Name, request, 0)
	if size := proto.Size(call); size > wire.MaxCall {
		return nil, nil, sdk.Errorf(sdk.Permanent, "the parameters of %s, its state before, its outputs and its notes take %d bytes together, and at most %d cross to a plugin",
			h.description.Name, size, wire.MaxCall).NothingChanged()
	}
	p, err := h.connection.process(ctx)
	if deadline, ok := ctx.Deadline(); ok && h.connection.host.options.Now != nil {
		call.Timeout = durationpb.New(max(deadline.Sub(h.connection.host.options.Now()), time.Nanosecond))
	}
	return p, call, err
}

// sayGrace is how much longer an action may take that says how long its end takes: it has
// to say what it left, and its host gives it up only after that.
const sayGrace = 5 * time.Second

// grace is how long the action has to end when it is asked to.
func (h *handler) grace(request sdk.Request) time.Duration {
	declared := h.description.Grace(request.Params)
	if declared == 0 {
		return h.connection.host.grace
	}
	return max(h.connection.host.grace, min(declared, math.MaxInt64-sayGrace)+sayGrace)
}

// outgoing carries the trace context beside the call.
func outgoing(ctx context.Context, request sdk.Request) context.Context {
	if request.TraceParent == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, wire.MetadataTraceParent, request.TraceParent)
}
