package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// said is what the plugin's messages have in common.
type said[A any] interface {
	*A
	GetSaid() *pluginv1.Event
	GetError() *pluginv1.Error
}

// converse has one stream's conversation: it starts the action, passes on what that
// says, answers what must be kept, and returns the last word.
//
// When ctx ends the action is asked to stop and has a grace to say what it left;
// a plugin that does not is killed, since it may go on changing things unseen. The call
// is made with carried, which is ctx with what crosses beside it.
func converse[Q, A any, P said[A]](ctx context.Context, p *process, carried context.Context,
	open func(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[Q, A], error),
	host sdk.Host, grace time.Duration, call *pluginv1.Call, wrap func(*pluginv1.Told) *Q,
) (P, error) {
	streamed, hangUp := context.WithCancel(context.WithoutCancel(carried))
	defer hangUp()
	stream, err := open(streamed)
	if err != nil {
		return nil, p.fault(ctx, err, nil)
	}
	var mu sync.Mutex // a stream takes one message at a time
	tell := func(told *pluginv1.Told) error {
		mu.Lock()
		defer mu.Unlock()
		return stream.Send(wrap(told))
	}
	// An error of Send is io.EOF, and the reason comes with the next Recv.
	_ = tell(&pluginv1.Told{Message: &pluginv1.Told_Start{Start: call}})
	ended := make(chan struct{})
	defer close(ended)
	go p.cancelWith(ctx, ended, grace, func() {
		_ = tell(&pluginv1.Told{Message: &pluginv1.Told_Cancel{Cancel: &pluginv1.Cancel{}}})
	})
	for {
		message, err := stream.Recv()
		if err != nil {
			return nil, p.fault(ctx, err, nil)
		}
		answer := P(message)
		if event := answer.GetSaid(); event != nil {
			if kept := pass(ctx, event, host); kept != nil {
				_ = tell(&pluginv1.Told{Message: &pluginv1.Told_Kept{Kept: kept}})
			}
			continue
		}
		if failed := answer.GetError(); failed != nil {
			return nil, p.fault(ctx, nil, failed)
		}
		return answer, nil
	}
}

// cancelWith asks an action to stop when ctx ends, and ends the plugin when it does
// not.
func (p *process) cancelWith(ctx context.Context, ended <-chan struct{}, grace time.Duration, ask func()) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	ask()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
		p.killFor(fmt.Sprintf("it did not stop within %s of being asked to", grace))
	}
}

// pass gives an event to the host, and returns the answer to those that wait for one.
func pass(ctx context.Context, event *pluginv1.Event, host sdk.Host) *pluginv1.Kept {
	switch what := event.GetEvent().(type) {
	case *pluginv1.Event_Progress:
		host.Progress(sdk.Progress{
			Message: what.Progress.GetMessage(), Done: what.Progress.GetDone(), Total: what.Progress.GetTotal(),
		})
	case *pluginv1.Event_Output:
		host.Output(what.Output.GetStream(), what.Output.GetLine())
	case *pluginv1.Event_Before:
		err := host.Before(ctx, what.Before.GetState())
		return &pluginv1.Kept{Number: what.Before.GetNumber(), Error: wire.FromError(err)}
	case *pluginv1.Event_Note:
		err := host.Note(what.Note.GetName(), what.Note.GetFact())
		return &pluginv1.Kept{Number: what.Note.GetNumber(), Error: wire.FromError(err)}
	}
	return nil
}

// fault makes of what went wrong a typed error: failed is what the action said of
// itself, err what became of the call.
func (p *process) fault(ctx context.Context, err error, failed *pluginv1.Error) error {
	switch {
	case failed != nil:
		return wire.ToError(failed)
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return sdk.Errorf(sdk.Permanent, "the plugin %s ended its answer without a result, which is a fault of the plugin", p.name)
	}
	switch status.Code(err) {
	case codes.ResourceExhausted:
		return sdk.Errorf(sdk.Permanent, "the plugin %s answered with more than the %d MB that may cross at once; what it did is done, and its outputs are lost",
			p.name, wire.MaxMessage>>20)
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded:
		return p.lost(ctx)
	case codes.Unimplemented:
		return sdk.Errorf(sdk.Permanent, "the plugin %s does not know a call that this gatebook makes: upgrade the plugin", p.name).NothingChanged()
	default:
		return sdk.Errorf(sdk.Permanent, "the plugin %s does not keep to the plugin protocol: %s", p.name, status.Convert(err).Message())
	}
}

// lost says what became of a call whose answer will not come.
func (p *process) lost(ctx context.Context) error {
	ending := p.ending()
	switch reason := p.killedFor.Load(); {
	case reason != nil:
		return sdk.Errorf(sdk.Transient, "the plugin %s was killed: %s; what it was doing may be half done", p.name, *reason)
	case p.gone():
		return sdk.Errorf(sdk.Transient, "the plugin %s died in the middle of it (%s)%w; it is started again when it is next needed", p.name, ending, p.log.cause())
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return sdk.Errorf(sdk.Transient, "the plugin %s hung up in the middle of it", p.name)
	}
}
