package serve

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// replies are the messages of one kind of stream, and what is done in it.
type replies[A any] struct {
	said   func(*pluginv1.Event) *A
	failed func(*pluginv1.Error) *A
	done   func(context.Context, sdk.Handler, sdk.Request, sdk.Host) (*A, error)
}

// asked is what the host's messages have in common.
type asked[Q any] interface {
	*Q
	GetTold() *pluginv1.Told
}

// converse has one stream's conversation: the host starts the action, hears what it
// says, answers what must be kept, and may cancel; the last word is the result.
func converse[Q, A any, P asked[Q]](s *server, stream grpc.BidiStreamingServer[Q, A], reply replies[A]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	call := P(first).GetTold().GetStart()
	if call == nil {
		return status.Error(codes.InvalidArgument, "a stream begins with Start")
	}
	handler, err := s.handler(call)
	if err != nil {
		return stream.Send(reply.failed(wire.FromError(err)))
	}
	ctx, cancel := limited(stream.Context(), call)
	defer cancel()
	host := &host{ctx: ctx, waiting: map[uint64]chan error{}}
	host.send = func(event *pluginv1.Event) error { return stream.Send(reply.said(event)) }
	go func() { // ends with the stream, which ends when this function returns
		defer cancel() // a host that hung up wants nothing any more
		for {
			message, err := stream.Recv()
			if err != nil {
				return
			}
			switch told := P(message).GetTold().GetMessage().(type) {
			case *pluginv1.Told_Cancel:
				cancel()
			case *pluginv1.Told_Kept:
				host.kept(told.Kept)
			}
		}
	}()
	answer, err := reply.done(ctx, handler, request(ctx, call), host)
	if err != nil {
		answer = reply.failed(wire.FromError(err))
	}
	host.close()
	return stream.Send(answer)
}

// host passes what an action says to the host over a stream.
type host struct {
	ctx context.Context //nolint:containedctx // the stream's: what is said after its end goes nowhere

	mu      sync.Mutex // a stream takes one message at a time
	send    func(*pluginv1.Event) error
	number  uint64
	waiting map[uint64]chan error
	closed  bool
}

var _ sdk.Host = (*host)(nil)

// Progress says how far the action is.
func (h *host) Progress(p sdk.Progress) {
	h.say(&pluginv1.Event{Event: &pluginv1.Event_Progress{
		Progress: &pluginv1.Progress{Message: p.Message, Done: p.Done, Total: p.Total},
	}})
}

// Output passes a line on. The caller may use its bytes again, so they are copied; a
// line of more than [wire.MaxLine] is passed on in parts.
func (h *host) Output(stream string, line []byte) {
	for cut := false; line != nil || !cut; cut = true {
		var part []byte
		part, line = wire.Cut(line, cut, wire.MaxLine)
		h.say(output(stream, part))
	}
}

func output(stream string, line []byte) *pluginv1.Event {
	return &pluginv1.Event{Event: &pluginv1.Event_Output{Output: &pluginv1.Output{Stream: stream, Line: line}}}
}

// Before returns when the state is on the host's disk.
func (h *host) Before(ctx context.Context, state json.RawMessage) error {
	message, err := fits(&pluginv1.State{State: state}, nil)
	if err != nil {
		return err
	}
	return h.keep(ctx, func(number uint64) *pluginv1.Event {
		message.Number = number
		return &pluginv1.Event{Event: &pluginv1.Event_Before{Before: message}}
	})
}

// Note returns when the fact is in the host's journal.
func (h *host) Note(name string, fact json.RawMessage) error {
	message, err := fits(&pluginv1.Note{Name: name, Fact: fact}, nil)
	if err != nil {
		return err
	}
	return h.keep(h.ctx, func(number uint64) *pluginv1.Event {
		message.Number = number
		return &pluginv1.Event{Event: &pluginv1.Event_Note{Note: message}}
	})
}

// errNoHost is for an action that goes on after it returned, or after its host left.
var errNoHost = errors.New("nobody listens any more")

func (h *host) keep(ctx context.Context, event func(number uint64) *pluginv1.Event) error {
	answer := make(chan error, 1)
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return errNoHost
	}
	h.number++
	number := h.number
	h.waiting[number] = answer
	err := h.send(event(number))
	h.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.ctx.Done():
		return context.Cause(h.ctx)
	}
}

// kept hears that what was to be kept is, or why not.
func (h *host) kept(answer *pluginv1.Kept) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if waiting, ok := h.waiting[answer.GetNumber()]; ok {
		delete(h.waiting, answer.GetNumber())
		waiting <- wire.ToError(answer.GetError())
	}
}

// say sends what needs no answer. When the host is gone nobody misses it.
func (h *host) say(event *pluginv1.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		_ = h.send(event)
	}
}

// close ends what is said, so that the result is the last word.
func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
}
