package machine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
)

// Who has seen enough has all that waits for a word begin, and what comes after it, side by side
// again; also where the run paused at the question.
func TestARestThatIsDoneUnasked(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(w *world){
		"at the question": func(w *world) { w.ask(event.SteppingEnded) },
		"when the run is resumed": func(w *world) {
			w.ask(event.PauseAsked)
			w.result = nil
			w.ask(event.ResumeAsked)
			w.ask(event.SteppingEnded)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, change("a"), change("b"), change("c", "a")), 4)
			word()(w)
			w.run()
			if !w.machine.WillAsk("a") {
				t.Fatal("a does not ask")
			}
			ends(w)
			for w.result == nil && len(w.queue) > 0 {
				w.next()
			}
			if w.result == nil || w.result.Outcome != event.OutcomeSucceeded || w.machine.WillAsk("a") {
				t.Fatalf("%+v\n%q", w.result, w.story())
			}
			var begun []string
			for _, e := range w.journal {
				if e.Type == event.AttemptStarted {
					begun = append(begun, e.Op.Step)
				}
			}
			if diff := cmp.Diff([]string{"a", "b", "c"}, begun); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of a run that does not go step by step, there is nothing to be ended.
func TestAStepByStepThatIsNoneIsNotEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a")), 4)
	w.ask(event.SteppingEnded)
	refused := 0
	for _, e := range w.journal {
		if e.Type == event.RequestRefused {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("it is refused %d times\n%q", refused, w.story())
	}
}
