package report_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report"
)

func TestStatusCountsEachStepOnce(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		p := examplePlan(t)
		status := report.NewStatus(p)
		for _, e := range told.events {
			status.Apply(e)
			total := 0
			for _, n := range status.Counts {
				total += n
			}
			if total != len(p.Steps) {
				t.Fatalf("%s: after %s the counts %v are of %d steps, not of %d", name, e.Type, status.Counts, total, len(p.Steps))
			}
		}
	}
}

func TestStatusWithoutPlanTellsTheSameOfTheStepsThatRan(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		with, without := report.NewStatus(examplePlan(t)), report.NewStatus(nil)
		for _, e := range told.events {
			with.Apply(e)
			without.Apply(e)
		}
		for _, step := range without.Steps {
			same, ok := with.Step(step.ID)
			if !ok || same.Status != step.Status || same.Attempt != step.Attempt || !same.Started.Equal(step.Started) {
				t.Errorf("%s: %s is %+v with the plan and %+v without", name, step.ID, same, step)
			}
		}
	}
}

func BenchmarkStatusApply(b *testing.B) {
	const steps = 10_000
	p := plan.Plan{}
	for i := range steps {
		p.Steps = append(p.Steps, &plan.Step{ID: fmt.Sprintf("s%d", i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		status := report.NewStatus(&p)
		for _, step := range p.Steps {
			status.Apply(event.Event{Type: event.AttemptStarted, Op: op(step.ID, event.Do, 1)})
			status.Apply(event.Event{Type: event.StepDecided, Op: op(step.ID, event.Do, 0), Status: event.Succeeded})
		}
	}
}

// Of several conditions that do not hold the one is explained that the step failed by,
// not the one that was looked at last.
func TestTheConditionThatFailedTheStepIsExplained(t *testing.T) {
	t.Parallel()
	status := report.NewStatus(examplePlan(t))
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
		Type: event.StepDecided, Op: op("upgrade", event.Do, 0), Status: event.Failed,
		Failure: &event.Failure{Class: event.VerifyFailed, Message: "too many errors: not true within 5s"},
	})
	if step, _ := status.Step("upgrade"); step.Verdict == nil || step.Verdict.Message != "too many errors" {
		t.Errorf("explained is %+v", step.Verdict)
	}
}
