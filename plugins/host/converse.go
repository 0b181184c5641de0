package host

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/gatebook/gatebook/plugins/host/internal/process"
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

// method is a call of the contract that is a stream.
type method[Q, A any] func(pluginv1.PluginClient, context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[Q, A], error)

// converse has one stream's conversation: it starts the action, passes on what that
// says, answers what must be kept, and returns the result. What it does not know is not
// the end of the conversation: a newer plugin may say more.
//
// changes says that the call may change something, which then is said where its answer is
// lost. When ctx ends the action is asked to stop and has a grace to say what it left;
// a plugin that does not is killed, since it may go on changing things unseen.
func converse[Q, A, R any, P said[A]](
	ctx context.Context, h *handler, request sdk.Request, host sdk.Host, changes bool,
	open method[Q, A], wrap func(*pluginv1.Told) *Q, result func(P) *R,
) (*R, error) {
	p, call, err := h.call(ctx, request)
	if err != nil {
		return nil, err
	}
	talk := &talk[Q, A]{wrap: wrap, opened: make(chan struct{}), ended: make(chan struct{})}
	defer close(talk.ended)
	go h.cancelWith(ctx, p, request, talk.ended, talk.cancel)
	heard, unwatch := h.watch(ctx, p, func(found sdk.Progress) { host.Progress(found) })
	defer unwatch()

	// The stream goes on when ctx ends, so that its end is never that of ctx.
	streamed, hangUp := context.WithCancel(context.WithoutCancel(outgoing(ctx, request)))
	defer hangUp()
	if talk.stream, err = open(p.Calls(), streamed); err != nil {
		return nil, p.Fault(streamed, err, changes)
	}
	close(talk.opened)
	talk.tell(&pluginv1.Told{Message: &pluginv1.Told_Start{Start: call}})
	for {
		message, err := talk.stream.Recv()
		if err != nil {
			return nil, p.Fault(streamed, err, changes)
		}
		heard()
		answer := P(message)
		if failed := answer.GetError(); failed != nil {
			return nil, wire.ToError(failed)
		}
		if found := result(answer); found != nil {
			return found, nil
		}
		if kept := pass(ctx, answer.GetSaid(), host); kept != nil {
			talk.tell(&pluginv1.Told{Message: &pluginv1.Told_Kept{Kept: kept}})
		}
	}
}

// talk is the host's end of a stream.
type talk[Q, A any] struct {
	wrap   func(*pluginv1.Told) *Q
	opened chan struct{} // closed when there is a stream
	ended  chan struct{} // closed when nobody listens any more
	stream grpc.BidiStreamingClient[Q, A]

	mu sync.Mutex // a stream takes one message at a time
}

// tell says something to the plugin, and waits until it is on its way: for ever, where
// the plugin reads nothing. That it cannot be said is known by the next Recv, which says
// why.
func (t *talk[Q, A]) tell(told *pluginv1.Told) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.stream.Send(t.wrap(told))
}

// cancel asks the action to stop, once it has been started.
func (t *talk[Q, A]) cancel() {
	select {
	case <-t.opened:
		t.tell(&pluginv1.Told{Message: &pluginv1.Told_Cancel{Cancel: &pluginv1.Cancel{}}})
	case <-t.ended:
	}
}

// cancelWith asks an action to stop when ctx ends, and ends the plugin when it does
// not. It waits for neither, since a plugin may be deaf too.
func (h *handler) cancelWith(ctx context.Context, p *process.Process, request sdk.Request, ended <-chan struct{}, ask func()) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	go ask()
	grace := h.grace(request)
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
		p.KillFor("its action %s did not stop within %s of being asked to", h.description.Name, grace)
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
