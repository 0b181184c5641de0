package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// host is what an action sees of the driver. It is safe for concurrent use, and what
// it is told goes out masked.
type host struct {
	driver *driver
	op     event.Op

	mu  sync.Mutex
	log io.WriteCloser // made at the first line
}

var _ sdk.Host = (*host)(nil)

// Progress passes on how far the action is. It is not journaled: nothing follows
// from it.
func (h *host) Progress(p sdk.Progress) {
	if h.driver.process.Watch != nil {
		p.Message = h.driver.masker.Text(p.Message)
		h.driver.process.Watch.Progress(h.op.Step, p)
	}
}

// Output keeps a line in the step's log, and passes it on.
func (h *host) Output(stream string, line []byte) {
	text := h.driver.masker.Text(string(line))
	h.keep(stream, text)
	if h.driver.process.Watch != nil {
		h.driver.process.Watch.Output(h.op.Step, stream, text)
	}
}

func (h *host) keep(stream, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.log == nil {
		name := h.op.Step
		if h.op.Part != event.Do {
			name += "." + string(h.op.Part)
		}
		h.log = h.driver.folder.Output(name)
	}
	var line bytes.Buffer
	now := h.driver.process.Now().UTC()
	fmt.Fprintf(&line, "%s %d %s %s\n", now.Format("2006-01-02T15:04:05.000Z"), h.op.Attempt, stream, text)
	// A log that cannot be written is no reason to break off a change: the journal,
	// on the same disk, will say so.
	_, _ = h.log.Write(line.Bytes())
}

func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.log != nil {
		_ = h.log.Close()
		h.log = nil
	}
}

// Before returns when the state is on the disk.
func (h *host) Before(ctx context.Context, state json.RawMessage) error {
	if err := whole(state); err != nil {
		return fmt.Errorf("state before the change: %w", err)
	}
	saved := make(chan error, 1)
	op := h.op
	h.driver.send(message{fact: event.Event{Type: event.AttemptSaved, Op: &op, Data: state}, saved: saved})
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Note keeps a fact in the journal. It does not wait: what it is for is the death of
// this process, which a write to the kernel outlives.
func (h *host) Note(name string, fact json.RawMessage) error {
	if err := whole(fact); err != nil {
		return fmt.Errorf("note %s: %w", name, err)
	}
	op := h.op
	h.driver.send(message{fact: event.Event{Type: event.AttemptNoted, Op: &op, Name: name, Data: fact}})
	return nil
}

// whole makes sure that an action's bytes fit into a line of the journal.
func whole(document json.RawMessage) error {
	if !json.Valid(document) {
		return errors.New("it is not JSON")
	}
	if len(document) > maxOutputs {
		return fmt.Errorf("it has %d bytes; the limit is %d", len(document), maxOutputs)
	}
	return nil
}
