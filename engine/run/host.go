package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run/internal/output"
	"github.com/gatebook/gatebook/engine/run/internal/secret"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// host is what an action sees of the driver. It is safe for concurrent use, and what
// it is told goes out masked. An action that tells something after its end, or after
// that of the run, is not listened to.
type host struct {
	driver *driver
	op     event.Op
	ended  chan struct{} // closed by close

	// mu is held for a moment only, and never by who waits for the owner of the run,
	// as the owner takes it too.
	mu   sync.Mutex
	over bool
	log  *output.Log // made at the first line
	lost string      // what the log lacks, once it is over
}

var _ sdk.Host = (*host)(nil)

// errOver is what an action is told that does not know its own end.
var errOver = errors.New("the attempt is over, so that nothing more can be kept of it")

// hosts are those of the actions at work, so that none outlives the run.
type hosts struct {
	mu   sync.Mutex
	open map[*host]struct{}
}

func (d *driver) newHost(op event.Op) *host {
	h := &host{driver: d, op: op, ended: make(chan struct{})}
	d.hosts.mu.Lock()
	defer d.hosts.mu.Unlock()
	d.hosts.open[h] = struct{}{}
	return h
}

// closeHosts ends the listening to whatever still works at the end of the run.
func (d *driver) closeHosts() {
	for _, h := range d.openHosts() {
		h.close()
	}
}

func (d *driver) openHosts() []*host {
	d.hosts.mu.Lock()
	defer d.hosts.mu.Unlock()
	return slices.Collect(maps.Keys(d.hosts.open))
}

// Progress passes on how far the action is. It is not journaled: nothing follows
// from it.
func (h *host) Progress(p sdk.Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over && h.driver.process.Watch != nil {
		p.Message = h.driver.secrets.Text(p.Message)
		h.driver.process.Watch.Progress(h.op.Step, p)
	}
}

// Output keeps a line in the step's log, and passes it on.
func (h *host) Output(stream string, line []byte) {
	text := h.driver.secrets.Text(string(line))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return
	}
	full := h.keep(stream, text)
	if h.driver.process.Watch == nil {
		return
	}
	h.driver.process.Watch.Output(h.op.Step, stream, text)
	if full {
		h.driver.process.Watch.Output(h.op.Step, "gatebook", output.Full())
	}
}

func (h *host) keep(stream, text string) (full bool) {
	if h.log == nil {
		h.log = output.OfAttempt(h.driver.folder, h.op)
	}
	return h.log.Keep(h.driver.process.Now(), h.op.Attempt, stream, text)
}

// last closes the host behind an operation, and returns its last event with what the log
// lacks.
func (h *host) last(end event.Event) event.Event {
	h.close()
	if end.Type == event.AttemptFinished {
		end.Reason = h.lacks()
	}
	return end
}

// lacks says what the log of an action that is over lacks; empty: nothing.
func (h *host) lacks() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost
}

// flush gives what the log holds back to the kernel.
func (h *host) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.log != nil {
		h.log.Flush()
	}
}

// flushLogs does so for all actions at work, so that who reads a log is not far behind.
func (d *driver) flushLogs() {
	for _, h := range d.openHosts() {
		h.flush()
	}
}

func (h *host) close() {
	h.driver.hosts.mu.Lock()
	delete(h.driver.hosts.open, h)
	h.driver.hosts.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.over = true
		close(h.ended)
	}
	if h.log != nil {
		h.log.Close()
		h.log, h.lost = nil, h.log.Lacks()
	}
}

// Before returns when the state is on the disk. A state that holds a secret is refused,
// before anything was changed: masked it would be put back masked.
func (h *host) Before(ctx context.Context, state json.RawMessage) error {
	if err := h.whole(state); err != nil {
		return fmt.Errorf("state before the change: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return h.tell(ctx, event.Event{Type: event.AttemptSaved, Data: state}, true)
}

// Note returns when the fact is in the journal's file. It does not wait for the disk:
// what it is for is the death of this process, which a write to the kernel outlives.
func (h *host) Note(name string, fact json.RawMessage) error {
	if err := h.whole(fact); err != nil {
		return fmt.Errorf("note %s: %w", name, err)
	}
	return h.tell(context.WithoutCancel(h.driver.base), event.Event{Type: event.AttemptNoted, Name: name, Data: fact}, false)
}

// tell returns when the event is written, or on the disk where it is urgent.
func (h *host) tell(ctx context.Context, e event.Event, urgent bool) error {
	op := h.op
	e.Op, e.Data = &op, slices.Clone(e.Data)
	saved := make(chan error, 1)
	if !h.send(message{fact: e, saved: saved, urgent: urgent}) {
		return errOver
	}
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-h.driver.base.Done():
		return errOver
	}
}

// send reports whether the attempt is still listened to.
func (h *host) send(m message) bool {
	select {
	case <-h.ended:
		return false
	default:
	}
	select {
	case h.driver.arrived <- m:
		h.driver.turns.ring()
		return true
	case <-h.ended:
	case <-h.driver.base.Done():
	}
	return false
}

// whole makes sure that an action's bytes may stand in a line of the journal. Trying
// again would not mend them.
func (h *host) whole(document json.RawMessage) error {
	switch {
	case !json.Valid(document):
		return sdk.Errorf(sdk.Permanent, "it is not JSON")
	case len(document) > secret.MaxOutputs:
		return sdk.Errorf(sdk.Permanent, "it has %d bytes; the limit is %d", len(document), secret.MaxOutputs)
	case h.driver.secrets.In(document):
		return sdk.Errorf(sdk.Permanent, "it holds a secret, which is never written down; keep a hash of it instead")
	default:
		return nil
	}
}
