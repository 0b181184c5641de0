package review

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/dag"
	"github.com/gatebook/gatebook/engine/plan"
)

// Basis says what an estimate is made from.
type Basis string

// What estimates are made from, the best first.
const (
	History  Basis = "history"  // how long the step took in earlier runs
	Estimate Basis = "estimate" // what its action says
	Timeout  Basis = "timeout"  // how long it may take
	Nothing  Basis = "nothing"  // nobody knows
)

// Lasting is how long a step takes.
type Lasting struct {
	Step   string        `json:"step"`
	Takes  time.Duration `json:"takes" doc:"The median of earlier runs, the action's estimate, or the most that it may take; 0: nobody knows."`
	P95    time.Duration `json:"p95,omitempty" doc:"The 95th percentile of earlier runs."`
	Runs   int           `json:"runs,omitempty" doc:"How many earlier runs that is."`
	Rounds int           `json:"rounds,omitempty" doc:"Of a step that is done for many, how often that is, those side by side counted once."`
	Basis  Basis         `json:"basis" enum:"history,estimate,timeout,nothing"`
	// Waits is how long its conditions make it wait at least: what they must hold for.
	Waits time.Duration `json:"waits,omitempty" doc:"How long its conditions must hold, where its time is not from earlier runs."`
}

// Time is how long a plan takes.
type Time struct {
	Path    []Lasting     `json:"path" doc:"The critical path: the steps that decide how long it takes."`
	Takes   time.Duration `json:"takes" doc:"What they take together."`
	AtMost  time.Duration `json:"atMost,omitempty" doc:"How much of that is what steps may take at most, as nothing better is known of them."`
	P95     time.Duration `json:"p95,omitempty" doc:"What they take together where each takes its 95th percentile; absent: there were no earlier runs."`
	Unknown []string      `json:"unknown,omitempty" doc:"The steps of which nobody knows how long they take, on the path or not."`
	RTO     time.Duration `json:"rto,omitempty" doc:"How long the run may take."`
}

// Fits reports whether the plan takes no longer than it may, and whether that can be told:
// of a step of which nothing is known nobody can.
func (t Time) Fits() (fits, known bool) {
	fits = t.Takes <= t.RTO
	return fits, t.RTO > 0 && (!fits || len(t.Unknown) == 0)
}

// lastingOf estimates how long a step takes.
func lastingOf(s *plan.Step, past map[string]Past) Lasting {
	if s.Loop != nil {
		return lastingOfLoop(s, past)
	}
	return lastingOfOne(s, past)
}

// lastingOfOne estimates how long it takes to do a step once.
func lastingOfOne(s *plan.Step, past map[string]Past) Lasting {
	if was, ok := past[s.ID]; ok && was.Runs > 0 {
		return Lasting{Step: s.ID, Takes: was.Median, P95: was.P95, Runs: was.Runs, Basis: History}
	}
	l := Lasting{Step: s.ID, Basis: Nothing}
	switch {
	case s.Preview != nil && s.Preview.Estimate > 0:
		l.Takes, l.Basis = s.Preview.Estimate, Estimate
	case s.Timeout > 0:
		l.Takes, l.Basis = s.Timeout, Timeout
	}
	for _, conditions := range [][]*plan.Condition{s.Gate, s.Verify} {
		longest := time.Duration(0)
		for _, c := range conditions {
			longest = max(longest, c.Hold)
		}
		l.Waits += longest
	}
	l.Takes += l.Waits
	return l
}

// timeOf finds the critical path: of the steps, and behind them of those of finally.
func timeOf(p *plan.Plan, past map[string]Past) Time {
	t := Time{Path: []Lasting{}, RTO: p.RTO}
	all, cost := make([]Lasting, len(p.Steps)), make([]time.Duration, len(p.Steps))
	closing := len(p.Steps)
	for i, s := range p.Steps {
		if s.Finally && closing > i {
			closing = i
		}
		if s.Skipped() {
			continue
		}
		all[i] = lastingOf(s, past)
		cost[i] = all[i].Takes
		if all[i].Basis == Nothing && !isForNothing(s) || isOpen(s) {
			t.Unknown = append(t.Unknown, s.ID)
		}
	}
	for _, part := range [][2]int{{0, closing}, {closing, len(p.Steps)}} {
		path, _ := graphOf(p.Steps[part[0]:part[1]], part[0]).CriticalPath(cost[part[0]:part[1]])
		for _, i := range path {
			if l := all[part[0]+i]; l.Takes > 0 {
				t.add(l)
			}
		}
	}
	if !slices.ContainsFunc(t.Path, func(l Lasting) bool { return l.Basis == History }) {
		t.P95 = 0
	}
	return t
}

func (t *Time) add(l Lasting) {
	t.Path = append(t.Path, l)
	t.Takes += l.Takes
	if l.Basis == Timeout {
		t.AtMost += l.Takes - l.Waits
	}
	t.P95 += max(l.P95, l.Takes)
}

// graphOf is the order of some of a plan's steps, of which the first has the place.
func graphOf(steps []*plan.Step, first int) dag.Graph {
	needs := make([][]int, len(steps))
	for i, s := range steps {
		for _, edge := range s.Needs {
			if edge.From >= first {
				needs[i] = append(needs[i], edge.From-first)
			}
		}
	}
	return dag.New(needs)
}
