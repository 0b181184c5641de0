// Package agreed tells what of a plan people have agreed to that a step can hold against how things are by
// the time that it begins. It leaves out who agreed. Floor 6.
package agreed

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Seen is what a previewed plan was made from of what its first changes look at, by the step, as
// they can hold against it what somebody else changes before they begin; nil: nothing.
//
// It is of a step only where no other may have changed something on its target before it: the
// world behind a change is another one than the plan saw. What takes a step back changes
// something too. Of what holds a secret nothing is told, as no version does any more that is masked.
func Seen(p *plan.Plan) map[string][]sdk.Seen {
	if p.Offline {
		return nil
	}
	all := map[string][]sdk.Seen{}
	w := worlds{plan: p}
	for _, s := range p.Steps {
		if !leavesAWorld(s) {
			continue
		}
		first := w.isFirst(s)
		w.change(s)
		if !first || s.CleansUp() {
			continue
		}
		if one := beginning(s); one != nil && w.allElseIsBehind(s) {
			if seen := unmasked(one.Preview.Observed); len(seen) > 0 {
				all[one.ID] = seen
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// leavesAWorld reports whether the world may be another one behind a step: its action changes
// something, and does not say that it leaves nothing behind.
func leavesAWorld(s *plan.Step) bool {
	return s.Changes() && !s.Skipped() && s.Describe.NothingToUndo == ""
}

// beginning is what a step begins with: itself, or, where it is done for many, the first of them,
// if that is done alone; nil: it begins with several, or nobody knows of what, or what it would do.
func beginning(s *plan.Step) *plan.Step {
	if manyOutside(s) {
		return nil
	}
	if s.Loop != nil {
		if len(s.Loop.Instances) == 0 || s.Loop.AtOnce(s.Loop.Batches[0]) > 1 {
			return nil
		}
		s = s.Loop.Instances[0]
	}
	if s.Preview == nil || s.Skipped() {
		return nil
	}
	return s
}

// manyOutside reports whether a step is of a runbook that is taken in for each of many.
func manyOutside(s *plan.Step) bool {
	for outer := s.Outer(); outer != nil; outer = outer.Outer() {
		if outer.Loop != nil {
			return true
		}
	}
	return false
}

// unmasked are those of what was seen that hold no secret.
func unmasked(observed []sdk.Seen) []sdk.Seen {
	return slices.DeleteFunc(slices.Clone(observed), func(s sdk.Seen) bool {
		return slices.ContainsFunc([]string{s.Kind, s.Name, s.Version, s.ID}, func(text string) bool {
			return strings.Contains(text, value.Mask)
		})
	})
}

// worlds are the targets of a plan, as far as its steps have changed them.
type worlds struct {
	plan    *plan.Plan
	changed []*plan.Connection // over which something was changed, each once; nil among them: by an action that is built in
}

// isFirst reports whether nothing was changed before a step that it acts on.
func (w *worlds) isFirst(s *plan.Step) bool {
	return !slices.ContainsFunc(w.changed, func(over *plan.Connection) bool { return w.share(over, s.Connection) })
}

// change takes in what a step changes, and what takes it back.
func (w *worlds) change(s *plan.Step) {
	for _, over := range touched(s) {
		if !slices.Contains(w.changed, over) {
			w.changed = append(w.changed, over)
		}
	}
}

// touched is over which connections a step changes something.
func touched(s *plan.Step) []*plan.Connection {
	over := []*plan.Connection{s.Connection}
	if s.Rollback != nil && s.Rollback.Use != nil {
		over = append(over, s.Rollback.Use.Connection)
	}
	return over
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

// allElseIsBehind reports whether every other step that changes something on a step's target
// begins after it. One beside it could come first.
func (w *worlds) allElseIsBehind(s *plan.Step) bool {
	behind, order := make([]bool, len(w.plan.Steps)), w.plan.Order()
	for i, other := range w.plan.Steps[s.Index+1:] {
		i += s.Index + 1
		behind[i] = other.Finally || slices.ContainsFunc(order[i], func(e plan.Edge) bool { return e.From == s.Index || behind[e.From] })
		if !behind[i] && leavesAWorld(other) && slices.ContainsFunc(touched(other), func(over *plan.Connection) bool { return w.share(over, s.Connection) }) {
			return false
		}
	}
	return true
}
