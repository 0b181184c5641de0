package machine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What the plan saw counts until the step may have changed that itself, or until a person was
// told that somebody else has and went on all the same.
func TestAnAttemptIsToldWhatThePlanSaw(t *testing.T) {
	t.Parallel()
	unchanged := func(class sdk.Class) answer {
		a := failing(class)
		a.failure.Unchanged = true
		return a
	}
	outdated := func() answer {
		a := unchanged(sdk.Conflict)
		a.failure.Outdated = true
		return a
	}
	resumes := func(w *world) { w.goesOn(event.ResumeAsked) }
	dies := func(found sdk.State) func(*world) {
		return func(w *world) {
			w.dies(func() sdk.State { return found })
			w.run()
		}
	}
	pausing := func() *plan.Step { return with(change("a"), policy(plan.Pause)) }
	for name, c := range map[string]struct {
		step  *plan.Step
		first answer // of the first attempt
		saves bool   // it saves the state before
		until time.Duration
		then  func(w *world)
		want  []string
	}{
		"at once":                         {change("a"), answer{takes: time.Second}, false, time.Hour, nil, []string{"a do #1 told"}},
		"in each attempt":                 {with(change("a"), retries(2)), unchanged(sdk.Transient), false, time.Hour, nil, []string{"a do #1 told", "a do #2 told"}},
		"not when it may have changed it": {with(change("a"), retries(2)), failing(sdk.Transient), false, time.Hour, nil, []string{"a do #1 told", "a do #2"}},
		"not when it was about to":        {with(change("a"), retries(2)), unchanged(sdk.Transient), true, time.Hour, nil, []string{"a do #1 told", "a do #2"}},
		"nor what takes it back":          {change("a"), failing(sdk.Permanent), false, time.Hour, nil, []string{"a do #1 told", "a undo #1"}},
		"when a person goes on":           {pausing(), unchanged(sdk.Denied), false, time.Hour, resumes, []string{"a do #1 told", "a do #1 told"}},
		"also after another conflict":     {pausing(), unchanged(sdk.Conflict), false, time.Hour, resumes, []string{"a do #1 told", "a do #1 told"}},
		"not when they were told":         {pausing(), outdated(), false, time.Hour, resumes, []string{"a do #1 told", "a do #1"}},
		"when a crash came before it":     {change("a"), answer{takes: time.Minute}, false, time.Second, dies(sdk.Untouched), []string{"a do #1 told", "a do #1 told"}},
		"not when it had begun by then":   {change("a"), answer{takes: time.Minute}, false, time.Second, dies(sdk.NotDone), []string{"a do #1 told", "a do #1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, told := newWorld(t, planOf(t, c.step, change("b", "a")), 1), []string{}
			w.seen = map[string][]sdk.Seen{"a": {{Kind: "thing", Name: "a", Version: "1"}}}
			w.attempts = func(a machine.Attempt) answer {
				said := fmt.Sprintf("%s %s #%d", a.Op.Step, a.Op.Part, a.Op.Attempt)
				if len(a.Seen) > 0 {
					said += " told"
				}
				if a.Op.Step == "b" {
					if a.Seen != nil {
						t.Errorf("b is told %v", a.Seen)
					}
					return answer{takes: time.Second}
				}
				if told = append(told, said); len(told) > 1 {
					return answer{takes: time.Second}
				}
				if c.saves {
					w.happens(event.Event{Type: event.AttemptSaved, Op: &a.Op, Data: json.RawMessage(`{"was":1}`)})
				}
				return c.first
			}
			w.until(c.until)
			if c.then != nil {
				c.then(w)
			}
			if diff := cmp.Diff(c.want, told); diff != "" {
				t.Errorf("(-want +got)\n%s\n%q", diff, w.story())
			}
		})
	}
}

// Of a loop that goes on, the first comes anew behind others, which may have changed what the plan saw.
func TestTheFirstOfALoopThatIsTriedAnewIsNotToldWhatThePlanSaw(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	w := newWorld(t, planOf(t, with(l.each(change("a"), "{maxFailures: 1}", "x", "y"), policy(plan.Stop))), 1)
	w.seen = map[string][]sdk.Seen{`a["x"]`: {{Kind: "thing", Name: "x", Version: "1"}}, `a["y"]`: {{Kind: "thing", Name: "y", Version: "1"}}}
	told := []string{}
	w.attempts = func(a machine.Attempt) answer {
		told = append(told, fmt.Sprint(a.Op.Step, " ", len(a.Seen)))
		if len(told) > 2 {
			return answer{takes: time.Second}
		}
		refused := failing(sdk.Denied)
		refused.failure.Unchanged = true
		return refused
	}
	w.until(time.Hour)
	w.goesOn(event.ResumeAsked)
	if diff := cmp.Diff([]string{`a["x"] 1`, `a["y"] 1`, `a["x"] 0`, `a["y"] 1`}, told); diff != "" {
		t.Errorf("(-want +got)\n%s\n%q", diff, w.story())
	}
}
