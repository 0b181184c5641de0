package serve

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// server answers the calls of the wire by those of the sdk.
type server struct {
	pluginv1.UnimplementedPluginServer
	served      *sdk.Served
	description *pluginv1.DescribeResponse
	configured  atomic.Bool
	ready       func() // once
}

func newServer(served *sdk.Served, ready func()) (*server, error) {
	description, err := wire.FromDescription(served.Description)
	if err != nil {
		return nil, err
	}
	return &server{served: served, description: description, ready: sync.OnceFunc(ready)}, nil
}

// Describe says what the plugin is.
func (s *server) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	s.ready()
	return s.description, nil
}

// Configure sets the target of this process.
func (s *server) Configure(ctx context.Context, request *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	s.ready()
	if s.configured.Load() {
		return nil, status.Error(codes.FailedPrecondition, "this process is configured already")
	}
	reached, err := s.configure(ctx, request.GetConfig())
	if err != nil {
		return &pluginv1.ConfigureResponse{Error: wire.FromError(err)}, nil
	}
	s.configured.Store(true)
	return &pluginv1.ConfigureResponse{Target: wire.FromTarget(reached)}, nil
}

// configure reaches for the target and says what that is. It makes an author's panic an
// error, as the handlers of actions do.
func (s *server) configure(ctx context.Context, config []byte) (reached sdk.Target, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = sdk.Errorf(sdk.Permanent, "configuring panicked, which is a fault of the plugin: %v", fault)
		}
	}()
	if err := s.served.Configure(ctx, config); err != nil {
		return sdk.Target{}, err
	}
	return s.served.Target(ctx)
}

// Plan says what Apply would do.
func (s *server) Plan(ctx context.Context, request *pluginv1.PlanRequest) (*pluginv1.PlanResponse, error) {
	preview, err := unary(ctx, s, request.GetCall(), func(ctx context.Context, handler sdk.Handler, r sdk.Request) (*pluginv1.Preview, error) {
		preview, err := handler.Plan(ctx, r)
		return wire.FromPreview(preview), err
	})
	if err != nil {
		return &pluginv1.PlanResponse{Result: &pluginv1.PlanResponse_Error{Error: wire.FromError(err)}}, nil
	}
	return &pluginv1.PlanResponse{Result: &pluginv1.PlanResponse_Preview{Preview: preview}}, nil
}

// Ask returns the question that people must answer.
func (s *server) Ask(ctx context.Context, request *pluginv1.AskRequest) (*pluginv1.AskResponse, error) {
	question, err := unary(ctx, s, request.GetCall(), func(ctx context.Context, handler sdk.Handler, r sdk.Request) (*pluginv1.Question, error) {
		question, err := handler.Ask(ctx, r)
		if err != nil {
			return nil, err
		}
		return wire.FromQuestion(question)
	})
	if err != nil {
		return &pluginv1.AskResponse{Result: &pluginv1.AskResponse_Error{Error: wire.FromError(err)}}, nil
	}
	return &pluginv1.AskResponse{Result: &pluginv1.AskResponse_Question{Question: question}}, nil
}

// Answer turns people's answer into the step's outputs.
func (s *server) Answer(ctx context.Context, request *pluginv1.AnswerRequest) (*pluginv1.AnswerResponse, error) {
	outputs, err := unary(ctx, s, request.GetCall(), func(ctx context.Context, handler sdk.Handler, r sdk.Request) (*pluginv1.Outputs, error) {
		outputs, err := handler.Answer(ctx, r, wire.ToAnswer(request))
		return &pluginv1.Outputs{Outputs: outputs}, err
	})
	if err != nil {
		return &pluginv1.AnswerResponse{Result: &pluginv1.AnswerResponse_Error{Error: wire.FromError(err)}}, nil
	}
	return &pluginv1.AnswerResponse{Result: &pluginv1.AnswerResponse_Outputs{Outputs: outputs}}, nil
}

// handler finds the action of a call, in a process that knows its target.
func (s *server) handler(call *pluginv1.Call) (sdk.Handler, error) {
	if !s.configured.Load() {
		return nil, sdk.Errorf(sdk.Permanent, "the plugin was used before it was configured, which is a fault of its host").NothingChanged()
	}
	handler, ok := s.served.Handler(call.GetAction())
	if !ok {
		return nil, sdk.Errorf(sdk.Permanent, "%s %s has no action %q", s.served.Description.Name, s.served.Description.Version, call.GetAction()).NothingChanged()
	}
	return handler, nil
}

// request reads a call, and what of it crosses beside it.
func request(ctx context.Context, call *pluginv1.Call) sdk.Request {
	r := wire.ToRequest(call)
	if carried, ok := metadata.FromIncomingContext(ctx); ok {
		if parents := carried.Get(wire.MetadataTraceParent); len(parents) > 0 {
			r.TraceParent = parents[0]
		}
	}
	return r
}

// limited ends with the time that the call has left.
func limited(ctx context.Context, call *pluginv1.Call) (context.Context, context.CancelFunc) {
	if call.GetTimeout() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, call.GetTimeout().AsDuration())
}

func unary[M proto.Message](ctx context.Context, s *server, call *pluginv1.Call, do func(context.Context, sdk.Handler, sdk.Request) (M, error)) (M, error) {
	handler, err := s.handler(call)
	if err != nil {
		var none M
		return none, err
	}
	ctx, stop := limited(ctx, call)
	defer stop()
	return fits(do(ctx, handler, request(ctx, call)))
}

// fits refuses what is too large to cross.
func fits[M proto.Message](message M, err error) (M, error) {
	if err != nil {
		return message, err
	}
	if size := proto.Size(message); size > wire.MaxOutputs {
		what := strings.ToLower(string(message.ProtoReflect().Descriptor().Name()))
		return message, sdk.Errorf(sdk.Permanent, "the %s takes %d bytes, and at most %d cross from a plugin; put what is large into a file and return its path and checksum", what, size, wire.MaxOutputs)
	}
	return message, nil
}
