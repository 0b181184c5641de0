package live

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// FrameTime is how long a frame stands at least.
const FrameTime = 100 * time.Millisecond

// Options is what a [Terminal] needs to know of the place that it draws on.
type Options struct {
	Status *standing.Status // the run's before its first event
	Style  layout.Style
	Now    func() time.Time
	// Size returns the columns and rows there are now; 0 where it cannot be told.
	Size func() (columns, rows int)
	// Asks says that somebody puts questions here, so that the view need not say how
	// else they are answered.
	Asks bool
}

// Terminal draws what goes on in a region at the bottom, anew in place a few times a
// second; what has ended moves up out of it as lines that stay.
type Terminal struct {
	Options
	out io.Writer

	mu     sync.Mutex
	said   []string // lines that are to stay and are not written yet
	drawn  []int    // the width of each line of the region on the screen
	shown  string   // the region on the screen
	paused bool     // somebody else has the screen
	err    error

	stop chan struct{} // closed by Close
	done chan struct{} // closed by the goroutine that draws
}

// NewTerminal returns a view that draws on a terminal, from now on until Close.
func NewTerminal(w io.Writer, o Options) *Terminal {
	v := &Terminal{Options: o, out: w, stop: make(chan struct{}), done: make(chan struct{})}
	go v.loop()
	return v
}

func (v *Terminal) loop() {
	defer close(v.done)
	ticker := time.NewTicker(FrameTime)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			v.mu.Lock()
			v.draw()
			v.mu.Unlock()
		case <-v.stop:
			return
		}
	}
}

// Event takes an event in, for the next frame.
func (v *Terminal) Event(e event.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Status.Apply(e)
	if text := v.permanent(e); text != "" {
		v.said = append(v.said, text)
	}
}

// Output takes in the line that a step printed, for the next frame.
func (v *Terminal) Output(step, stream, line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if line != "" {
		v.Status.Output(step, named(stream, line))
	}
}

// Progress takes in how far a step is, for the next frame.
func (v *Terminal) Progress(step string, p sdk.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Status.Progress(step, p)
}

// Say writes a line that stays, above the region.
func (v *Terminal) Say(line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.said = append(v.said, line)
}

// Suspend takes the region off the screen, so that somebody else can write there and
// read what a person types, until [Terminal.Resume].
func (v *Terminal) Suspend() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
	v.paused = true
}

// Resume draws the region again.
func (v *Terminal) Resume() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.paused = false
	v.draw()
}

// Close writes what is to stay, takes the region off the screen and returns the first
// error of writing.
func (v *Terminal) Close() error {
	close(v.stop)
	<-v.done
	v.mu.Lock()
	defer v.mu.Unlock()
	v.paused = false
	v.clear()
	return v.err
}

// permanent is the line that an event leaves behind; empty: none. What goes on is in
// the region already, and what did not run is in the summary.
func (v *Terminal) permanent(e event.Event) string {
	switch e.Type {
	case event.AskOpened:
		if v.Asks {
			return ""
		}
		return telling(v.Status, e, v.Style)
	case event.ConditionMet, event.AttemptStarted, event.RunFinished:
		return ""
	case event.StepDecided:
		if v.isOneOfMany(e) {
			return ""
		}
		return telling(v.Status, e, v.Style)
	default:
		return telling(v.Status, e, v.Style)
	}
}

// manyInstances is from how many of them on those that succeed leave no line behind: the
// line of their step counts them.
const manyInstances = 20

// isOneOfMany reports whether an event tells that one of many instances went well.
func (v *Terminal) isOneOfMany(e event.Event) bool {
	one, known := v.Status.Step(e.Op.Step)
	if !known || one.Many() == nil || e.Status != event.Succeeded && e.Status != event.Skipped {
		return false
	}
	return len(one.Many().Instances()) >= manyInstances
}

// The few words of ANSI that every terminal knows. A terminal that knows synchronised
// updates shows a frame at once; the others pass over it.
const (
	beginUpdate = "\x1b[?2026h"
	endUpdate   = "\x1b[?2026l"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
)

// draw writes the lines that are to stay and, below them, the region, in one write and
// only where something differs from what is on the screen.
func (v *Terminal) draw() {
	if v.paused {
		return
	}
	columns, rows := v.size()
	region := v.frame(columns, rows)
	text := strings.Join(region, "\n")
	if text == v.shown && len(v.said) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString(beginUpdate)
	b.WriteString(v.home(columns))
	v.writeSaid(&b)
	for _, line := range region {
		b.WriteString(clearLine + line + "\n")
	}
	b.WriteString(clearBelow + endUpdate)
	v.drawn = v.drawn[:0]
	for _, line := range region {
		v.drawn = append(v.drawn, layout.Width(layout.Line(line)))
	}
	v.shown = text
	v.write(b.String())
}

// clear takes the region off the screen and writes the lines that are to stay.
func (v *Terminal) clear() {
	columns, _ := v.size()
	var b strings.Builder
	b.WriteString(v.home(columns) + clearBelow)
	v.writeSaid(&b)
	v.drawn, v.shown = v.drawn[:0], ""
	v.write(b.String())
}

// writeSaid writes the lines that are to stay over the region, which is cleared as a
// whole: a long line may take several of its rows.
func (v *Terminal) writeSaid(b *strings.Builder) {
	if len(v.said) == 0 {
		return
	}
	b.WriteString(clearBelow + strings.Join(v.said, "\n") + "\n")
	v.said = nil
}

// home moves the cursor to where the region begins. A terminal that was made narrower
// since has broken the region's lines, and they take more rows now.
func (v *Terminal) home(columns int) string {
	up := 0
	for _, width := range v.drawn {
		up += max(1, (width+columns-1)/columns)
	}
	if up == 0 {
		return "\r"
	}
	return "\r\x1b[" + strconv.Itoa(up) + "A"
}

// size is that of the terminal, or the usual one where it cannot be told.
func (v *Terminal) size() (columns, rows int) {
	columns, rows = v.Size()
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	return columns, rows
}

func (v *Terminal) write(text string) {
	if v.err == nil {
		_, v.err = io.WriteString(v.out, text)
	}
}
