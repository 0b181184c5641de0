//go:build unix

package engine_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
)

// Wherever the process dies, a run that goes step by step goes on so: it comes to the same end,
// and no attempt at a change is made that nobody let begin.
func TestCrashWhileAPersonStepsThroughARun(t *testing.T) {
	t.Parallel()
	for name, runbook := range map[string]string{"rollback": crashRollsBack, "loops": crashLoopsSucceed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := func() crashOrder {
				made := newCrashOrder(t, runbook)
				made.Stepwise = true
				return made
			}
			calm := order()
			want := spawn(t, calm)
			if want == nil || want.Error != "" {
				t.Fatalf("undisturbed: %+v", want)
			}
			world := made(t, calm)
			checkLetBegin(t, calm)
			for n := int64(1); n <= want.Events+4; n++ {
				t.Run(fmt.Sprintf("record-%d", n), func(t *testing.T) {
					killed := order()
					killed.KillAtEvent = n
					crashAndResume(t, killed, want, world)
					if n > 1 {
						checkLetBegin(t, killed)
					}
				})
			}
			for n := int64(1); n <= want.Effects; n++ {
				t.Run(fmt.Sprintf("effect-%d", n), func(t *testing.T) {
					killed := order()
					killed.KillAtEffect = n
					crashAndResume(t, killed, want, world)
					checkLetBegin(t, killed)
				})
			}
		})
	}
}

// checkLetBegin holds a journal against what a person was asked: of each attempt at a change
// that was begun, also where a crash cut it off, somebody had said that it may.
func checkLetBegin(t *testing.T, order crashOrder) {
	t.Helper()
	may := make(map[event.Op]bool)
	asked := 0
	for _, e := range events(t, order) {
		switch {
		case e.Type == event.Answered && e.Op.Part == event.Begin && e.Answer.Approved:
			may[event.Op{Step: e.Op.Step, Attempt: e.Op.Attempt}] = true
			asked++
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do:
			if !may[event.Op{Step: e.Op.Step, Attempt: e.Op.Attempt}] {
				t.Errorf("%s #%d began, and nobody said that it may\n%s", e.Op.Step, e.Op.Attempt, journalText(t, order))
			}
		}
	}
	if asked == 0 {
		t.Errorf("nobody was asked\n%s", journalText(t, order))
	}
}
