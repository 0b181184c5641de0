package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
)

// Seen reports whether another rehearsal has come to a state already, and was carried on from
// there with as many things that may go otherwise still to come; so many events has this one come
// there with.
type Seen func(state State, events int) bool

// atOnce is how many attempts are in flight at most, as in a run that nobody says more of.
const atOnce = 16

// lasts is how long anything takes.
const lasts = time.Second

// epoch is when every rehearsal begins: nothing in it depends on that.
func epoch() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }

// run is one rehearsal under way.
type run struct {
	world    *world.World
	machine  *machine.Machine
	schedule []Deviation // what is still to go otherwise, in the order in which it is come to
	seen     Seen
	story    *Story

	now     time.Time
	queue   []item // what will happen, soonest first
	ledger  ledger
	there   things // what steps provide
	held    things // what they have taken
	closed  map[event.Op]bool
	waiting []question       // what people have not answered, as they lack something
	came    map[event.Op]int // how often an operation was come to
	fresh   []Choice         // since the state was last looked at
	moment  int              // how much has happened

	whole, part *digest // where states are put together, and parts of them

	retraces bool // it goes where it went before, so that nothing of it is noted
	replays  bool
	twin     *twin    // nil: its journal is like no other
	blind    event.Op // what a crash has cut off and its action cannot tell of
	pauses   int
	asked    bool // a person has had it taken back
}

// Run rehearses a run in which some things go otherwise. It is left off where seen says so; nil:
// it never is.
func Run(w *world.World, schedule []Deviation, seen Seen) *Story {
	return begin(w, schedule).end(seen)
}

// begin returns a rehearsal in which nothing has happened.
func begin(w *world.World, schedule []Deviation) *run {
	r := &run{
		world: w, machine: machine.New(w.Plan()), schedule: schedule, now: epoch(),
		story: &Story{World: w, Deviations: schedule, Things: map[string]Thing{}, Locked: true},
		there: newThings(), held: newThings(), closed: map[event.Op]bool{}, came: map[event.Op]int{}, ledger: newLedger(),
		whole: &digest{}, part: &digest{},
	}
	r.later(0, item{fact: &event.Event{Type: event.RunStarted, Run: &event.Run{
		ID: "drill", Runbook: w.Plan().Runbook.Name, Version: w.Plan().Runbook.Version, By: "drill", Parallelism: atOnce, Remaining: remaining(w.Plan()),
		Choice: w.Plan().Choice, Others: w.Plan().Others(),
	}}})
	return r
}

// end carries a rehearsal on to its end.
func (r *run) end(seen Seen) *Story {
	r.seen = seen
	r.world.Play(r)
	r.carryOn()
	r.story.Unmet, r.story.Held = r.schedule, r.held.holders()
	return r.story
}

// remaining is how long it takes from each step to the end, as far as one can tell before a run.
func remaining(p *plan.Plan) map[string]event.Left {
	made := make(map[string]event.Left, len(p.Steps))
	for i, s := range p.Steps {
		made[s.ID] = event.Left{Step: lasts, After: time.Duration(len(p.Steps)-i-1) * lasts}
	}
	return made
}

// most bounds the things that may happen, so that a run that goes round in circles is found.
func (r *run) most() int {
	steps := len(r.world.Plan().Steps)
	return 2000 + 500*(steps+len(r.ledger.steps))
}

func (r *run) carryOn() {
	for len(r.queue) > 0 {
		if r.moment > r.most() {
			r.story.Why = fmt.Sprintf("after %d things that happened it still goes on", r.moment)
			r.story.Result = nil
			return
		}
		if r.settled() {
			return
		}
		if len(r.queue) == 0 {
			break // nobody waits for what was to happen
		}
		r.next()
	}
	if r.story.Result == nil || r.story.Result.Outcome == event.OutcomePaused {
		r.story.Result, r.story.Why = nil, r.waits()
	}
}

// next lets the next thing happen.
func (r *run) next() {
	next := r.queue[0]
	r.queue = r.queue[1:]
	if next.at.After(r.now) {
		r.now = next.at
	}
	r.let(next)
	r.moment++
}

// settled looks at the state where something may go otherwise next, and reports whether
// another rehearsal has seen to all that follows.
func (r *run) settled() bool {
	if len(r.schedule) > 0 || len(r.fresh) == 0 {
		return false
	}
	r.forget()
	if r.retraces {
		r.fresh = nil
		return false
	}
	state := r.state()
	if r.seen != nil && r.seen(state, len(r.story.Journal)) {
		r.story.Merged, r.story.At = true, state
		return true
	}
	r.story.Passed = append(r.story.Passed, state)
	for i := range r.fresh {
		r.fresh[i].Alone = r.alone(r.fresh[i].Op)
	}
	r.story.Choices = append(r.story.Choices, r.fresh...)
	r.fresh = nil
	return false
}

// forget leaves out timers that nobody waits for any more: how long it is until then says
// nothing of what follows.
func (r *run) forget() {
	if r.machine.Pausing() {
		return // one may be waited for again
	}
	r.queue = slices.DeleteFunc(r.queue, func(i item) bool {
		return i.fact != nil && i.fact.Type == event.TimerFired && !r.machine.Wants(*i.fact.Timer)
	})
}

// waits says what a run that does not end waits for.
func (r *run) waits() string {
	if r.machine.Asking() {
		return "it waits for people who never answer: " + strings.Join(r.ledger.in(event.Asking), ", ")
	}
	return "nothing is left that could happen, and these have not ended: " + strings.Join(r.ledger.unsettled(), ", ")
}

// choose says what goes otherwise here, and notes that something might.
func (r *run) choose(op event.Op, kinds []Kind) Kind {
	r.came[op]++
	if len(r.schedule) > 0 {
		if next := r.schedule[0]; next.Op == op && next.Time == r.came[op] {
			r.schedule = r.schedule[1:]
			r.fresh = nil
			return next.Kind
		}
		return ""
	}
	if len(kinds) > 0 && r.ledger.represents(op.Step) {
		r.fresh = append(r.fresh, Choice{Op: op, Time: r.came[op], Kinds: kinds, moment: r.moment})
	}
	return ""
}

// mostLooks is how many looks at one condition may come out otherwise: the first, and the one
// just before the action begins.
const mostLooks = 2

// Judge says how a condition comes out that is open. It is called while the machine judges.
func (r *run) Judge(op event.Op) expr.Truth {
	if r.replays {
		return expr.True // the journal says how it came out
	}
	var kinds []Kind
	if r.came[op] < mostLooks {
		kinds = conditionKinds(op.Part)
	}
	if r.choose(op, kinds) != "" {
		r.closed[op] = true
	}
	if r.closed[op] {
		return expr.False
	}
	return expr.True
}

// Lacks reports whether a gate lacks what it waits for. It is called while the machine judges.
func (r *run) Lacks(op event.Op) bool {
	needs := r.world.Step(op.Step).GateNeeds
	return !r.replays && len(needs) > 0 && len(world.Missing(needs, r.there.has)) > 0
}

// happens gives the machine a fact now.
func (r *run) happens(e event.Event) {
	e.Time = r.now
	r.note(e)
	r.follow(r.machine.Next(e))
}

// note writes an event down.
func (r *run) note(e event.Event) {
	r.story.Journal = append(r.story.Journal, &e)
	r.ledger.take(&e)
}

func (r *run) follow(commands []machine.Command) {
	for _, c := range commands {
		if record, ok := c.(machine.Record); ok {
			r.note(record.Event)
		}
	}
	for _, c := range commands {
		r.carryOut(c)
	}
}

func (r *run) carryOut(command machine.Command) {
	switch c := command.(type) {
	case machine.Attempt:
		r.attempt(c)
	case machine.Observe:
		op := c.Op
		seen := r.world.Seen(op)
		r.later(lasts, item{fact: &event.Event{Type: event.Observed, Op: &op, Outputs: &seen}})
	case machine.SetTimer:
		timer := c.Timer
		r.at(timer.At, item{fact: &event.Event{Type: event.TimerFired, Timer: &timer}})
	case machine.Ask:
		r.ask(c)
	case machine.Cancel:
		r.cancel(c.Op)
	case machine.Finish:
		r.finished(c.Result)
	case machine.Record:
	}
}

// finished takes in that the run has ended or paused; a person may have it go on.
func (r *run) finished(result event.Result) {
	r.story.Result = &result
	r.story.Locked = result.Outcome == event.OutcomePaused
	if result.Outcome == event.OutcomePaused {
		r.later(lasts, item{person: true})
		return
	}
	if !r.asked && len(result.Left) == 0 && slices.ContainsFunc(result.Changed, r.mayTakeBack) {
		if r.choose(event.Op{Part: AtEnd}, []Kind{TakenBack}) == TakenBack {
			r.asked = true
			r.later(lasts, item{back: true})
			return
		}
		r.later(lasts, item{rest: true}) // so that what may happen here is noted
	}
}

// mayTakeBack reports whether the change of a step is one that a person may have taken back.
func (r *run) mayTakeBack(id string) bool {
	s := r.story.Step(id)
	return s != nil && !s.Finally && !s.Closing && (s.Rollback == nil || s.Rollback.None == "")
}
