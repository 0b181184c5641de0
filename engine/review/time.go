package review

import (
	"iter"
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
	Timeout  Basis = "timeout"  // how long one attempt may take
	Nothing  Basis = "nothing"  // nobody knows
)

// Lasting is how long a step takes.
type Lasting struct {
	Step   string        `json:"step"`
	Takes  time.Duration `json:"takes" doc:"What it takes where all goes well: the median of earlier runs, the action's estimate, or what one attempt may take; 0: nobody knows."`
	Most   time.Duration `json:"most,omitempty" doc:"The most that it may take: all its attempts and the waits between them, as long as its question stands, and as long as its conditions are waited for; absent: nothing bounds it."`
	P95    time.Duration `json:"p95,omitempty" doc:"The 95th percentile of earlier runs."`
	Runs   int           `json:"runs,omitempty" doc:"How many earlier runs that is."`
	Rounds int           `json:"rounds,omitempty" doc:"Of a step that is done for many, how often that is, those side by side counted once."`
	Basis  Basis         `json:"basis" enum:"history,estimate,timeout,nothing"`
	// Waits is how long its conditions make it wait at least: what they must hold for.
	Waits time.Duration `json:"waits,omitempty" doc:"How long its conditions must hold, where its time is not from earlier runs."`
}

// Time is how long a plan takes.
type Time struct {
	Path      []Lasting     `json:"path" doc:"The critical path: the steps that decide how long it takes."`
	Takes     time.Duration `json:"takes" doc:"What they take together where all goes well."`
	ByTimeout time.Duration `json:"byTimeout,omitempty" doc:"How much of that is what one attempt of each may take, as nothing better is known of them."`
	P95       time.Duration `json:"p95,omitempty" doc:"What they take together where each takes its 95th percentile; absent: there were no earlier runs."`
	Most      time.Duration `json:"most,omitempty" doc:"The most that the steps may take where each takes its most and none waits for a slot; absent: something has no bound. What an action takes to end when its time is over, and a look, come on top."`
	Longest   []string      `json:"longest,omitempty" doc:"The steps that decide the most, where they are others than those of the critical path."`
	Unbounded []string      `json:"unbounded,omitempty" doc:"The steps that nothing bounds: an attempt without timeout, a question that does not expire, what is done for many that are not known yet."`
	Unknown   []string      `json:"unknown,omitempty" doc:"The steps of which nobody knows how long they take, on the path or not."`
	RTO       time.Duration `json:"rto,omitempty" doc:"How long the run may take."`
}

// Fits reports whether the plan takes no longer than it may where all goes well, and whether
// that can be told: of a step of which nothing is known nobody can.
func (t Time) Fits() (fits, known bool) {
	fits = t.Takes <= t.RTO
	return fits, t.RTO > 0 && (!fits || len(t.Unknown) == 0)
}

// FitsAtMost reports whether the plan takes no longer than it may whatever it waits for and
// tries again.
func (t Time) FitsAtMost() bool { return len(t.Unbounded) == 0 && t.Most <= t.RTO }

// lastingOf estimates how long a step takes.
func lastingOf(p *plan.Plan, s *plan.Step, past map[string]Past) Lasting {
	if s.Runbook != nil && s.Loop == nil {
		past = nil // its steps tell
	}
	l := lastingOfOne(s, past)
	if s.Loop != nil {
		l = lastingOfLoop(p, s, past)
	}
	if most := mostOf(p, s); most < endless {
		l.Most = most
	}
	return l
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
	case s.Timeout > 0 && !s.Describe.Asks:
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

// timeOf tells how long a plan takes.
func timeOf(p *plan.Plan, past map[string]Past) Time {
	t := Time{Path: []Lasting{}, RTO: p.RTO}
	all, cost := make([]Lasting, len(p.Steps)), make([]time.Duration, len(p.Steps))
	for i, s := range p.Steps {
		if s.Skipped() {
			continue
		}
		all[i] = lastingOf(p, s, past)
		if !isRepeated(s) {
			cost[i] = min(all[i].Takes, longestStep(p))
		}
		if isUnknown(s, all[i]) {
			t.Unknown = append(t.Unknown, s.ID)
		}
	}
	for i := range criticalPath(p, cost) {
		if l := all[i]; l.Takes > 0 {
			t.add(l)
		}
	}
	if !slices.ContainsFunc(t.Path, func(l Lasting) bool { return l.Basis == History }) {
		t.P95 = 0
	}
	t.bound(p)
	return t
}

// criticalPath yields the steps that decide how long a plan takes, and what each costs: those
// of the steps, and behind them those of finally.
func criticalPath(p *plan.Plan, cost []time.Duration) iter.Seq2[int, time.Duration] {
	closing := slices.IndexFunc(p.Steps, func(s *plan.Step) bool { return s.Finally })
	if closing < 0 {
		closing = len(p.Steps)
	}
	order := p.Order()
	return func(yield func(int, time.Duration) bool) {
		for _, part := range [][2]int{{0, closing}, {closing, len(p.Steps)}} {
			path, _ := graphOf(order[part[0]:part[1]], part[0]).CriticalPath(cost[part[0]:part[1]])
			for _, i := range path {
				if at := part[0] + i; cost[at] > 0 && !yield(at, cost[at]) {
					return
				}
			}
		}
	}
}

func (t *Time) add(l Lasting) {
	t.Path = append(t.Path, l)
	t.Takes += l.Takes
	if l.Basis == Timeout {
		t.ByTimeout += l.Takes - l.Waits
	}
	t.P95 += max(l.P95, l.Takes)
}

// graphOf is the order of some of a plan's steps, of which the first has the place.
func graphOf(order [][]plan.Edge, first int) dag.Graph {
	needs := make([][]int, len(order))
	for i, edges := range order {
		for _, edge := range edges {
			if edge.From >= first {
				needs[i] = append(needs[i], edge.From-first)
			}
		}
	}
	return dag.New(needs)
}
