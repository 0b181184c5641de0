package machine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// epoch is when every run of these tests starts.
var epoch = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// says is a condition that is decided by a function of the time and the observation.
type says func(now time.Time, observed value.Value) expr.Truth

func (s says) Eval(scope expr.Scope) expr.Verdict {
	now, _ := scope.Root(expr.RootNow)
	text, _ := now.AsString()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return expr.Verdict{Truth: expr.Failed, Err: err}
	}
	observed, _ := scope.Root(expr.RootObserved)
	return expr.Verdict{Truth: s(at, observed)}
}

func (s says) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

func always(truth expr.Truth) says { return func(time.Time, value.Value) expr.Truth { return truth } }

// fixed are parameters that never change.
type fixed struct{ value.Value }

func (f fixed) Eval(expr.Scope) (value.Value, error) { return f.Value, nil }

// change is a step that changes something and is taken back by its own Undo.
func change(id string, needs ...string) *plan.Step {
	s := read(id, needs...)
	s.Effect = sdk.Change
	s.Rollback = &plan.Compensation{Own: true, Retry: plan.Retry{Attempts: 1}}
	return s
}

func read(id string, needs ...string) *plan.Step {
	s := &plan.Step{
		ID: id, OnFailure: plan.Rollback, Retry: plan.Retry{Attempts: 1},
		Use: plan.Use{Action: "test." + id, Effect: sdk.Read, Source: fixed{value.Object()}},
	}
	for _, need := range needs {
		s.Needs = append(s.Needs, plan.Edge{Step: need, Reason: plan.Needed})
	}
	return s
}

func planOf(tb testing.TB, steps ...*plan.Step) *plan.Plan {
	tb.Helper()
	p, err := plan.New(plan.Plan{OnFailure: plan.Rollback, Steps: steps})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// answer is how an attempt or an observation ends, and how long it takes.
type answer struct {
	failure *event.Failure
	outputs value.Value
	cost    sdk.Cost
	takes   time.Duration
}

func failing(class sdk.Class) answer {
	return answer{failure: &event.Failure{Class: class, Message: "it is broken"}, takes: time.Second}
}

// world carries out commands in a time of its own.
type world struct {
	tb      testing.TB
	plan    *plan.Plan
	machine *machine.Machine
	now     time.Time
	queue   []event.Event // what will happen, soonest first
	journal []event.Event // every fact and decision, in order
	// attempts answers one; the default succeeds after a second.
	attempts func(a machine.Attempt) answer
	observes func(o machine.Observe) answer
	asks     func(a machine.Ask) *sdk.Answer
	foreseen *event.Foreseen // what the actions said before the run
	seen     map[string][]sdk.Seen
	slots    int
	stepwise bool
	inFlight int
	result   *event.Result
}

func newWorld(tb testing.TB, p *plan.Plan, parallelism int) *world {
	tb.Helper()
	return &world{
		tb: tb, plan: p, machine: machine.New(p), now: epoch, slots: parallelism,
		attempts: func(machine.Attempt) answer { return answer{takes: time.Second, outputs: value.Object()} },
		observes: func(machine.Observe) answer { return answer{takes: time.Second, outputs: value.Object()} },
		asks:     func(machine.Ask) *sdk.Answer { return nil },
	}
}

// begin starts the run without carrying it on.
func (w *world) begin() {
	w.happens(event.Event{
		Type: event.RunStarted,
		Run:  &event.Run{ID: "20261121-030000-test", By: "alice", Seed: 7, Parallelism: w.slots, Foreseen: w.foreseen, Seen: w.seen, Stepwise: w.stepwise},
	})
}

// run starts the run, or lets it go on, until it ends, pauses or waits for people.
func (w *world) run() *event.Result {
	w.tb.Helper()
	if len(w.journal) == 0 {
		w.begin()
	}
	for steps := 0; w.result == nil && len(w.queue) > 0; steps++ {
		if steps > 10_000 {
			w.tb.Fatal("the run does not end")
		}
		w.next()
	}
	return w.result
}

// next lets the next thing happen.
func (w *world) next() {
	e := w.queue[0]
	w.queue = w.queue[1:]
	if e.Time.After(w.now) {
		w.now = e.Time
	}
	if e.Type == event.TimerFired && !w.machine.Wants(*e.Timer) {
		return
	}
	if e.Type == event.AttemptFinished {
		w.inFlight--
	}
	w.happens(e)
}

// happens gives the machine a fact now.
func (w *world) happens(e event.Event) {
	e.Time = w.now
	w.journal = append(w.journal, e)
	w.follow(w.machine.Next(e))
}

func (w *world) follow(commands []machine.Command) {
	for _, c := range commands {
		if r, ok := c.(machine.Record); ok {
			w.journal = append(w.journal, r.Event)
		}
	}
	for _, c := range commands {
		w.carryOut(c)
	}
}

func (w *world) carryOut(command machine.Command) {
	switch c := command.(type) {
	case machine.Attempt:
		w.inFlight++
		if w.inFlight > w.slots {
			w.tb.Fatalf("%d attempts in flight, %d allowed", w.inFlight, w.slots)
		}
		op := c.Op
		w.happens(event.Event{Type: event.AttemptStarted, Op: &op, Key: c.Key})
		a := w.attempts(c)
		w.later(a.takes, event.Event{Type: event.AttemptFinished, Op: &op, Outputs: &a.outputs, Cost: a.cost, Failure: a.failure})
	case machine.Observe:
		op := c.Op
		a := w.observes(c)
		if a.takes > c.Timeout {
			a = answer{failure: &event.Failure{Class: sdk.Timeout}, takes: c.Timeout}
		}
		w.later(a.takes, event.Event{Type: event.Observed, Op: &op, Outputs: &a.outputs, Failure: a.failure})
	case machine.SetTimer:
		timer := c.Timer
		w.at(timer.At, event.Event{Type: event.TimerFired, Timer: &timer})
	case machine.Ask:
		op := c.Op
		w.happens(event.Event{Type: event.AskOpened, Op: &op})
		if a := w.asks(c); a != nil {
			w.later(time.Second, event.Event{Type: event.Answered, Op: &op, Answer: a})
		}
	case machine.Cancel:
		w.cancel(c.Op)
	case machine.Finish:
		w.result = &c.Result
	case machine.Record:
	}
}

// cancel ends an attempt at once, as a well-behaved action does.
func (w *world) cancel(op event.Op) {
	for i, e := range w.queue {
		if e.Type == event.AttemptFinished && *e.Op == op {
			w.queue[i].Failure = &event.Failure{Class: sdk.Cancelled, Message: "it was cancelled"}
			w.queue[i].Time = w.now
		}
	}
	w.sort()
}

func (w *world) later(d time.Duration, e event.Event) { w.at(w.now.Add(d), e) }

func (w *world) at(t time.Time, e event.Event) {
	e.Time = t
	w.queue = append(w.queue, e)
	w.sort()
}

func (w *world) sort() {
	slices.SortStableFunc(w.queue, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
}

// story tells the decisions about steps and the run, a line each.
func (w *world) story() []string {
	var lines []string
	for _, e := range w.journal {
		after := e.Time.Sub(epoch)
		switch e.Type {
		case event.AttemptStarted:
			lines = append(lines, fmt.Sprintf("%s %s %s #%d", after, e.Op.Step, e.Op.Part, e.Op.Attempt))
		case event.StepDecided:
			line := fmt.Sprintf("%s %s is %s", after, e.Op.Step, e.Status)
			if e.LeftOut != nil {
				line += ", " + e.LeftOut.Words()
			}
			if e.Failure != nil {
				line += fmt.Sprintf(" (%s)", e.Failure.Class)
			}
			lines = append(lines, line)
		case event.BatchDone:
			lines = append(lines, fmt.Sprintf("%s %s batch %d is done", after, e.Op.Step, e.Op.Index))
		case event.RunFinished:
			lines = append(lines, fmt.Sprintf("%s run %s", after, e.Result.Outcome))
		}
	}
	return lines
}

// statuses are the states of all steps, and of the instances of those with foreach as they
// were decided last.
func (w *world) statuses() map[string]event.Status {
	states := make(map[string]event.Status)
	for _, e := range w.journal {
		if e.Type == event.StepDecided {
			states[e.Op.Step] = e.Status
		}
	}
	for i, s := range w.plan.Steps {
		states[s.ID] = w.machine.Status(i)
	}
	return states
}

// facts is the journal without the decisions.
func (w *world) facts() []event.Event {
	return slices.DeleteFunc(slices.Clone(w.journal), func(e event.Event) bool { return e.Type.Decision() })
}

func (w *world) ask(t event.Type) {
	w.happens(event.Event{Type: t, By: "alice"})
}
