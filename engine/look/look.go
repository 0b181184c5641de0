// Package look finds out for a plan what is so at the time that it is made: what the actions
// say that read and may be applied in a plan, and which gates that makes true or false.
//
// It looks only where a run would be that began at that time: behind a step that changes
// something nothing can be told yet, and to what is behind one that it would not get past it
// would not come. What it finds stands beside what the plan says, and
// takes the place of none of it, since a run looks again. Floor 6.
package look

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// Options are how it is looked.
type Options struct {
	At time.Time // the time that `now` is in expressions
	// Remaining is what run.remaining is to the steps that ask for it, as far as it is known.
	Remaining map[string]event.Left
	// LastDrills are the last good drills of runbooks, of those that conditions ask for; nil: they
	// were not looked up.
	LastDrills []event.LastDrill
	AtOnce     int // how many actions are applied at one time at most
	// Asking is told what is being asked, each time that this changes, and never twice at one
	// time; nil: nobody is.
	Asking func(asked []string)
}

// Now returns the plan with what is so: of each step that no step comes before which changes
// something, what it reads, and what its `when` and its gate come to. A step is looked at as a
// run would come to it: not where it would be skipped, or where its gate is closed. What is not
// looked at when the context ends says so. The plan
// is one that was previewed: over a connection that could not be made nothing is read. Its
// digest stays as it is.
func Now(ctx context.Context, p *plan.Plan, o Options) *plan.Plan {
	looked := p.Copy()
	l := &looker{plan: looked, at: o.At, remaining: o.Remaining, drills: o.LastDrills, masker: p.Masker(), found: make([]finding, len(p.Steps))}
	l.asked, l.asking = map[string]*answer{}, patience.NewAsking(o.Asking)
	l.views = make(map[string]value.Value, len(p.Steps))
	for _, wave := range waves(p) {
		l.look(ctx, wave, max(o.AtOnce, 1))
	}
	for _, s := range looked.Steps {
		if l.hide(s) {
			looked.LookedAt = &o.At
		}
	}
	return looked
}

// looker looks for one plan.
type looker struct {
	plan      *plan.Plan
	at        time.Time
	remaining map[string]event.Left // from steps to the end of a run
	drills    []event.LastDrill
	masker    *value.Masker

	// found and views are written between two waves, and read within one.
	found []finding
	views map[string]value.Value // what expressions see of the steps, by id

	answers
	asking *patience.Asking
}

// finding is what is known of a step when it was looked at.
type finding struct {
	behind  bool // a step comes before it that changes something
	skipped bool // it is skipped, as things are now
	// stop is why a run that begins now would not come to what is behind the step; empty: it
	// would, as far as can be told.
	stop string
}

// waves are the places of the steps, each in a later wave than all that it needs. Those of
// finally are in none: how a run comes to them nobody can tell.
func waves(p *plan.Plan) [][]int {
	var all [][]int
	depths, order := make([]int, len(p.Steps)), p.Order()
	for i, s := range p.Steps {
		if s.Finally {
			continue
		}
		for _, edge := range order[i] {
			depths[i] = max(depths[i], depths[edge.From]+1)
		}
		if depths[i] == len(all) {
			all = append(all, nil)
		}
		all[depths[i]] = append(all[depths[i]], i)
	}
	return all
}

// look looks at steps that do not need each other.
func (l *looker) look(ctx context.Context, wave []int, atOnce int) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, i := range wave {
		s := l.plan.Steps[i]
		l.found[i] = finding{behind: l.isBehind(s), skipped: s.Skipped(), stop: l.stopped(s)}
		if l.found[i].behind && l.found[i].stop == "" || l.found[i].skipped || !worthALook(s) {
			continue
		}
		switch {
		case manyAround(s) != "":
			s.Unlooked = "it is done for each of " + manyAround(s) + ", for which the run looks"
			continue
		case ctx.Err() != nil:
			s.Unlooked = context.Cause(ctx).Error()
			continue
		case l.found[i].stop != "":
			s.Unlooked = l.found[i].stop
			continue
		}
		for _, one := range l.open(ctx, s) {
			group.Go(func() error {
				l.step(ctx, one)
				return nil
			})
		}
	}
	_ = group.Wait() // what goes wrong is in the steps
	for _, i := range wave {
		s := l.plan.Steps[i]
		if s.When != nil && s.When.Now != nil && s.When.Now.Truth == expr.False.String() {
			l.found[i].skipped = true
		}
		if l.found[i].stop == "" && !l.found[i].skipped {
			l.found[i].stop = stops(s)
		}
		if view, known := viewOf(s, l.found[i]); known {
			l.views[s.ID] = view
		}
	}
}

// isBehind reports whether a step comes before it that changes something.
func (l *looker) isBehind(s *plan.Step) bool {
	for _, edge := range l.plan.Order()[s.Index] {
		before := l.found[edge.From]
		if before.behind || l.plan.Steps[edge.From].Changes() && !before.skipped {
			return true
		}
	}
	return false
}

// stopped is why a run that begins now would not come to a step.
func (l *looker) stopped(s *plan.Step) string {
	for _, edge := range l.plan.Order()[s.Index] {
		if before := l.found[edge.From]; before.stop != "" {
			return before.stop
		}
	}
	return ""
}

// stops is why a run that begins now would not get past a step; empty: it would, or nobody
// can tell. One that may be skipped stops nobody, nor one that is gone past where it fails.
func stops(s *plan.Step) string {
	const never, perhaps = "a run that begins now would not come here: ", "nobody can tell whether a run that begins now would come here: "
	switch {
	case s.OnFailure == plan.Continue, s.When != nil && !s.When.Holds(), isPassedOver(s):
		return ""
	case s.Loop != nil:
		return stopsLoop(s)
	case slices.ContainsFunc(s.Gate, (*plan.Condition).Closes):
		return never + "the gate of " + s.ID + " is closed"
	case slices.ContainsFunc(s.Gate, failsNow):
		return perhaps + "the gate of " + s.ID + " cannot be judged"
	case s.Seen != nil && s.Seen.Cut:
		return perhaps + "the look at " + s.ID + " was cut off"
	case s.Seen != nil && s.Seen.Error != "":
		return perhaps + "the look at " + s.ID + " failed"
	case slices.ContainsFunc(s.Verify, (*plan.Condition).Closes):
		return never + "the verify of " + s.ID + " is false"
	case slices.ContainsFunc(s.Verify, failsNow):
		return perhaps + "the verify of " + s.ID + " cannot be judged"
	default:
		return ""
	}
}

// worthALook reports whether there is anything to look at.
func worthALook(s *plan.Step) bool {
	if s.Runbook != nil && s.Loop != nil {
		return isOpen(s.When) || slices.ContainsFunc(s.Gate, isOpen)
	}
	return s.Loop != nil || mayRead(&s.Use) || isOpen(s.When) || slices.ContainsFunc(s.Gate, isOpen)
}

// isOpen reports whether a condition can still come to something.
func isOpen(c *plan.Condition) bool { return c != nil && c.State.Truth == expr.Unknown.String() }

// step looks at a step as a run comes to it.
func (l *looker) step(ctx context.Context, s *plan.Step) {
	if s.When != nil {
		s.When = l.condition(ctx, s, s.When)
		if !s.When.Holds() {
			return
		}
	}
	gate, passes := make([]*plan.Condition, len(s.Gate)), true
	for i, c := range s.Gate {
		gate[i] = l.condition(ctx, s, c)
		passes = passes && gate[i].Holds()
	}
	s.Gate = gate
	if !passes {
		return
	}
	if _, s.Seen = l.read(ctx, s, &s.Use, l.scope(s, nil), s.Timeout); s.Seen == nil || s.Seen.Outputs == nil {
		return
	}
	verify, own := make([]*plan.Condition, len(s.Verify)), map[string]value.Value{cmp.Or(s.Of, s.ID): unverified(s)}
	for i, c := range s.Verify {
		verify[i] = l.conditionOver(ctx, s, c, own)
	}
	s.Verify = verify
}

// condition returns the condition with what it comes to now, where that is not known anyway.
func (l *looker) condition(ctx context.Context, of *plan.Step, c *plan.Condition) *plan.Condition {
	return l.conditionOver(ctx, of, c, nil)
}

// conditionOver is [looker.condition] with what else is seen of steps, by id.
func (l *looker) conditionOver(ctx context.Context, of *plan.Step, c *plan.Condition, own map[string]value.Value) *plan.Condition {
	if !isOpen(c) {
		return c
	}
	judged := *c
	judged.Now = l.judge(ctx, of, c, own)
	return &judged
}

// judge says what a condition comes to now; nil: nothing more than is known before.
func (l *looker) judge(ctx context.Context, of *plan.Step, c *plan.Condition, own map[string]value.Value) *plan.Now {
	scope, now := l.scope(of, nil), &plan.Now{}
	scope.own = own
	if c.Observe != nil {
		observed, seen := l.read(ctx, of, c.Observe, scope, 0)
		switch {
		case seen == nil:
			return nil
		case seen.Error != "":
			now.Truth, now.Detail, now.Observed = expr.Failed.String(), seen.Error, seen
			return now
		}
		now.Observed = seen
		scope = l.scope(of, &observed)
		scope.own = own
	}
	verdict := c.Program.Eval(scope)
	now.Truth = verdict.Truth.String()
	switch verdict.Truth {
	case expr.False:
		now.Explain = c.Program.Explain(scope)
	case expr.Failed:
		now.Detail = verdict.Err.Error()
	case expr.Unknown:
		if now.Observed == nil {
			return nil
		}
	case expr.True:
	}
	return now
}
