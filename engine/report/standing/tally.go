package standing

import (
	"strconv"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Tally counts the steps by how they ended.
func (s *Status) Tally() string {
	text := layout.Plural(len(s.Steps), "step")
	separator := ": "
	count := func(n int, word string) {
		if n > 0 {
			text += separator + strconv.Itoa(n) + " " + word
			separator = ", "
		}
	}
	for _, status := range tallied() {
		n := s.Counts[status]
		if status == event.Failed {
			stopped := s.stopped()
			count(n-stopped, layout.Word(status))
			count(stopped, "stopped")
			continue
		}
		count(n, layout.Word(status))
	}
	return text
}

// stopped counts the steps that failed only because the run ends.
func (s *Status) stopped() int {
	n := 0
	for _, step := range s.Steps {
		if step.Status == event.Failed && step.Failure != nil && step.Failure.Class == sdk.Cancelled {
			n++
		}
	}
	return n
}

// tallied is the order in which states are counted out.
func tallied() []event.Status {
	return []event.Status{
		event.Failed, event.LeftOver, event.Succeeded, event.Undone, event.Skipped,
		event.Running, event.Verifying, event.Waiting, event.Asking, event.Undoing, event.NotRun, event.Pending,
	}
}
