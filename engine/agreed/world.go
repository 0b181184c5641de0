package agreed

import (
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// worlds are the targets of a plan, and which steps change what on them.
type worlds struct {
	plan   *plan.Plan
	all    map[*plan.Connection][]touch // by steps that may change whatever is there, in the order of the plan; nil: by an action that is built in
	of     map[thing][]touch            // by steps that say what they change
	behind followers                    // of the step that was asked about last
	left   int                          // how many more steps may be looked at for that
}

// touch is that a step, or an instance of one, changes something.
type touch struct {
	step *plan.Step
	over *plan.Connection
}

// thing tells what is changed, by its name or its ID, on whatever target.
type thing struct{ kind, name, id string }

// followers are the steps that begin behind one.
type followers struct {
	of int
	is []bool
}

// mostLooked bounds how many steps are looked at in all for the question which of them follow on
// which: beyond that nothing is told. A plan of a thousand steps has as many questions at most, one
// of ten thousand a tenth of that, which come up only where several steps change one thing.
const mostLooked = 10_000_000

// survey finds what the steps of a plan change.
func survey(p *plan.Plan) *worlds {
	w := &worlds{plan: p, all: map[*plan.Connection][]touch{}, of: map[thing][]touch{}, behind: followers{of: -1}, left: mostLooked}
	for _, s := range p.Steps {
		if !leavesAWorld(s) {
			continue
		}
		for _, one := range s.Each() {
			w.change(one, one.Connection, one.Preview)
			if one.Rollback != nil && one.Rollback.Use != nil {
				w.change(one, one.Rollback.Use.Connection, one.Rollback.Use.Preview)
			}
		}
	}
	return w
}

// change takes in what a step changes, or what takes it back.
func (w *worlds) change(s *plan.Step, over *plan.Connection, preview *sdk.Preview) {
	t, told := touch{s, over}, false
	if preview != nil {
		for _, seen := range preview.Observed {
			if !seen.Changes {
				continue
			}
			told = true
			for _, key := range things(seen) {
				w.of[key] = append(w.of[key], t)
			}
		}
	}
	before := w.all[over]
	n := len(before)
	if !told && (n < 2 || before[n-2].step.Index != s.Index) { // of the instances of one step two are as good as all
		w.all[over] = append(before, t)
	}
}

// things are by what something is known that was seen.
func things(s sdk.Seen) []thing {
	if s.ID == "" {
		return []thing{{kind: s.Kind, name: s.Name}}
	}
	return []thing{{kind: s.Kind, name: s.Name}, {kind: s.Kind, id: s.ID}}
}

// untouched is what the plan saw for a step of things that no other changes before it.
func (w *worlds) untouched(s *plan.Step) []sdk.Seen {
	for over, by := range w.all {
		if w.share(over, s.Connection) && !w.comesFirst(s, by) {
			return nil
		}
	}
	var seen []sdk.Seen
	for _, one := range s.Preview.Observed {
		changed := slices.ContainsFunc(things(one), func(key thing) bool { return !w.comesFirst(s, w.on(s.Connection, w.of[key])) })
		if !changed && !holdsSecret(one) {
			one.Changes = false // nobody asks for it any more
			seen = append(seen, one)
		}
	}
	return seen
}

// on are those changes that may be made on the target of a connection.
func (w *worlds) on(target *plan.Connection, all []touch) []touch {
	if !slices.ContainsFunc(all, func(t touch) bool { return !w.share(t.over, target) }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(t touch) bool { return !w.share(t.over, target) })
}

// share reports whether what is done over one connection may be done to what the other reaches.
// They are only held apart where one plugin says that these are two. What an action may do that
// is built in nobody knows.
func (w *worlds) share(a, b *plan.Connection) bool {
	if a == nil || b == nil || a == b || a.Source != b.Source {
		return true
	}
	return !w.plan.Targets.Shown(a).IsOther(w.plan.Targets.Shown(b))
}

// comesFirst reports whether all changes by others, which are in the order of the plan, are made after
// a step: one beside it could come first.
func (w *worlds) comesFirst(s *plan.Step, by []touch) bool {
	for _, t := range by {
		switch {
		case t.step.ID == s.ID:
		case t.step.Index < s.Index:
			return false
		case t.step.Index == s.Index && !w.beginsAlone(s):
			return false
		case t.step.Index > s.Index && !w.follows(t.step, s):
			return false
		}
	}
	return true
}

// beginsAlone reports whether an instance is the first of its loop, and none is beside it.
func (w *worlds) beginsAlone(s *plan.Step) bool {
	l := w.plan.Steps[s.Index].Loop
	return l != nil && s.ID == l.Instances[0].ID && l.AtOnce(l.Batches[0]) == 1
}

// follows reports whether a step begins after another is done, as its `finally` does.
func (w *worlds) follows(s, on *plan.Step) bool {
	if w.behind.of != on.Index {
		if w.left -= len(w.plan.Steps) - on.Index; w.left < 0 {
			return false
		}
		w.behind = followers{of: on.Index, is: make([]bool, len(w.plan.Steps)-on.Index)}
		order := w.plan.Order()
		for i, other := range w.plan.Steps[on.Index+1:] {
			i++
			w.behind.is[i] = other.Finally || slices.ContainsFunc(order[on.Index+i], func(e plan.Edge) bool {
				return e.From == on.Index || e.From > on.Index && w.behind.is[e.From-on.Index]
			})
		}
	}
	return w.behind.is[s.Index-on.Index]
}
