package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// errNoTLS is for a plugin whose handshake has no certificate.
var errNoTLS = errors.New("no mutual TLS")

const belongs = "to standard output, which belongs to the handshake; a plugin writes its log to standard error"

// refused says why a process was not started, in our words: those of go-plugin speak
// to its developers. starting is the context of the start.
func (p *Process) refused(starting context.Context, err error, timeout time.Duration) error {
	slow := errors.Is(context.Cause(starting), errSlow)
	reason := p.killedFor.Load()
	switch {
	case starting.Err() != nil && !slow:
		return Interrupted(starting, "start the plugin "+p.name)
	case reason != nil:
		return sdk.Errorf(sdk.Permanent, "start the plugin %s: %s", p.name, *reason).NothingChanged()
	}
	var why string
	switch {
	case p.child.failed != nil && !errors.Is(p.child.failed, errKilled):
		why = p.child.notExecuted()
	case slow && p.shook.Load():
		why = fmt.Sprintf("it shook hands, and did not answer within %s", timeout)
	case slow:
		why = fmt.Sprintf("it was started and said nothing for %s", timeout)
	case errors.Is(err, errNoTLS):
		why = "its handshake has no certificate: it must use the mutual TLS of go-plugin, with the certificate that PLUGIN_CLIENT_CERT holds"
	case p.child.ID() == "":
		why = "it could not be started: " + firstLine(err.Error())
	default:
		why = p.misspoke(err.Error())
	}
	return sdk.Errorf(sdk.Permanent, "start the plugin %s: %s%s", p.name, why, p.log.cause()).NothingChanged()
}

// notExecuted says why the program could not be executed.
func (c *child) notExecuted() string {
	err := c.failed
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err // the path is that of a descriptor
	}
	why := fmt.Sprintf("%s cannot be executed: %s", c.program.Path(), err)
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Sprintf("%s; is it built for %s/%s, and is it whole?", why, runtime.GOOS, runtime.GOARCH)
	case errors.Is(err, syscall.EACCES):
		return why + "; may programs be executed in its file system (mount option noexec)?"
	case errors.Is(err, syscall.ENOENT):
		return why + "; is the loader there that it is linked with?"
	default:
		return why
	}
}

// misspoke says what was wrong with the handshake.
func (p *Process) misspoke(said string) string {
	const unrecognized = "Unrecognized remote plugin message: "
	_, printed, isLine := strings.Cut(firstLine(said), unrecognized)
	switch {
	case strings.Contains(said, "exited before we could connect"), strings.Contains(said, "Failed to read any lines"):
		return p.saidNothing()
	case isLine:
		return fmt.Sprintf("it printed %q %s", printed, belongs)
	case strings.Contains(said, "error parsing core protocol version"):
		return "it printed something else than the handshake " + belongs
	case strings.Contains(said, "incompatible API version"):
		return incompatible(said)
	default:
		return "it did not speak the plugin protocol: " + firstLine(said)
	}
}

// saidNothing says what became of a process of which not one line was read.
func (p *Process) saidNothing() string {
	if size := p.child.stdout.bytes.Load(); size > 0 {
		return fmt.Sprintf("it printed %d KB without the end of a line %s", size>>10, belongs)
	}
	return "it ended before it said anything (" + p.ending() + ")"
}

// incompatible says which of the two must be upgraded.
func incompatible(said string) string {
	_, after, _ := strings.Cut(said, "Plugin version: ")
	var theirs int
	_, _ = fmt.Sscanf(after, "%d", &theirs)
	if theirs > wire.ProtocolVersion {
		return fmt.Sprintf("it speaks version %d of the plugin protocol, and this gatebook version %d: upgrade gatebook", theirs, wire.ProtocolVersion)
	}
	return fmt.Sprintf("it speaks version %d of the plugin protocol, and this gatebook version %d: upgrade the plugin", theirs, wire.ProtocolVersion)
}

// startFault is [Process.Fault] for a call that belongs to the start of a process: asking
// is ctx with a limit of our own, of which the caller knows nothing. A process that does
// not answer is of no use, and is killed.
func (p *Process) startFault(ctx, asking context.Context, err error, what string, limit time.Duration) error {
	switch {
	case ctx.Err() != nil:
		p.Kill()
		return Interrupted(ctx, "start the plugin "+p.name)
	case isOver(asking, err):
		p.Kill()
		return sdk.Errorf(sdk.Transient, "the plugin %s did not %s within %s%s", p.name, what, limit, p.log.cause()).NothingChanged()
	default:
		return p.Fault(ctx, err, false)
	}
}

// Interrupted is for what was not begun, or not ended, because ctx ended.
func Interrupted(ctx context.Context, what string) error {
	class := sdk.Cancelled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		class = sdk.Timeout
	}
	return sdk.Errorf(class, "%s: %w", what, context.Cause(ctx)).NothingChanged()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
