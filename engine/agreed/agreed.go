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

// Seen is what a previewed plan was made from of what a step looks at, by the step, as it can hold
// against it what somebody else changes before it begins; nil: nothing.
//
// It is told of a thing only where no other step may have changed that before: a thing behind a change
// is another one than the plan saw. An action that marks what it changes ([sdk.Seen.Changes]) changes
// nothing else, and any other may change whatever is on its target. What takes a step back changes
// something too. Of what holds a secret nothing is told, as no version does any more that is masked.
func Seen(p *plan.Plan) map[string][]sdk.Seen {
	if p.Offline {
		return nil
	}
	w := survey(p)
	all := map[string][]sdk.Seen{}
	for _, s := range p.Steps {
		if !leavesAWorld(s) || s.CleansUp() || manyOutside(s) {
			continue
		}
		for _, one := range s.Each() {
			if one.Preview == nil || one.Loop != nil || one.Skipped() {
				continue
			}
			if seen := w.untouched(one); len(seen) > 0 {
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
	return s.Changes() && !s.Skipped() && (s.Describe.NothingToUndo == "" || slices.ContainsFunc(s.Each(), marks))
}

// marks reports whether the plan of a step says what it changes.
func marks(s *plan.Step) bool {
	return s.Preview != nil && slices.ContainsFunc(s.Preview.Observed, func(seen sdk.Seen) bool { return seen.Changes })
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

// holdsSecret reports whether something that was seen is masked.
func holdsSecret(s sdk.Seen) bool {
	return slices.ContainsFunc([]string{s.Kind, s.Name, s.Version, s.ID}, func(text string) bool {
		return strings.Contains(text, value.Mask)
	})
}
