package report

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// row is a line of a table of steps: a step, or what there is to say of instances of one
// that have no line of their own.
type row struct {
	step   *standing.Step
	folded string
}

const (
	// fewInstances are shown one by one, however they stand; of more, only those that a
	// person should look at, and of these no more than mostInstances.
	fewInstances  = 10
	mostInstances = 20
	// widestName is for how wide a name the columns behind it make room.
	widestName = 44
)

// name is what stands in the first column: instances, and what is taken in, stand below their step.
func (r row) name() string {
	if r.step == nil {
		return r.folded
	}
	return strings.Repeat("  ", r.step.Depth()) + r.step.ID
}

// rowsOf are the lines of a table of steps, in which instances stand behind their step; all
// has it leave none of them out.
func rowsOf(steps []*standing.Step, all bool) []row {
	rows := make([]row, 0, len(steps))
	for len(steps) > 0 {
		end := 1
		for end < len(steps) && steps[end].Many() != nil {
			end++
		}
		rows = append(rows, row{step: steps[0]})
		rows = append(rows, instanceRows(steps[1:end], all)...)
		steps = steps[end:]
	}
	return rows
}

func instanceRows(many []*standing.Step, all bool) []row {
	shown, rest := many, []*standing.Step(nil)
	if !all && len(many) > fewInstances {
		shown, rest = toLookAt(many)
	}
	rows := make([]row, 0, len(shown)+1)
	for _, one := range shown {
		rows = append(rows, row{step: one})
	}
	if len(rest) > 0 {
		rows = append(rows, row{folded: "… " + standing.Words(rest)})
	}
	return rows
}

// toLookAt parts those of many instances that a person should look at, or that are at work,
// from the rest. Both stay in their order.
func toLookAt(many []*standing.Step) (shown, rest []*standing.Step) {
	byUrgency := slices.Clone(many)
	slices.SortStableFunc(byUrgency, func(a, b *standing.Step) int { return urgency(a.Shown()) - urgency(b.Shown()) })
	chosen := map[*standing.Step]bool{}
	for _, one := range byUrgency[:min(mostInstances, len(byUrgency))] {
		chosen[one] = urgency(one.Shown()) < ofNoUrgency
	}
	for _, one := range many {
		if chosen[one] {
			shown = append(shown, one)
		} else {
			rest = append(rest, one)
		}
	}
	return shown, rest
}

// ofNoUrgency is the urgency of what goes as it should.
const ofNoUrgency = 3

// urgency puts what needs a person first, then what failed, then what is at work.
func urgency(status event.Status) int {
	switch status {
	case event.LeftOver, event.LostTrack, event.Asking:
		return 0
	case event.Failed:
		return 1
	case event.Waiting, event.Running, event.Resting, event.Verifying, event.Undoing:
		return 2
	case event.Pending, event.Succeeded, event.Skipped, event.NotRun, event.Undone:
		return ofNoUrgency
	default:
		return ofNoUrgency
	}
}

// some are the first of many lines about steps, and how many are left out.
func some(lines []string) (told []string, more string) {
	if len(lines) <= mostInstances {
		return lines, ""
	}
	return lines[:mostInstances], "… and " + layout.Plural(len(lines)-mostInstances, "more step")
}
