package wording_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/wording"
)

func TestLoopsInWords(t *testing.T) {
	t.Parallel()
	about := func(kind event.Type, index int, batches ...int) event.Event {
		e := event.Event{Type: kind, Op: &event.Op{Step: "roll", Part: event.Do, Index: index}}
		if kind == event.LoopOpened {
			e.Loop = &event.Loop{Batches: batches}
			for _, size := range batches {
				for range size {
					e.Loop.Keys = append(e.Loop.Keys, fmt.Sprint(len(e.Loop.Keys)))
				}
			}
		}
		return e
	}
	timer := func(purpose string, part event.Part) event.Event {
		return event.Event{Type: event.TimerFired, Timer: &event.Timer{Purpose: purpose, Op: event.Op{Step: "roll", Part: part, Index: 1}}}
	}
	for want, e := range map[string]event.Event{
		"is done for nothing: there is no item":   about(event.LoopOpened, 0),
		"is done for 1":                           about(event.LoopOpened, 0, 1),
		"is done for 3, one after the other":      about(event.LoopOpened, 0, 1, 1, 1),
		"is done for 3, in one batch":             about(event.LoopOpened, 0, 3),
		"is done for 5, in batches of 1, 2 and 2": about(event.LoopOpened, 0, 1, 2, 2),
		"is done for 40, in 8 batches of 4 to 6":  about(event.LoopOpened, 0, 4, 5, 5, 5, 5, 5, 5, 6),
		"batch 2 is done":                         about(event.BatchDone, 1),
		"goes on after the pause behind batch 2":  timer(event.TimerPause, event.Between),
		"is due for its next attempt":             timer(event.TimerRetry, event.Do),
		"is due for the next look at its gate":    timer(event.TimerPoll, event.Gate),
		"had until now for its verify":            timer(event.TimerDeadline, event.Verify),
		"had until now for an answer":             timer(event.TimerExpiry, event.Do),
	} {
		if said := wording.Describe(e); said.What != want || said.Step != "roll" {
			t.Errorf("said of %q %q, want %q", said.Step, said.What, want)
		}
	}
	if got := wording.BatchDone(1, 3); got != "batch 2 of 3 is done" {
		t.Error(got)
	}
	// What a later gatebook writes may lack what this one looks for.
	for _, e := range []event.Event{{Type: event.TimerFired}, {Type: event.LoopOpened, Op: &event.Op{Step: "roll"}}} {
		if said := wording.Describe(e); said.What == "" || !said.Minor {
			t.Errorf("said of an empty %s: %+v", e.Type, said)
		}
	}
}
