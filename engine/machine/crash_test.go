package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A torn write may lose the intent of an attempt and keep what led to it, so that a
// replay decides on the attempt once more.
func TestAttemptWhoseIntentWasLostIsDecidedAnew(t *testing.T) {
	t.Parallel()
	do := func(step string) *event.Op { return &event.Op{Step: step, Part: event.Do, Attempt: 1} }
	for name, c := range map[string]struct {
		steps []*plan.Step
		facts []event.Event // behind the beginning of the run
		want  []string      // what the machine asks for when another process takes the run up
	}{
		"over a fresh look at its gate": {
			steps: []*plan.Step{gated(change("a"), condition(between(0, time.Hour)))},
			want:  []string{"a is waiting", "a is failed"},
		},
		"over a gate that is still open": {
			steps: []*plan.Step{gated(change("a"), condition(between(0, 48*time.Hour)))},
			want:  []string{"attempt a do"},
		},
		"as it was where it has no gate": {
			steps: []*plan.Step{change("a")},
			want:  []string{"attempt a do"},
		},
		"against it where the run is ending": {
			steps: []*plan.Step{change("a"), change("b")},
			facts: []event.Event{
				{Type: event.AttemptStarted, Op: do("a")},
				{Type: event.AttemptFinished, Op: do("a"), Failure: &event.Failure{Class: sdk.Permanent}},
			},
			want: []string{"b is failed", "a is undoing", "attempt a undo"},
		},
		"as it was where it takes a step back": {
			steps: []*plan.Step{change("a")},
			facts: []event.Event{
				{Type: event.AttemptStarted, Op: do("a")},
				{Type: event.AttemptFinished, Op: do("a"), Failure: &event.Failure{Class: sdk.Permanent}},
			},
			want: []string{"attempt a undo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine.New(planOf(t, c.steps...))
			begin := event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Parallelism: 4}}
			for _, fact := range append([]event.Event{begin}, c.facts...) {
				fact.Time = epoch
				m.Next(fact)
			}
			if commands := m.Outstanding(); len(commands) > 0 {
				t.Errorf("outstanding: %+v", commands)
			}
			got := told(m.Next(event.Event{Type: event.RunResumed, Time: epoch.Add(24 * time.Hour)}))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// told tells attempts and decisions about steps, a line each.
func told(commands []machine.Command) []string {
	var lines []string
	for _, command := range commands {
		switch c := command.(type) {
		case machine.Attempt:
			lines = append(lines, fmt.Sprintf("attempt %s %s", c.Op.Step, c.Op.Part))
		case machine.Record:
			if c.Event.Type == event.StepDecided {
				lines = append(lines, fmt.Sprintf("%s is %s", c.Event.Op.Step, c.Event.Status))
			}
		default:
		}
	}
	return lines
}
