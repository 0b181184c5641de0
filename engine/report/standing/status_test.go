package standing_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/standing"
)

func BenchmarkStatusApply(b *testing.B) {
	const steps = 10_000
	p := plan.Plan{}
	for i := range steps {
		p.Steps = append(p.Steps, &plan.Step{ID: fmt.Sprintf("s%d", i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		status := standing.New(&p)
		for _, step := range p.Steps {
			status.Apply(event.Event{Type: event.AttemptStarted, Op: &event.Op{Step: step.ID, Part: event.Do, Attempt: 1}})
			status.Apply(event.Event{Type: event.StepDecided, Op: &event.Op{Step: step.ID, Part: event.Do}, Status: event.Succeeded})
		}
	}
}

// Of several conditions that do not hold the one is explained that the step failed by,
// not the one that was looked at last.
func TestTheConditionThatFailedTheStepIsExplained(t *testing.T) {
	t.Parallel()
	status := standing.New(nil)
	judged := func(index int, truth, message string) {
		status.Apply(event.Event{
			Type: event.ConditionMet, Op: &event.Op{Step: "upgrade", Part: event.Verify, Index: index, Attempt: 1},
			Verdict: &event.Verdict{Expr: "x", Truth: truth, Message: message},
		})
	}
	judged(0, "false", "too many errors")
	judged(1, "false", "too slow")
	judged(0, "true", "too many errors")
	judged(0, "false", "too many errors")
	judged(1, "true", "too slow")
	judged(2, "false", "too few requests")
	status.Apply(event.Event{
		Type: event.StepDecided, Op: &event.Op{Step: "upgrade", Part: event.Do}, Status: event.Failed,
		Failure: &event.Failure{Class: event.VerifyFailed, Message: "too many errors (looked at for 5s)"},
	})
	if step, _ := status.Step("upgrade"); step.Verdict == nil || step.Verdict.Message != "too many errors" {
		t.Errorf("explained is %+v", step.Verdict)
	}
}
