package process

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// Fault makes a typed error of what became of a call that was made with ctx. An error that
// the action itself returned is none of these: that crosses as a message. changes says
// whether the call was to change something.
func (p *Process) Fault(ctx context.Context, err error, changes bool) error {
	if errors.Is(err, io.EOF) {
		return p.NoResult()
	}
	said := status.Convert(err).Message()
	code := status.Code(err)
	if (code == codes.Canceled || code == codes.DeadlineExceeded) && isOver(ctx, err) {
		return context.Cause(ctx)
	}
	switch {
	case code == codes.Unavailable && strings.Contains(said, "authentication handshake failed"):
		p.KillFor("it does not keep to mutual TLS")
		return sdk.Errorf(sdk.Permanent, "the plugin %s was killed: it does not keep to the mutual TLS that it shook hands for: %s", p.name, said).NothingChanged()
	case code == codes.Unavailable, code == codes.Canceled:
		return p.lost(changes)
	case code == codes.ResourceExhausted && strings.Contains(said, "larger than max"):
		return p.tooLarge(said)
	case code == codes.Unimplemented:
		return sdk.Errorf(sdk.Permanent, "the plugin %s does not know a call that this gatebook makes: upgrade the plugin", p.name).NothingChanged()
	default:
		return sdk.Errorf(sdk.Permanent, "the plugin %s does not keep to the plugin protocol: %s", p.name, said)
	}
}

// overSoon is how much earlier than here a deadline may pass at the other end of a call.
const overSoon = time.Second

// isOver reports whether a call that failed has ended with ctx. Its deadline crosses to the
// plugin, where it may pass a moment before it does here.
func isOver(ctx context.Context, err error) bool {
	if _, has := ctx.Deadline(); has && status.Code(err) == codes.DeadlineExceeded {
		select {
		case <-ctx.Done():
		case <-time.After(overSoon): // the plugin says so of itself
		}
	}
	return ctx.Err() != nil
}

// NoResult is for a call that was answered with nothing that this gatebook knows.
func (p *Process) NoResult() error {
	return sdk.Errorf(sdk.Permanent, "the plugin %s ended its answer without a result, which is a fault of the plugin", p.name)
}

// tooLarge says which message was refused for its size, of which gRPC says the same on
// both sides: it names the limit, and ours is that of answers.
func (p *Process) tooLarge(said string) error {
	if strings.Contains(said, "received message") && !strings.Contains(said, strconv.Itoa(wire.MaxMessage)) {
		return sdk.Errorf(sdk.Permanent, "the plugin %s takes no call of this size, so that nothing was done: %s", p.name, said).NothingChanged()
	}
	return sdk.Errorf(sdk.Permanent, "the plugin %s answered with more than the %d MB that may cross at once; what it did is done, and its answer is lost",
		p.name, wire.MaxMessage>>20)
}

// lost says what became of a call whose answer will not come. A process that hung up and
// lives on is ended, so that the next call finds one that answers.
func (p *Process) lost(changes bool) error {
	const again = "; it is started again when it is next needed"
	if p.killedFor.Load() == nil && p.ended() && p.killedFor.Load() == nil {
		return sdk.Errorf(sdk.Transient, "the plugin %s died in the middle of it (%s)%s%s", p.name, p.child.exit(), p.log.cause(), again)
	}
	if p.killedFor.Load() == nil {
		p.KillFor("it hung up in the middle of it%s", p.log.cause())
	}
	left := ""
	if changes {
		left = "; what it was doing may be half done"
	}
	return sdk.Errorf(sdk.Transient, "the plugin %s was killed: %s%s", p.name, *p.killedFor.Load(), left)
}
