package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

const (
	// silence is after how long of it a step is told to be at work still.
	silence = time.Minute
	// mostNamed is how many of the steps are named that wait.
	mostNamed = 5
)

// heard is what the view knows of a step at work.
type heard struct {
	status event.Status
	since  time.Time // when it came into that, in this view
	told   time.Time // when something was last written of it
}

// hear notes what a step is at, and whether something was told of it, if it is at work.
func (v *Lines) hear(id string, told bool) {
	step, ok := v.status.Step(id)
	if !ok {
		return
	}
	switch step.Status {
	case event.Running, event.Verifying, event.Undoing, event.Waiting:
	default:
		delete(v.heard, id) // it has ended, or waits for people
		return
	}
	now, last := v.now(), v.heard[id]
	if last.status != step.Status {
		last = heard{status: step.Status, since: now, told: last.told}
	}
	if told || last.told.IsZero() {
		last.told = now
	}
	v.heard[id] = last
}

// loop tells of steps of which nothing was heard for long, until Close.
func (v *Lines) loop() {
	defer close(v.done)
	ticker := time.NewTicker(silence / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			v.breakSilence()
		case <-v.stop:
			return
		}
	}
}

// breakSilence says what each step is at of which nothing was heard for long. Those that
// wait at their gates are told of together, and so are many instances of one step: a fleet
// behind one window is one line.
func (v *Lines) breakSilence() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	var waits []string
	many := map[string][]string{} // the instances at work, by their step
	due := false
	for _, id := range slices.Sorted(maps.Keys(v.heard)) {
		last := v.heard[id]
		long := now.Sub(last.told) >= silence
		switch {
		case last.status == event.Waiting:
			waits, due = append(waits, id), due || long
		case long && v.of(id) != "":
			many[v.of(id)] = append(many[v.of(id)], id)
		case long:
			v.still(now, "at work", id)
		}
	}
	for _, of := range slices.Sorted(maps.Keys(many)) {
		ids := many[of]
		if len(ids) > mostNamed {
			v.still(now, "at work", ids...)
			continue
		}
		for _, id := range ids {
			v.still(now, "at work", id)
		}
	}
	if due {
		v.still(now, "waiting", waits...)
	}
}

// of is the step that an instance belongs to; empty: it is none.
func (v *Lines) of(id string) string {
	step, ok := v.status.Step(id)
	if !ok {
		return ""
	}
	if many := step.Many(); many != nil {
		return many.ID
	}
	return ""
}

// still says that the steps are still at what they were at.
func (v *Lines) still(now time.Time, at string, ids ...string) {
	for _, id := range ids {
		last := v.heard[id]
		last.told = now
		v.heard[id] = last
	}
	who, text := ids[0], "still "+at
	if len(ids) > 1 {
		named := ids[:min(mostNamed, len(ids))]
		who, text = fmt.Sprintf("%d steps", len(ids)), text+": "+strings.Join(named, ", ")
		if rest := len(ids) - len(named); rest > 0 {
			text += fmt.Sprintf(" and %d more", rest)
		}
	} else if step, ok := v.status.Step(who); ok {
		text += v.long(now, step)
	}
	v.write(v.style.Dim(layout.Clock(now)+"  ") + v.style.Dim(who+" … ") + text)
}

// long says since when a step is at what it is at, and what that is.
func (v *Lines) long(now time.Time, step *standing.Step) string {
	text := " after " + layout.Elapsed(now.Sub(v.heard[step.ID].since).Round(time.Second))
	if doing := step.Doing(now); doing != "" {
		text += ": " + doing
	}
	return text
}
