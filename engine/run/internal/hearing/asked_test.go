package hearing

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A question that somebody wrote into the journal is held against what the plan asks.
func TestAQuestionIsHeldAgainstItsPlan(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	params, err := value.FromJSON([]byte(`{"message": "Go on?", "from": ["leads"], "quorum": 2, "expires": "2h"}`))
	if err != nil {
		t.Fatal(err)
	}
	unknown := value.Object(value.Member{Name: "message", Value: value.Unknown(value.Cause{Step: "b"})})
	step := func(id, action string, params value.Value) *plan.Step {
		return &plan.Step{ID: id, Use: plan.Use{Action: action, Effect: sdk.Read, Params: params}}
	}
	back := step("back", "exec", value.Object())
	back.Rollback = &plan.Compensation{Use: &plan.Use{Action: "approve", Params: params}}
	p, err := plan.New(plan.Plan{Steps: []*plan.Step{
		step("a", "approve", params), step("later", "approve", unknown), step("shop", "s.ask", params), back,
	}})
	if err != nil {
		t.Fatal(err)
	}
	honest := sdk.Question{Message: "Go on?", From: []string{"leads"}, Quorum: 2, Expires: 2 * time.Hour}
	with := func(change func(*sdk.Question)) sdk.Question {
		q := honest
		change(&q)
		return q
	}
	for name, c := range map[string]struct {
		step  string
		part  event.Part
		asked sdk.Question
		forge func(*event.Event)
		want  string
	}{
		"as it is":                 {step: "a", asked: honest},
		"in other words":           {step: "a", asked: with(func(q *sdk.Question) { q.Message = "Tea?" }), want: "its plan asks in other words"},
		"in words that are masked": {step: "a", asked: with(func(q *sdk.Question) { q.Message = "Go " + value.Mask + "?" })},
		"masked, in other words":   {step: "a", asked: with(func(q *sdk.Question) { q.Message = "Let " + value.Mask + "?" }), want: "in other words"},
		"masked, and longer":       {step: "a", asked: with(func(q *sdk.Question) { q.Message = "Go " + value.Mask + " on?" }), want: "in other words"},
		"of a masked group":        {step: "a", asked: with(func(q *sdk.Question) { q.From = []string{value.Mask} })},
		"of others":                {step: "a", asked: with(func(q *sdk.Question) { q.From = []string{"all"} }), want: `other groups than ["all"]`},
		"of anybody":               {step: "a", asked: with(func(q *sdk.Question) { q.From = nil }), want: "other groups than []"},
		"of one":                   {step: "a", asked: with(func(q *sdk.Question) { q.Quorum = 1 }), want: "it takes 2 people, and it asks 1"},
		"of one by its record":     {step: "a", asked: honest, forge: func(e *event.Event) { e.Quorum = 0 }, want: "it takes 2 people, and counts 1"},
		"for longer":               {step: "a", asked: with(func(q *sdk.Question) { q.Expires = 9 * time.Hour }), want: "it stands 2h0m0s, and it says 9h0m0s"},
		"for longer by its record": {step: "a", asked: honest, forge: func(e *event.Event) { e.Timer.At = noon.Add(9 * time.Hour) }, want: "it stands longer than 2h0m0s"},
		"for ever by its record":   {step: "a", asked: honest, forge: func(e *event.Event) { e.Timer = nil }, want: "nothing ends it"},
		"not known by the plan":    {step: "later", asked: sdk.Question{Message: "Tea?", Expires: 24 * time.Hour}},
		"though of others":         {step: "later", asked: sdk.Question{Message: "Tea?", From: []string{"all"}, Expires: 24 * time.Hour}, want: "other groups"},
		"a plugin's":               {step: "shop", asked: with(func(q *sdk.Question) { q.Message = "Tea?" })},
		"to take it back":          {step: "back", part: event.Undo, asked: with(func(q *sdk.Question) { q.Quorum = 1 }), want: "it asks 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(c.asked)
			if err != nil {
				t.Fatal(err)
			}
			op := event.Op{Step: c.step, Part: event.Do}
			if c.part != "" {
				op.Part = c.part
			}
			e := event.Event{Type: event.AskOpened, Time: noon, Op: &op, Data: text, Timer: &event.Timer{At: noon.Add(c.asked.Expires)}}
			if c.asked.Quorum > 1 {
				e.Quorum = c.asked.Quorum
			}
			if c.forge != nil {
				c.forge(&e)
			}
			err = Of(p, nil).Read(e)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
