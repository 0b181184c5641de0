package live

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Lines writes a line for each change of a run, and the lines that steps print behind
// the step's name.
type Lines struct {
	style layout.Style
	now   func() time.Time

	mu     sync.Mutex
	out    io.Writer
	status *standing.Status
	told   map[string]progress
	heard  map[string]heard // of the steps at work
	err    error

	end  sync.Once
	stop chan struct{} // closed by Close
	done chan struct{} // closed by the goroutine that breaks the silence
}

// progress is what was written last of how far a step is, when, and how often
// something was.
type progress struct {
	message string
	at      time.Time
	times   int
}

const (
	// eachProgress is how often a step says at once how far it is: a count that runs up
	// must not drown the rest.
	eachProgress = 20
	// seldom is how far apart the lines after these are. There are always some: silence
	// is what a person takes for a hang.
	seldom = 10 * time.Second
)

// NewLines returns a view that writes lines. The status is the run's before its first
// event; the view keeps it up to date. It breaks the silence of long steps until Close,
// which must be called.
func NewLines(w io.Writer, status *standing.Status, style layout.Style, now func() time.Time) *Lines {
	v := &Lines{
		out: w, status: status, style: style, now: now, told: make(map[string]progress), heard: make(map[string]heard),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go v.loop()
	return v
}

// Event writes a line where the event is worth one.
func (v *Lines) Event(e event.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status.Apply(e)
	text := telling(v.status, e, v.style)
	if e.Op != nil {
		v.hear(e.Op.Step, text != "" || e.Type == event.StepDecided)
	}
	if text != "" {
		v.write(v.style.Dim(layout.Clock(e.Time)) + "  " + text)
	}
}

// Output writes the line that a step printed.
func (v *Lines) Output(step, stream, line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := layout.Line(named(stream, line))
	v.status.Output(step, text)
	v.hear(step, true)
	v.write(v.style.Dim(step+" | ") + text)
}

// named is a line behind the name of its stream, where that is one of the action's own, as
// the name of the task whose log is read. Of a program's two streams, and of what gatebook
// and actions say themselves, the line tells enough.
func named(stream, line string) string {
	switch stream {
	case "", "stdout", "stderr", "log", "gatebook":
		return line
	default:
		return stream + " | " + line
	}
}

// Progress writes how far a step is, where that is new: it may be all that is heard of
// the step for long.
func (v *Lines) Progress(step string, p sdk.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status.Progress(step, p)
	text, last, now := layout.Line(p.Message), v.told[step], v.now()
	if text == "" || text == last.message || last.times >= eachProgress && now.Sub(last.at) < seldom {
		return
	}
	v.told[step] = progress{text, now, last.times + 1}
	v.hear(step, true)
	v.write(v.style.Dim(step+" … ") + text)
	if last.times+1 == eachProgress {
		v.write(v.style.Dim(fmt.Sprintf("%s … from here on, what is new is told every %s", step, seldom)))
	}
}

// Close ends the view and returns the first error of writing.
func (v *Lines) Close() error {
	v.end.Do(func() { close(v.stop) })
	<-v.done
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

func (v *Lines) write(line string) {
	if v.err == nil {
		_, v.err = fmt.Fprintln(v.out, line)
	}
}

// telling is an event as one line, empty where it is not worth one. The status has
// taken the event in already.
func telling(s *standing.Status, e event.Event, style layout.Style) string {
	said := s.Describe(e)
	if e.Type == event.AskOpened {
		return asking(s, e, style)
	}
	if said.Minor || toldElsewhere(s, e) {
		return ""
	}
	text := said.What
	if said.Step != "" {
		text = said.Step + " " + text
	}
	if said.By != "" && e.Type != event.RunStarted {
		text += " by " + layout.Line(said.By)
	}
	if said.Why != "" && e.Type != event.RunFinished { // the summary follows, which begins with it
		text += style.Dim(": ") + said.Why
	}
	if step := waiting(s, e); step != nil {
		text += style.Dim("; it is looked at again until " + layout.Until(step.Wait.Until, e.Time))
	}
	return style.Mark(said.Mark) + " " + text
}

// toldElsewhere reports whether another event says the same, or more.
func toldElsewhere(s *standing.Status, e event.Event) bool {
	switch e.Type {
	case event.StepDecided:
		return e.Status == event.Asking // the question follows
	case event.AttemptFinished:
		step, ok := s.Step(e.Op.Step)
		return ok && e.Op.Part == event.Do && step.Attempt >= step.Attempts // the step's failure follows
	case event.PauseAsked:
		return true // how the run goes on follows, with the reason
	case event.ModeChanged:
		return e.Mode == event.Paused || e.Mode == event.Closing && !s.HasFinally()
	default:
		return false
	}
}

func waiting(s *standing.Status, e event.Event) *standing.Step {
	if e.Type != event.ConditionMet {
		return nil
	}
	if step, ok := s.Step(e.Op.Step); ok && step.Wait != nil && !step.Wait.Until.IsZero() {
		return step
	}
	return nil
}

// asking puts a question with what to type to answer it.
func asking(s *standing.Status, e event.Event, style layout.Style) string {
	step, ok := s.Step(e.Op.Step)
	if !ok || step.Ask == nil {
		return ""
	}
	until := ""
	if !step.Ask.Until.IsZero() {
		until = " until " + step.Ask.Until.Format(time.DateTime)
	}
	return fmt.Sprintf("%s %s %s%s: %s", style.Mark(event.Asking), step.ID, step.Ask.Asks(), until, layout.Line(step.Ask.Message)) +
		style.Dim(" ("+s.Approve(step.ID)+", or reject)")
}
