package machine_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// overToken is a condition, or parameters, over what a step returned: a secret, which
// the next process does not know.
type overToken struct {
	plan.Program
	step string
}

func (o overToken) token(scope expr.Scope) (value.Value, bool) {
	step, _ := scope.Step(o.step)
	outputs, _ := step.Get("outputs")
	return outputs.Get("token")
}

func (o overToken) Eval(scope expr.Scope) expr.Verdict {
	if token, ok := o.token(scope); ok && token.IsUnknown() {
		return expr.Verdict{Truth: expr.Unknown}
	}
	return o.Program.Eval(scope)
}

// tokenOf are parameters of that kind.
type tokenOf struct{ overToken }

func (t tokenOf) Eval(scope expr.Scope) (value.Value, error) {
	token, _ := t.token(scope)
	return value.List(token, value.Float(2)), nil
}

// listOver is a list of that kind, by the keys of which nothing is given away.
type listOver struct {
	overToken
	list plan.Source
}

func (l listOver) Eval(scope expr.Scope) (value.Value, error) {
	if token, ok := l.token(scope); ok && token.IsUnknown() {
		return token, nil
	}
	return l.list.Eval(scope)
}

// overSecrets makes the steps of a plan decide over what those before them returned.
func overSecrets(t *rapid.T, p *plan.Plan) {
	for _, s := range p.Steps {
		if len(s.Needs) == 0 {
			continue
		}
		over := func(program plan.Program) plan.Program { return overToken{program, s.Needs[0].Step} }
		if s.When != nil {
			s.When.Program = over(s.When.Program)
		}
		for _, c := range append(append([]*plan.Condition{}, s.Gate...), s.Verify...) {
			c.Program = over(c.Program)
		}
		if rapid.Bool().Draw(t, "retry.if") {
			truth := rapid.SampledFrom([]expr.Truth{expr.True, expr.False, expr.Failed, expr.Unknown}).Draw(t, "retry")
			s.Retry.If = over(always(truth))
		}
		if s.Loop != nil {
			s.Loop.Source = listOver{overToken{step: s.Needs[0].Step}, s.Loop.Source}
			for _, c := range s.Loop.Between {
				c.Program = over(c.Program)
			}
		}
		s.Source = tokenOf{overToken{step: s.Needs[0].Step}}
		if s.Rollback != nil && s.Rollback.Use != nil {
			use := *s.Rollback.Use
			use.Source = s.Source
			s.Rollback.Use = &use
		}
	}
}

// decided is what two decisions must agree on.
func decided(e event.Event) string {
	text := fmt.Sprint(e.Type, e.Op, e.Status, e.Mode, e.Name)
	switch {
	case e.Verdict != nil:
		text += e.Verdict.Truth
	case e.Result != nil:
		text += string(e.Result.Outcome)
	case e.Loop != nil:
		text += fmt.Sprint(*e.Loop)
	}
	return text
}

// asWritten returns an event as the journal gives it back.
func asWritten(t *rapid.T, e event.Event) event.Event {
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back event.Event
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// Wherever a journal ends, its decisions are made again from what it says, without the
// secrets that they were made over.
func TestReplayingAJournalWithoutItsSecretsGivesTheSameDecisions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(&fatal{t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		overSecrets(t, w.plan)
		w.stepwise = rapid.Bool().Draw(t, "step by step")
		fickle(t, w)
		answers := w.attempts
		w.attempts = func(a machine.Attempt) answer {
			made := answers(a)
			made.outputs = value.Object(
				value.Member{Name: "token", Value: value.String("swordfish").Secret()},
				value.Member{Name: "$secret", Value: value.Float(2)},
			)
			return made
		}
		live(t, w)
		for range 3 {
			if w.result == nil || w.result.Outcome != event.OutcomePaused {
				break
			}
			w.result = nil
			w.ask(event.ResumeAsked)
			w.run()
		}
		journal := w.journal[:rapid.IntRange(1, len(w.journal)).Draw(t, "end")]
		var past machine.Past
		for _, e := range journal {
			past.Note(asWritten(t, e))
		}
		again := machine.New(w.plan)
		again.Recall(past)
		want, got := []string{}, []string{}
		for _, e := range journal {
			if e.Type.Decision() {
				want = append(want, decided(e))
			}
			for _, c := range again.Next(asWritten(t, e)) {
				if r, ok := c.(machine.Record); ok {
					got = append(got, decided(r.Event))
				}
			}
		}
		if diff := cmp.Diff(want, got[:min(len(got), len(want))]); diff != "" {
			t.Fatalf("the replay decides otherwise: %s", diff)
		}
	})
}
