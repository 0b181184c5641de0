package hearing

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What only happens where a step is taken back is a part of what a plan does.
func TestARollbackThatDestroysMakesAPlanThatDoes(t *testing.T) {
	t.Parallel()
	for want, back := range map[string]*plan.Compensation{
		"change":  nil,
		"destroy": {Use: &plan.Use{Effect: sdk.Destroy}},
	} {
		p := &plan.Plan{Steps: []*plan.Step{{ID: "a", Use: plan.Use{Effect: sdk.Change}, Rollback: back}}}
		if got := ActOf(p).Effect; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A question that was asked before the run ended takes what is signed after it is asked again, also
// where the run has paused since; one that was only interrupted takes what was signed before.
func TestAQuestionIsAskedAnewAfterTheEnd(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	op := event.Op{Step: "a", Part: event.Do}
	asked := func(minute int, op event.Op) event.Event {
		return event.Event{Type: event.AskOpened, Op: &op, Time: noon.Add(time.Duration(minute) * time.Minute), Data: []byte(`{"message": "Go on?"}`)}
	}
	ended := func(outcome event.Outcome) event.Event {
		return event.Event{Type: event.RunFinished, Result: &event.Result{Outcome: outcome}}
	}
	for name, c := range map[string]struct {
		events []event.Event
		since  int // minutes; -1: from ever
	}{
		"asked once":                    {[]event.Event{asked(1, op)}, -1},
		"paused":                        {[]event.Event{asked(1, op), ended(event.OutcomePaused), asked(2, op)}, -1},
		"ended":                         {[]event.Event{asked(1, op), ended(event.OutcomeFailed), asked(2, op)}, 2},
		"given up":                      {[]event.Event{asked(1, op), {Type: event.GivenUp}, asked(2, op)}, 2},
		"ended, and paused":             {[]event.Event{asked(1, op), ended(event.OutcomeFailed), asked(2, op), ended(event.OutcomePaused), asked(3, op)}, 2},
		"ended twice":                   {[]event.Event{asked(1, op), ended(event.OutcomeFailed), asked(2, op), ended(event.OutcomeStuck), asked(3, op)}, 3},
		"first asked after the end":     {[]event.Event{ended(event.OutcomeFailed), asked(2, op)}, 2},
		"whether another is taken back": {[]event.Event{asked(1, event.Op{Step: "a", Part: event.Undo}), ended(event.OutcomeFailed), asked(2, op)}, 2},
	} {
		h := Of(&plan.Plan{}, nil)
		for _, e := range c.events {
			h.Note(e)
		}
		want := time.Time{}
		if c.since >= 0 {
			want = noon.Add(time.Duration(c.since) * time.Minute)
		}
		if got := h.question(op, h.asked[place{op.Step, op.Part}]).Since; !got.Equal(want) {
			t.Errorf("%s: since %s, want %s", name, got, want)
		}
	}
}

// A second yes of a person, or by a key, adds nothing.
func TestAYesThatWasSaidAlready(t *testing.T) {
	t.Parallel()
	op := event.Op{Step: "a", Part: event.Do}
	h := Of(&plan.Plan{}, nil)
	h.Note(event.Event{Type: event.Answered, Op: &op, By: "bob", Answer: &sdk.Answer{Approved: true}, Proof: &event.Proof{Key: "k1"}})
	voices := []sdk.Voice{{By: "bob"}}
	for _, c := range []struct {
		by, key string
		twice   bool
	}{{"bob", "k2", true}, {"bobby", "k1", true}, {"ann", "k2", false}} {
		verdict := people.Verdict{Key: c.key, Answer: people.Statement{Person: c.by}}
		if err := h.Twice(verdict, op, voices); (err != nil) != c.twice {
			t.Errorf("%s by %s: %v", c.by, c.key, err)
		}
		if err := h.Twice(verdict, op, nil); err != nil {
			t.Errorf("%s, and nobody counts: %v", c.by, err)
		}
	}
}
