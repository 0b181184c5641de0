package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Host is an [sdk.Host] that remembers what it was told. The zero Host is ready for
// use, and safe for concurrent use.
type Host struct {
	// OnBefore, where it is set, is called when the action saves its state before.
	OnBefore func()

	mu       sync.Mutex
	progress []sdk.Progress
	lines    []Line
	before   json.RawMessage
	notes    map[string]json.RawMessage
}

// Line is a line that an action passed on.
type Line struct{ Stream, Text string }

// Progress keeps p.
func (h *Host) Progress(p sdk.Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progress = append(h.progress, p)
}

// Output keeps the line.
func (h *Host) Output(stream string, line []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, Line{stream, string(line)})
}

// Before keeps the first state that it is given, as an engine does.
func (h *Host) Before(ctx context.Context, state json.RawMessage) error {
	if h.OnBefore != nil {
		h.OnBefore()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before == nil {
		h.before = slices.Clone(state)
	}
	return ctx.Err()
}

// Note keeps the fact.
func (h *Host) Note(name string, fact json.RawMessage) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.notes == nil {
		h.notes = map[string]json.RawMessage{}
	}
	h.notes[name] = slices.Clone(fact)
	return nil
}

// ProgressTold returns all progress so far.
func (h *Host) ProgressTold() []sdk.Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.progress)
}

// Lines returns all lines so far.
func (h *Host) Lines() []Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// StateBefore returns the state that was saved; nil: none.
func (h *Host) StateBefore() json.RawMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.before
}

// Notes returns all notes by name.
func (h *Host) Notes() map[string]json.RawMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.notes)
}

// text is everything that was told, to look for secrets in.
func (h *Host) text() string {
	return fmt.Sprintf("%+v\n%+v\n%s\n%s", h.ProgressTold(), h.Lines(), h.StateBefore(), notesText(h.Notes()))
}

func notesText(notes map[string]json.RawMessage) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		text += name + "=" + string(notes[name]) + "\n"
	}
	return text
}

var _ sdk.Host = (*Host)(nil)
