package machine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// loops makes loops of what a runbook says of their batches.
type loops func(batch string) *plan.Loop

func newLoops(tb testing.TB) loops {
	tb.Helper()
	catalogue := checktest.Builtin(tb)
	return func(batch string) *plan.Loop {
		made, _, err := plan.Make(checktest.Load(tb, catalogue, "test.yaml", checktest.Head+`steps:
- id: a
  uses: http.check
  foreach: [x]
  batch: `+batch+`
  with: {url: "http://localhost/${{ each.value }}"}
`), plan.Options{})
		if err != nil {
			tb.Fatal(err)
		}
		loop := *made.Steps[0].Loop
		loop.Over, loop.Instances, loop.Batches = value.Null(), nil, nil
		return &loop
	}
}

// each has a step done for each of the keys, in batches as a runbook says it.
func (l loops) each(s *plan.Step, batch string, keys ...string) *plan.Step {
	s.Loop = l(batch)
	s.Loop.Source = fixed{listOf(keys...)}
	return s
}

// knowing has it known before the run what a step is done for, which has its id and takes in what it
// does by then.
func knowing(s *plan.Step, keys ...string) {
	s.Loop.Source, s.Loop.Instances = fixed{listOf(keys...)}, []*plan.Step{}
	for _, key := range keys {
		s.Loop.Instances = append(s.Loop.Instances, s.Instance(key))
	}
	s.Loop.Batches = s.Loop.BatchesOf(len(keys))
}

func listOf(keys ...string) value.Value {
	items := make([]value.Value, len(keys))
	for i, key := range keys {
		items[i] = value.String(key)
	}
	return value.List(items...)
}

// holding has conditions judged after each batch.
func holding(conditions ...*plan.Condition) func(*plan.Step) {
	return func(s *plan.Step) { s.Loop.Between = conditions }
}

// ofEach is a condition that is decided by the key of the item.
type ofEach func(key string) expr.Truth

func (o ofEach) Eval(scope expr.Scope) expr.Verdict {
	each, ok := scope.Root(expr.RootEach)
	key, _ := each.Get("key")
	text, isText := key.AsString()
	if !ok || !isText {
		return expr.Verdict{Truth: expr.Failed, Err: fmt.Errorf("each is %v", each)}
	}
	return expr.Verdict{Truth: o(text)}
}

func (o ofEach) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

// in is true of the keys, and `otherwise` of all others.
func in(truth, otherwise expr.Truth, keys ...string) ofEach {
	of := make(map[string]expr.Truth)
	for _, key := range keys {
		of[key] = truth
	}
	return func(key string) expr.Truth {
		if truth, ok := of[key]; ok {
			return truth
		}
		return otherwise
	}
}

// lasting has the attempts at some instances last so long.
func lasting(w *world, takes time.Duration, steps ...string) {
	others := w.attempts
	w.attempts = func(a machine.Attempt) answer {
		answer := others(a)
		if a.Op.Part == event.Do && slices.Contains(steps, a.Op.Step) {
			answer.takes = takes
		}
		return answer
	}
}

// broken has all attempts at the instances fail for good.
func broken(w *world, steps ...string) {
	others := w.attempts
	w.attempts = func(a machine.Attempt) answer {
		if a.Op.Part == event.Do && slices.Contains(steps, a.Op.Step) {
			return failing(sdk.Permanent)
		}
		return others(a)
	}
}
