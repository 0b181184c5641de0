package live

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// The types of the lines that are no events of the journal.
const (
	TypeOutput   event.Type = "output"   // a line that a step printed: Stream, Line
	TypeProgress event.Type = "progress" // how far a step is: Progress
)

// Told is a line of [JSON] that is no event of the journal.
type Told struct {
	Type     event.Type    `json:"type" enum:"output,progress"`
	Time     time.Time     `json:"time"`
	Op       event.Op      `json:"op"`
	Stream   string        `json:"stream,omitempty" doc:"Where the line came from."`
	Line     string        `json:"line,omitempty" doc:"What the step printed."`
	Progress *sdk.Progress `json:"progress,omitempty" doc:"How far the step is."`
}

// JSON writes each event as a line of JSON, as it is in the journal, and what steps
// print between them.
type JSON struct {
	now func() time.Time

	mu  sync.Mutex
	out *json.Encoder
	err error
}

// NewJSON returns a view that writes JSON lines.
func NewJSON(w io.Writer, now func() time.Time) *JSON {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return &JSON{now: now, out: out}
}

// Event writes the event.
func (v *JSON) Event(e event.Event) { v.write(e) }

// Output writes the line that a step printed.
func (v *JSON) Output(step, stream, line string) {
	v.write(Told{Type: TypeOutput, Time: v.now(), Op: event.Op{Step: step, Part: event.Do}, Stream: stream, Line: line})
}

// Progress writes how far a step is.
func (v *JSON) Progress(step string, p sdk.Progress) {
	v.write(Told{Type: TypeProgress, Time: v.now(), Op: event.Op{Step: step, Part: event.Do}, Progress: &p})
}

// Close returns the first error of writing. What was at the other end has gone then,
// which is no reason to stop a run.
func (v *JSON) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

func (v *JSON) write(line any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err == nil {
		v.err = v.out.Encode(line)
	}
}
