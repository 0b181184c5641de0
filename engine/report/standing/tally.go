package standing

import (
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Tally counts the steps by how they stand.
func (s *Status) Tally() string {
	counted := make([]*Step, 0, len(s.Steps))
	for _, step := range s.Steps {
		if step.isCounted() {
			counted = append(counted, step)
		}
	}
	text := layout.Plural(len(counted), "step")
	if words := Words(counted); words != "" {
		text += ": " + words
	}
	return text
}

// Words says how many of some steps stand how.
func Words(steps []*Step) string {
	counts := map[string]int{}
	for _, step := range steps {
		counts[step.Word()]++
	}
	var parts []string
	for _, word := range tallied() {
		if n := counts[word]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+word)
		}
	}
	return strings.Join(parts, ", ")
}

// Total is how many steps the run has. One that is done for many counts as often as it is
// done, once that is known, and not besides.
func (s *Status) Total() int {
	total := 0
	for _, n := range s.Counts {
		total += n
	}
	return total
}

// tallied is the order in which states are counted out.
func tallied() []string {
	var words []string
	for _, status := range []event.Status{
		event.Failed, event.LeftOver, event.Succeeded, event.Undone, event.Skipped,
		event.LostTrack, event.Running, event.Resting, event.Verifying, event.Waiting, event.Asking, event.Undoing, event.NotRun, event.Pending,
	} {
		words = append(words, layout.Word(status))
		if status == event.Failed {
			words = append(words, stoppedWord)
		}
	}
	return words
}

// stoppedWord is the state of a step that failed only because the run ends.
const stoppedWord = "stopped"

// Word is the name of the step's state for people.
func (s *Step) Word() string {
	if s.Status == event.Failed && s.Failure != nil && s.Failure.Class == sdk.Cancelled {
		return stoppedWord
	}
	return layout.Word(s.Shown())
}

// Shown is the state to show: a question that is open while the run is paused is put
// again when it goes on, and so is more than a step that has not started, or that rests; and of
// one that is done for many, that it is taken back is more than that it had succeeded.
func (s *Step) Shown() event.Status {
	if (s.Status == event.Pending || s.Status == event.Resting) && s.Ask != nil {
		return event.Asking
	}
	if s.Status == event.Succeeded && s.Loop != nil { // which is not taken back itself: its instances are
		for _, back := range []event.Status{event.LeftOver, event.Undoing, event.Undone} {
			if s.Loop.Counts[back] > 0 {
				return back
			}
		}
	}
	return s.Status
}
