package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// BenchmarkRun takes a machine from the beginning of a run to its end, in a world in
// which everything succeeds at once: what a step costs must not grow with their number.
func BenchmarkRun(b *testing.B) {
	shapes := map[string]func(i int) *plan.Step{
		"chain": func(i int) *plan.Step {
			if i == 0 {
				return change("s0")
			}
			return change(fmt.Sprintf("s%d", i), fmt.Sprintf("s%d", i-1))
		},
		"wide":  func(i int) *plan.Step { return change(fmt.Sprintf("s%d", i)) },
		"gated": func(i int) *plan.Step { return gated(change(fmt.Sprintf("s%d", i)), condition(always(expr.True))) },
	}
	for _, name := range []string{"chain", "wide", "gated"} {
		for _, n := range []int{1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				steps := make([]*plan.Step, n)
				for i := range steps {
					steps[i] = shapes[name](i)
				}
				p := planOf(b, steps...)
				b.ReportAllocs()
				for b.Loop() {
					if outcome := succeed(p); outcome != event.OutcomeSucceeded {
						b.Fatal(outcome)
					}
				}
			})
		}
	}
}

// BenchmarkLoop takes a machine through one loop: one instance after the other, in batches
// of which so many may be under way at once, and all taken back in the end.
func BenchmarkLoop(b *testing.B) {
	l := newLoops(b)
	for name, shape := range map[string]func(loop *plan.Step) (steps []*plan.Step, outcome event.Outcome){
		"sequential": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{}")
			return []*plan.Step{loop}, event.OutcomeSucceeded
		},
		"batches": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{sizes: [1, 10%], maxParallel: 50, maxFailures: 5%}")
			loop.Loop.Between = conditions(always(expr.True))
			return []*plan.Step{loop}, event.OutcomeSucceeded
		},
		"limited": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{sizes: [100%], maxParallel: 50}")
			return []*plan.Step{loop}, event.OutcomeSucceeded
		},
		"rollback": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{sizes: [100%]}")
			return []*plan.Step{loop, gated(change("last", loop.ID), condition(always(expr.False)))}, event.OutcomeRolledBack
		},
	} {
		for _, n := range []int{100, 1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				steps, want := shape(change("a"))
				keys := make([]string, n)
				for i := range keys {
					keys[i] = fmt.Sprintf("node-%d", i)
				}
				steps[0].Loop.Source = fixed{listOf(keys...)}
				p := planOf(b, steps...)
				if name == "limited" {
					p.Limits = &event.Limits{Changes: &n, Targets: &n, Duration: time.Hour, Cost: sdk.Cost{"usd": 1}}
				}
				b.ReportAllocs()
				for b.Loop() {
					if outcome := succeed(p); outcome != want {
						b.Fatal(outcome)
					}
				}
			})
		}
	}
}

// BenchmarkTakenIn takes a machine through one loop of which each instance takes in a runbook of
// ten steps, beside what as many steps cost in a loop of their own.
func BenchmarkTakenIn(b *testing.B) {
	l := newLoops(b)
	for name, shape := range map[string]func(loop *plan.Step) (steps []*plan.Step, outcome event.Outcome){
		"sequential": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{}")
			return []*plan.Step{loop}, event.OutcomeSucceeded
		},
		"batches": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{sizes: [1, 10%], maxParallel: 50, maxFailures: 5%}")
			return []*plan.Step{loop}, event.OutcomeSucceeded
		},
		"rollback": func(loop *plan.Step) ([]*plan.Step, event.Outcome) {
			loop.Loop = l("{sizes: [100%]}")
			return []*plan.Step{loop, gated(change("last", loop.ID), condition(always(expr.False)))}, event.OutcomeRolledBack
		},
	} {
		for _, n := range []int{100, 1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				steps, want := shape(read("a"))
				inside := make([]*plan.Step, 10)
				for i := range inside {
					inside[i] = change(fmt.Sprintf("s%d", i))
				}
				inside[9] = finally(inside[9])
				steps = append(taking(steps[0], inside...), steps[1:]...)
				keys := make([]string, n)
				for i := range keys {
					keys[i] = fmt.Sprintf("node-%d", i)
				}
				steps[0].Loop.Source = fixed{listOf(keys...)}
				p := planOf(b, steps...)
				b.ReportAllocs()
				for b.Loop() {
					if outcome := succeed(p); outcome != want {
						b.Fatal(outcome)
					}
				}
			})
		}
	}
}

// succeed carries out whatever the machine asks for, in no time.
func succeed(p *plan.Plan) event.Outcome {
	m, outputs := machine.New(p), value.Object()
	queue := []event.Event{{Type: event.RunStarted, Run: &event.Run{ID: "bench", Parallelism: 16}}}
	for at := 0; at < len(queue); at++ {
		e := queue[at]
		e.Time = epoch.Add(time.Duration(at) * time.Microsecond)
		for _, command := range m.Next(e) {
			if a, ok := command.(machine.Attempt); ok {
				op := a.Op
				queue = append(queue,
					event.Event{Type: event.AttemptStarted, Op: &op, Key: a.Key},
					event.Event{Type: event.AttemptFinished, Op: &op, Outputs: &outputs})
			}
		}
	}
	return m.Result().Outcome
}
