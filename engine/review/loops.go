package review

import (
	"time"

	"github.com/gatebook/gatebook/engine/plan"
)

// problemsOfLoop finds the problems of a step that is done for many: what is so of several
// instances is said once, and of all of them as of the step.
func problemsOfLoop(s *plan.Step) []Problem {
	type what struct {
		kind           Kind
		text, at       string
		verify, looked bool
	}
	var found []Problem
	places, done := map[what]int{}, 0
	for _, one := range s.Each() {
		if one.Skipped() {
			continue
		}
		done++
		for _, p := range problemsOf(one) {
			is := what{kind: p.Kind, text: p.Text, verify: p.Verify, looked: p.Now}
			if p.Condition != nil {
				is.at = p.Condition.At
			}
			place, said := places[is]
			if said {
				found[place].Others++
				continue
			}
			places[is] = len(found)
			found = append(found, p)
		}
	}
	for i := range found {
		if found[i].Others+1 == done {
			found[i].Step, found[i].Others = s.ID, 0
		}
	}
	for _, c := range s.Loop.Between {
		if problem, is := problemOf(c); is {
			problem.Step, problem.Between = s.ID, true
			found = append(found, problem)
		}
	}
	return found
}

// lastingOfLoop estimates how long a step takes that is done for many: as long as one of them
// for each round of those that are under way at once, and the time in between.
func lastingOfLoop(p *plan.Plan, s *plan.Step, past map[string]Past) Lasting {
	l := lastingOfOne(s, past)
	if l.Basis != History {
		for _, one := range s.Each() {
			if of := lastingOfOne(one, nil); of.Takes > l.Takes {
				l = of
			}
		}
		l.Step = s.ID
		if inside := along(p, s, func(s *plan.Step) time.Duration { return lastingOf(p, s, past).Takes }); inside > 0 {
			l.Takes, l.Basis = sum(l.Takes, inside), Estimate
		}
	}
	if !s.Loop.Known() {
		return l
	}
	between := betweenBatches(s.Loop)
	l.Rounds = rounds(s.Loop)
	l.Takes, l.P95 = sum(times(l.Rounds, l.Takes), between), times(l.Rounds, l.P95)
	if l.P95 > 0 {
		l.P95 = sum(l.P95, between)
	}
	l.Waits = sum(times(l.Rounds, l.Waits), between)
	return l
}

// rounds is how often the instances of a loop are done one after another, those that are under
// way at once counted once.
func rounds(l *plan.Loop) (n int) {
	for _, size := range l.Batches {
		atOnce := l.AtOnce(size)
		n += (size + atOnce - 1) / atOnce
	}
	return n
}

// betweenBatches is how long a loop rests after its batches: its pause, and for as long as
// what is looked at must hold.
func betweenBatches(l *plan.Loop) time.Duration {
	holds := time.Duration(0)
	for _, c := range l.Between {
		holds = max(holds, c.Hold)
	}
	n := len(l.Batches)
	if len(l.Between) == 0 {
		n = max(n-1, 0)
	}
	return times(n, sum(l.Pause, holds))
}

// along is how long the runbook takes that a step takes in, by what each of its steps does; 0: it
// takes none in.
func along(p *plan.Plan, s *plan.Step, takes func(*plan.Step) time.Duration) time.Duration {
	if s.Runbook == nil {
		return 0
	}
	first := s.Index + 1
	inside := p.Steps[first : first+s.Runbook.Size]
	cost := make([]time.Duration, len(inside))
	for i, one := range inside {
		if one.Skipped() || isRepeatedIn(one, s) {
			continue
		}
		cost[i] = min(takes(one), endless)
	}
	path, _ := graphOf(p.Order()[first:first+s.Runbook.Size], first).CriticalPath(cost)
	longest := time.Duration(0)
	for _, i := range path {
		longest = sum(longest, cost[i])
	}
	return longest
}

// isRepeated reports whether a step is inside of one that is done for many.
func isRepeated(s *plan.Step) bool { return isRepeatedIn(s, nil) }

// isRepeatedIn is isRepeated as it is seen from another step that it is inside of.
func isRepeatedIn(s, from *plan.Step) bool {
	for outer := s.Outer(); outer != nil && outer != from; outer = outer.Outer() {
		if outer.Loop != nil {
			return true
		}
	}
	return false
}

// isUnknown reports whether nobody knows how long a step takes. Of what is taken in its steps
// tell.
func isUnknown(s *plan.Step, l Lasting) bool {
	return l.Basis == Nothing && !isForNothing(s) && s.Runbook == nil || isOpen(s)
}

// isOpen reports whether a step is done for many of which nobody knows yet how many they are.
func isOpen(s *plan.Step) bool { return s.Loop != nil && !s.Loop.Known() }

// isForNothing reports whether a step is done for many, of which there are none.
func isForNothing(s *plan.Step) bool { return s.Loop != nil && s.Loop.Known() && len(s.Each()) == 0 }
