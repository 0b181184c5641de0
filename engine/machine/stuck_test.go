package machine_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Whoever asked for the rollback wants no step done that comes after, also where there was
// nothing that could be taken back.
func TestResumeOfARollbackThatTookNothingBackDoesNoStep(t *testing.T) {
	t.Parallel()
	stays := with(change("a"), func(s *plan.Step) { s.Rollback = &plan.Compensation{None: "it stays"} })
	w := newWorld(t, planOf(t, stays, with(read("b", "a"), policy(plan.Pause)), change("c", "b"), finally(read("x"))), 1)
	fails(w, "b", event.Do, sdk.Permanent)
	fails(w, "x", event.Do, sdk.Permanent)
	w.run()
	if r := w.goesOn(event.RollbackAsked); r.Outcome != event.OutcomeStuck || !slices.Equal(r.Finally, []string{"x"}) {
		t.Fatalf("result = %+v\n%q", r, w.story())
	}
	before := len(w.story())
	w.goesOn(event.ResumeAsked)
	if diff := cmp.Diff([]string{"3s x do #1", "4s x is succeeded", "4s run failed"}, w.story()[before:]); diff != "" {
		t.Error(diff)
	}
}

// The outcome that the steps of finally see is one for all of them.
func TestAStepOfFinallyThatFailsChangesNoOutcomeForTheNext(t *testing.T) {
	t.Parallel()
	tell := with(read("tell", "collect"), func(s *plan.Step) { s.Use.Source = outcomeOf{} })
	w := newWorld(t, planOf(t, change("a"), with(read("b", "a"), policy(plan.Rollback)), finally(read("collect")), finally(tell)), 1)
	fails(w, "b", event.Do, sdk.Permanent)
	fails(w, "collect", event.Do, sdk.Permanent)
	others := w.attempts
	var told string
	w.attempts = func(a machine.Attempt) answer {
		if a.Op.Step == "tell" {
			told, _ = a.Params.AsString()
		}
		return others(a)
	}
	if r := w.run(); r.Outcome != event.OutcomeStuck || told != string(event.OutcomeRolledBack) {
		t.Errorf("told %q, result = %+v\n%q", told, r, w.story())
	}
}

// outcomeOf are parameters that are the outcome of the run.
type outcomeOf struct{}

func (outcomeOf) Eval(scope expr.Scope) (value.Value, error) {
	run, _ := scope.Root(expr.RootRun)
	outcome, _ := run.Get("outcome")
	return outcome, nil
}
