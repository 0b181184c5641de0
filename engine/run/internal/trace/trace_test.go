package trace

import (
	"testing"

	"github.com/gatebook/gatebook/engine/event"
)

const calledBy = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

// A run is a span of the trace in which it was called, else of one of its own, which
// follows from its id and seed.
func TestARunIsASpanOfItsCaller(t *testing.T) {
	t.Parallel()
	trace, flags, ok := ids(Of(event.Run{ID: "r", CalledBy: calledBy}))
	if !ok || trace != "0af7651916cd43dd8448eb211c80319c" || flags != "00" {
		t.Errorf("got the trace %s with the flags %s", trace, flags)
	}
	own := Of(event.Run{ID: "r", Seed: 7})
	if _, flags, ok := ids(own); !ok || flags != "01" || own != Of(event.Run{ID: "r", Seed: 7}) {
		t.Errorf("got %s, want a trace that can be made again", own)
	}
	if own == Of(event.Run{ID: "r", Seed: 8}) || own == Of(event.Run{ID: "s", Seed: 7}) {
		t.Error("two runs are one trace")
	}
}

func TestEachAttemptIsASpan(t *testing.T) {
	t.Parallel()
	run := Of(event.Run{ID: "r", CalledBy: calledBy})
	seen := map[string]event.Op{run: {}, calledBy: {}}
	for _, op := range []event.Op{
		{Step: "a", Part: event.Do, Attempt: 1},
		{Step: "a", Part: event.Do, Attempt: 2},
		{Step: "a", Part: event.Undo, Attempt: 1},
		{Step: "a", Part: event.Verify, Index: 1, Attempt: 1},
		{Step: "b", Part: event.Do, Attempt: 1},
	} {
		span := Span(run, op)
		if trace, flags, ok := ids(span); !ok || trace != calledBy[3:35] || flags != "00" {
			t.Errorf("%v has the span %q, want one of the run's trace", op, span)
		}
		if other, taken := seen[span]; taken {
			t.Errorf("%v and %v have one span", op, other)
		}
		seen[span] = op
	}
	if span := Span("", event.Op{Step: "a"}); span != "" {
		t.Errorf("an attempt of a run without a trace has the span %q", span)
	}
}

func TestWhatIsNoTraceContextIsPassedOver(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		calledBy: true,
		"cc" + calledBy[2:] + "-what-a-later-version-adds": true,
		"":                            false,
		"00" + calledBy[2:] + "-more": false,
		"ff" + calledBy[2:]:           false,
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-00": false,
		"00-00000000000000000000000000000000-b7ad6b7169203331-00": false,
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-00": false,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-00":  false,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331":    false,
	} {
		if _, _, ok := ids(text); ok != want {
			t.Errorf("%q: %t, want %t", text, ok, want)
		}
	}
}
