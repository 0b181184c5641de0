package limit

import (
	"iter"
	"maps"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Tally counts what a run has begun. Each of its methods costs what it is about, and not what
// was counted before. It is not safe for concurrent use.
type Tally struct {
	foreseen event.Foreseen
	begun    map[string]sdk.Effect // by step
	kept     map[string]bool       // of these, those that have room and have not begun
	things   map[int]int           // of each thing, how many steps touch it
	others   int                   // things of steps that could not tell what they touch
	costs    map[string]sdk.Cost   // of each step that says it
	used     Used                  // but for its targets
}

// NewTally returns a tally of nothing. What is foreseen may be nil.
func NewTally(foreseen *event.Foreseen) *Tally {
	t := &Tally{begun: map[string]sdk.Effect{}, kept: map[string]bool{}, things: map[int]int{}, costs: map[string]sdk.Cost{}, used: Used{Cost: sdk.Cost{}}}
	if foreseen != nil {
		t.foreseen = *foreseen
	}
	return t
}

// Clone returns a tally that has counted the same, and goes on by itself.
func (t *Tally) Clone() *Tally {
	own := *t
	own.begun, own.kept, own.things, own.costs = maps.Clone(t.begun), maps.Clone(t.kept), maps.Clone(t.things), maps.Clone(t.costs)
	own.used.Cost = maps.Clone(t.used.Cost)
	return &own
}

// Begin counts a step, or an instance of one, that begins. One that has begun before is not
// counted again.
func (t *Tally) Begin(step string, effect sdk.Effect) {
	t.Keep(step, effect)
	delete(t.kept, step)
}

// Keep has room for a step that has not begun, so that no other takes it.
func (t *Tally) Keep(step string, effect sdk.Effect) {
	if _, already := t.begun[step]; already {
		return
	}
	t.begun[step], t.kept[step] = effect, true
	t.add(step, effect, 1)
	t.setCost(step, t.foreseen.Cost[step])
}

// Reserve has room for all of some steps that have not begun, or for none of them: then it returns
// the limit that they would go over. The zero Line: there is room. Time is not looked at.
func (t *Tally) Reserve(l *event.Limits, steps iter.Seq2[string, sdk.Effect]) Line {
	var reserved []string
	for step, effect := range steps {
		if _, already := t.begun[step]; !already && effect != sdk.Read {
			t.Keep(step, effect)
			reserved = append(reserved, step)
		}
	}
	for _, line := range Lines(l, t.Used()) {
		if line.IsOver() && len(reserved) > 0 {
			for _, step := range reserved {
				t.Forget(step)
			}
			return line
		}
	}
	return Line{}
}

// Forget has no room any more for a step that has not begun. One that has begun stays counted.
func (t *Tally) Forget(step string) {
	if !t.kept[step] {
		return
	}
	t.add(step, t.begun[step], -1)
	t.setCost(step, nil)
	delete(t.begun, step)
	delete(t.kept, step)
	delete(t.costs, step)
}

// add counts a step, or takes it away.
func (t *Tally) add(step string, effect sdk.Effect, n int) {
	if effect == sdk.Read {
		return
	}
	t.used.Changes += n
	if effect == sdk.Destroy {
		t.used.Destroys += n
	}
	touched, told := t.foreseen.Targets[step]
	if !told {
		t.others += n
	}
	for _, thing := range touched {
		if t.things[thing] += n; t.things[thing] == 0 {
			delete(t.things, thing)
		}
	}
}

// Spend notes what a step has cost, in place of what was foreseen of it. A unit that it does not
// name stays as it was.
func (t *Tally) Spend(step string, cost sdk.Cost) {
	is := maps.Clone(t.costs[step])
	if is == nil {
		is = sdk.Cost{}
	}
	maps.Copy(is, cost)
	t.setCost(step, is)
}

// setCost counts what a step costs in place of what it did.
func (t *Tally) setCost(step string, cost sdk.Cost) {
	for unit, was := range t.costs[step] {
		t.used.Cost[unit] = rounded(t.used.Cost[unit] - was)
	}
	for unit, is := range cost {
		t.used.Cost[unit] = rounded(t.used.Cost[unit] + is)
	}
	t.costs[step] = cost
}

// Used is what was counted.
func (t *Tally) Used() Used {
	used := t.used
	used.Targets, used.Cost = len(t.things)+t.others, maps.Clone(used.Cost)
	return used
}

// Refuses returns the limit by which a step may not begin, or be tried once more, so long after
// the beginning of the run; the zero Line: it may. A step that only reads always may.
func (t *Tally) Refuses(l *event.Limits, step string, effect sdk.Effect, elapsed time.Duration) Line {
	if l == nil || effect == sdk.Read {
		return Line{}
	}
	_, counted := t.begun[step]
	if !counted {
		t.Keep(step, effect)
		defer t.Forget(step)
	}
	used := t.used
	used.Targets, used.Elapsed = len(t.things)+t.others, elapsed
	for _, line := range Lines(l, used) {
		once := line.Limit == Changes || line.Limit == Destroys || line.Limit == Targets
		if line.IsOver() && (!counted || !once) {
			return line
		}
	}
	return Line{}
}
