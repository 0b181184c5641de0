package serve

import (
	"context"

	"google.golang.org/grpc"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// Apply does it.
func (s *server) Apply(stream grpc.BidiStreamingServer[pluginv1.ApplyRequest, pluginv1.ApplyResponse]) error {
	return converse(s, stream, replies[pluginv1.ApplyResponse]{
		said: func(event *pluginv1.Event) *pluginv1.ApplyResponse {
			return &pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Said{Said: event}}
		},
		failed: func(err *pluginv1.Error) *pluginv1.ApplyResponse {
			return &pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Error{Error: err}}
		},
		done: func(ctx context.Context, handler sdk.Handler, r sdk.Request, host sdk.Host) (*pluginv1.ApplyResponse, error) {
			outputs, err := handler.Apply(ctx, r, host)
			result, err := fits(&pluginv1.Outputs{Outputs: outputs}, err)
			return &pluginv1.ApplyResponse{Event: &pluginv1.ApplyResponse_Result{Result: result}}, err
		},
	})
}

// Observe says whether it was done.
func (s *server) Observe(stream grpc.BidiStreamingServer[pluginv1.ObserveRequest, pluginv1.ObserveResponse]) error {
	return converse(s, stream, replies[pluginv1.ObserveResponse]{
		said: func(event *pluginv1.Event) *pluginv1.ObserveResponse {
			return &pluginv1.ObserveResponse{Event: &pluginv1.ObserveResponse_Said{Said: event}}
		},
		failed: func(err *pluginv1.Error) *pluginv1.ObserveResponse {
			return &pluginv1.ObserveResponse{Event: &pluginv1.ObserveResponse_Error{Error: err}}
		},
		done: func(ctx context.Context, handler sdk.Handler, r sdk.Request, host sdk.Host) (*pluginv1.ObserveResponse, error) {
			seen, err := handler.Observe(ctx, r, host)
			result, err := fits(wire.FromObservation(seen), err)
			return &pluginv1.ObserveResponse{Event: &pluginv1.ObserveResponse_Result{Result: result}}, err
		},
	})
}

// Undo takes it back.
func (s *server) Undo(stream grpc.BidiStreamingServer[pluginv1.UndoRequest, pluginv1.UndoResponse]) error {
	return converse(s, stream, replies[pluginv1.UndoResponse]{
		said: func(event *pluginv1.Event) *pluginv1.UndoResponse {
			return &pluginv1.UndoResponse{Event: &pluginv1.UndoResponse_Said{Said: event}}
		},
		failed: func(err *pluginv1.Error) *pluginv1.UndoResponse {
			return &pluginv1.UndoResponse{Event: &pluginv1.UndoResponse_Error{Error: err}}
		},
		done: func(ctx context.Context, handler sdk.Handler, r sdk.Request, host sdk.Host) (*pluginv1.UndoResponse, error) {
			err := handler.Undo(ctx, r, host)
			return &pluginv1.UndoResponse{Event: &pluginv1.UndoResponse_Result{Result: &pluginv1.Undone{}}}, err
		},
	})
}
