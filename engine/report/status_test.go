package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

func TestStatusCountsEachStepOnce(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		p := example.Plan(t)
		status := standing.New(p)
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
		with, without := standing.New(example.Plan(t)), standing.New(nil)
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

// Of a run whose process died nothing is at work, and no clock goes on.
func TestWhatNobodyDrivesIsNotAtWork(t *testing.T) {
	t.Parallel()
	told := newStory().tell(event.Event{Type: event.AttemptStarted, Op: op("upgrade", event.Do, 1), Action: "exec"})
	status := standing.New(example.Plan(t))
	for _, e := range told.events {
		status.Apply(e)
	}
	status.Drive = standing.Abandoned
	var b strings.Builder
	if err := report.StatusText(&b, status, told.now.Add(time.Hour), false, layout.Style{}); err != nil {
		t.Fatal(err)
	}
	if shown := b.String(); !strings.Contains(shown, "› upgrade   was running  0s") || strings.Contains(shown, "1h") {
		t.Errorf("the step is not shown as it was last heard of:\n%s", shown)
	}
}
