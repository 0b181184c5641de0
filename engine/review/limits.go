package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Limited is one limit of a run, and what the plan makes of it.
type Limited struct {
	limit.Line
	Most  float64  `json:"most" doc:"How much it comes to at most, but for what is in until; used is what it comes to at least."`
	Until []string `json:"until,omitempty" doc:"The steps before which nobody can tell how much more it is."`
}

// IsEstimate reports whether it is only about as much: nobody knows how long a run takes.
func (l Limited) IsEstimate() bool { return l.Limit == limit.Duration }

// Limits counts a plan against its limits, with what its actions foresee: what surely begins,
// and what may. Finally is counted as everything is; what of it may be skipped counts as what
// surely begins where a change comes before it, as the run keeps room for it from that.
func Limits(p *plan.Plan, foreseen *event.Foreseen, takes Time) []Limited {
	least, kept, most := limit.NewTally(foreseen), limit.NewTally(foreseen), limit.NewTally(foreseen)
	keeps := false
	var open, changes []string // of which nobody knows how often they are done, and all others
	for s := range p.All() {
		many := openAround(s)
		switch {
		case s.Skipped(), many != nil && !s.Changes():
			continue
		case many != nil:
			open = append(open, untilOf(many)...)
			continue
		case s.Changes():
			changes = append(changes, s.ID)
		}
		most.Begin(s.ID, s.Effect)
		surely := !mayStayOut(s)
		if surely {
			least.Begin(s.ID, s.Effect)
		}
		if surely || s.CleansUp() {
			kept.Begin(s.ID, s.Effect)
		}
		keeps = keeps || surely && s.Changes() && !s.CleansUp()
	}
	if keeps {
		least = kept
	}
	atLeast, atMost := least.Used(), most.Used()
	atLeast.Elapsed, atMost.Elapsed = takes.Takes, takes.Takes
	upper := limit.Lines(p.Limits, atMost)
	var found []Limited
	for i, line := range limit.Lines(p.Limits, atLeast) {
		one := Limited{Line: line, Most: upper[i].Used, Until: distinct(open)}
		switch line.Limit {
		case limit.Cost:
			one.Until = distinct(open, without(changes, foreseen, line.Unit))
		case limit.Duration:
			one.Until = takes.Unknown
		case limit.Targets:
			if foreseen == nil { // two steps may touch one thing
				one.Used, one.Until = 0, distinct(open, changes)
			}
		case limit.Changes, limit.Destroys:
		}
		found = append(found, one)
	}
	return found
}

// openAround is the step that is done for many which are not known: the step itself, or one that
// takes it in; nil: none is.
func openAround(s *plan.Step) *plan.Step {
	for ; s != nil; s = s.Outer() {
		if isOpen(s) {
			return s
		}
	}
	return nil
}

// mayStayOut reports whether a step may be skipped, by itself or with one that takes it in.
func mayStayOut(s *plan.Step) bool {
	for ; s != nil; s = s.Outer() {
		if maySkip(s.When) {
			return true
		}
	}
	return false
}

// without are the steps that have not said what they cost in a unit.
func without(steps []string, foreseen *event.Foreseen, unit string) []string {
	return slices.DeleteFunc(slices.Clone(steps), func(id string) bool {
		if foreseen == nil {
			return false
		}
		_, told := foreseen.Cost[id][unit]
		return told
	})
}

// Over are the limits that a plan surely goes over, in words. How long it takes is an estimate,
// and refuses nothing.
func Over(p *plan.Plan, foreseen *event.Foreseen) []string {
	var over []string
	for _, l := range Limits(p, foreseen, Time{}) {
		if l.IsOver() {
			over = append(over, l.Words())
		}
	}
	return over
}

// untilOf names the steps behind which it is known what a step is done for; itself where no
// step says it.
func untilOf(s *plan.Step) []string {
	var steps []string
	for _, cause := range s.Loop.Over.Causes() {
		if cause.Step != "" {
			steps = append(steps, cause.Step)
		}
	}
	if len(steps) == 0 {
		return []string{s.ID}
	}
	return steps
}

// distinct names each step once.
func distinct(named ...[]string) []string {
	var once []string
	seen := map[string]bool{}
	for _, id := range slices.Concat(named...) {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once
}

// Foreseen is what the actions of a previewed plan said that its limits count; nil: these count
// nothing of that kind, or no action was asked.
func Foreseen(p *plan.Plan) *event.Foreseen {
	if p.Offline || !limit.Foresees(p.Limits) {
		return nil
	}
	type thing struct{ connection, kind, target string }
	numbers := map[thing]int{}
	said := &event.Foreseen{Targets: map[string][]int{}, Cost: map[string]sdk.Cost{}}
	for s := range p.All() {
		if s.Preview == nil || isOpen(s) {
			continue
		}
		if len(s.Preview.Changes) > 0 || s.Preview.NothingToDo() {
			touched := []int{}
			for _, change := range s.Preview.Changes {
				what := thing{s.On, cmp.Or(change.Kind, "thing"), change.Target}
				if _, known := numbers[what]; !known {
					numbers[what] = len(numbers)
				}
				touched = append(touched, numbers[what])
			}
			said.Targets[s.ID] = touched
		}
		for unit := range p.Limits.Cost {
			if amount, told := s.Preview.Cost[unit]; told {
				if said.Cost[s.ID] == nil {
					said.Cost[s.ID] = sdk.Cost{}
				}
				said.Cost[s.ID][unit] = amount
			}
		}
	}
	return said
}

// overLimits are the problems of a plan that goes over its limits.
func overLimits(limits []Limited) []Problem {
	found := []Problem{}
	for _, l := range limits {
		switch {
		case !l.IsOver():
		case l.IsEstimate():
			found = append(found, Problem{Kind: TooLong, Text: fmt.Sprintf("where all goes well it takes about %s, and begins no change after %s (%s)", layout.Elapsed(time.Duration(l.Used)), layout.Span(time.Duration(l.Max)), l.Limit)})
		default:
			found = append(found, Problem{Kind: OverLimit, Text: l.Words()})
		}
	}
	return found
}

// uncounted are the problems of limits on costs in units that no action names beforehand, where
// some name others: of a unit that is misspelt nothing is ever counted.
func uncounted(p *plan.Plan) []Problem {
	if p.Limits == nil || len(p.Limits.Cost) == 0 {
		return nil
	}
	units := map[string]bool{}
	for s := range p.All() {
		if s.Preview != nil {
			for unit := range s.Preview.Cost {
				units[unit] = true
			}
		}
	}
	var found []Problem
	named := slices.Sorted(maps.Keys(units))
	for _, unit := range slices.Sorted(maps.Keys(p.Limits.Cost)) {
		if len(units) == 0 || units[unit] {
			continue
		}
		found = append(found, Problem{Kind: Uncounted, Text: fmt.Sprintf("no action foresees a cost in %s, in which maxCost limits it; they do in %s", unit, layout.Names(named))})
	}
	return found
}
