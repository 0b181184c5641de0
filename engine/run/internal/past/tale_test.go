package past

import (
	"encoding/json"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What a run may have changed is told by its tries alone: each must be known to have changed
// nothing, and a later one says nothing of an earlier one of its number.
func TestATaleKnowsWhatMayHaveChanged(t *testing.T) {
	t.Parallel()
	try := func(step string, part event.Part) *event.Op { return &event.Op{Step: step, Part: part, Attempt: 1} }
	began := func(op *event.Op) event.Event { return event.Event{Type: event.AttemptStarted, Op: op} }
	failed := func(op *event.Op, class sdk.Class, unchanged bool) event.Event {
		return event.Event{Type: event.AttemptFinished, Op: op, Failure: &event.Failure{Class: class, Unchanged: unchanged}}
	}
	saw := func(op *event.Op, state sdk.State) event.Event {
		return event.Event{Type: event.AttemptObserved, Op: op, State: state}
	}
	a, looks := try("a", event.Do), try("looks", event.Do)
	for name, c := range map[string]struct {
		events  []event.Event
		changed bool
	}{
		"nothing was tried":                {nil, false},
		"a step that only reads":           {[]event.Event{began(looks)}, false},
		"what takes back such a step":      {[]event.Event{began(try("looks", event.Undo))}, true},
		"a try that ended well":            {[]event.Event{began(a), {Type: event.AttemptFinished, Op: a}}, true},
		"one that certainly did nothing":   {[]event.Event{began(a), failed(a, sdk.Permanent, true)}, false},
		"one that may have done something": {[]event.Event{began(a), failed(a, sdk.Permanent, false)}, true},
		"one whose answer was lost":        {[]event.Event{began(a), failed(a, event.Lost, true)}, true},
		"one that nothing is known of":     {[]event.Event{began(a)}, true},
		"one that was seen to be undone":   {[]event.Event{began(a), saw(a, sdk.Untouched)}, false},
		"one of which nobody can tell":     {[]event.Event{began(a), saw(a, sdk.CannotTell)}, true},
		"one that a crash cut off, tried again in vain": {
			[]event.Event{began(a), began(a), failed(a, sdk.Permanent, true)}, true,
		},
		"a question that was answered with no": {
			[]event.Event{began(a), {Type: event.Answered, Op: a, Answer: &sdk.Answer{}}}, false,
		},
		"one that was answered with yes": {
			[]event.Event{began(a), {Type: event.Answered, Op: a, Answer: &sdk.Answer{Approved: true}}}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tale := &Tale{reads: map[string]bool{"looks": true}, open: map[event.Op]bool{}}
			for i, e := range c.events {
				line, err := json.Marshal(e)
				if err == nil {
					err = tale.Record(journal.Record{Seq: uint64(i + 1), Payload: line})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if got := tale.MayHaveChanged(); got != c.changed {
				t.Errorf("it may have changed something: %t, want %t", got, c.changed)
			}
		})
	}
	if err := (&Tale{}).Record(journal.Record{Seq: 7, Payload: []byte("{")}); err == nil {
		t.Error("a record that is no event was taken in")
	}
}
