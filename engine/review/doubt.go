package review

import (
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
)

// doubts are the steps that may not be done though what waits for them is at work.
type doubts struct {
	*reach
	inside map[*plan.Step]set // by the runbook that is looked from, as the step that takes it in
}

// seenFrom returns them as they are seen from the steps of the runbook that a step takes in; nil:
// from the run's own. Where one of these is at work, whatever it is in was not skipped and has not
// failed.
func (d *doubts) seenFrom(outer *plan.Step) set {
	known, ok := d.inside[outer]
	if ok {
		return known
	}
	known = d.none()
	for k, s := range d.counted {
		if d.isDoubted(s, outer) {
			known.add(k)
		}
	}
	d.inside[outer] = known
	return known
}

// isDoubted reports whether a step, or something around it that is not around what is looked from,
// may have done nothing.
func (d *doubts) isDoubted(s, from *plan.Step) bool {
	for ; s != nil && !isAround(s, from); s = s.Outer() {
		if mayStayAway(s) {
			return true
		}
	}
	return false
}

// isAround reports whether a step is another, or takes it in, or what takes it in.
func isAround(s, other *plan.Step) bool {
	for ; other != nil; other = other.Outer() {
		if s == other {
			return true
		}
	}
	return false
}

// mayStayAway reports whether a step may have done nothing where what waits for it is at work: its
// when may skip it, or it may have failed before it did anything, and the run gone on.
func mayStayAway(s *plan.Step) bool {
	switch {
	case s.OnFailure == plan.Continue, maySkip(s.When):
		return true
	case s.Loop == nil:
		return false
	}
	sure := 0
	for _, one := range s.Loop.Instances {
		if !maySkip(one.When) {
			sure++
		}
	}
	return sure <= s.Loop.Allowed(len(s.Loop.Instances))
}

// maySkip reports whether a when may turn out false.
func maySkip(when *plan.Condition) bool {
	return when != nil && when.State.Truth != expr.True.String()
}

// doneBefore returns the step of which all may be done by the time that another fails, though it
// waits for that one: the outermost around it that is done for many, as an instance before may have
// come to its end, or itself, where it fails when all in it is done. nil: there is none.
func doneBefore(failed *plan.Step) (found *plan.Step) {
	if failed.Runbook != nil && len(failed.Verify) > 0 {
		found = failed
	}
	for s := failed; s != nil; s = s.Outer() {
		if s.Loop != nil && (!s.Loop.Known() || len(s.Loop.Instances) > 1 || s == failed && len(s.Loop.Between) > 0) {
			found = s
		}
	}
	return found
}
