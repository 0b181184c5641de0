package limit_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestWhatIsBegunIsCountedOnce(t *testing.T) {
	t.Parallel()
	tally := limit.NewTally(&event.Foreseen{
		Targets: map[string][]int{"a": {0, 1}, "b": {1, 1}, "none": {}},
		Cost:    map[string]sdk.Cost{"a": {"usd": 0.1}, "b": {"usd": 0.2}},
	})
	tally.Begin("a", sdk.Change)
	tally.Begin("a", sdk.Change)
	tally.Begin("b", sdk.Destroy)
	tally.Begin("none", sdk.Change)
	tally.Begin("unsaid", sdk.Change)
	tally.Begin("looks", sdk.Read)
	want := limit.Used{Changes: 4, Destroys: 1, Targets: 3, Cost: sdk.Cost{"usd": 0.3}}
	if diff := cmp.Diff(want, tally.Used()); diff != "" {
		t.Error(diff)
	}
	tally.Spend("b", sdk.Cost{"usd": 5})
	tally.Forget("a") // it has begun
	want.Cost = sdk.Cost{"usd": 5.1}
	if diff := cmp.Diff(want, tally.Used()); diff != "" {
		t.Error(diff)
	}
}

// Of a unit of which an action did not say in the end what it cost, what it foresaw counts on: that
// it cost nothing is an amount of 0.
func TestAUnitThatIsNotToldCountsAsItWasForeseen(t *testing.T) {
	t.Parallel()
	tally := limit.NewTally(&event.Foreseen{Cost: map[string]sdk.Cost{"a": {"usd": 5, "calls": 3, "gb": 1}}})
	tally.Begin("a", sdk.Change)
	tally.Spend("a", sdk.Cost{"usd": 2, "gb": 0})
	if diff := cmp.Diff(sdk.Cost{"usd": 2, "calls": 3, "gb": 0}, tally.Used().Cost); diff != "" {
		t.Error(diff)
	}
}

// Room that is given back leaves no trace, whatever was kept and begun in between.
func TestRoomThatIsGivenBackLeavesNoTrace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		foreseen := &event.Foreseen{Targets: map[string][]int{"a": {0, 1}, "b": {1}, "c": {}}, Cost: map[string]sdk.Cost{"a": {"usd": 0.1}, "d": {"usd": 0.7}}}
		effects := map[string]sdk.Effect{"a": sdk.Change, "b": sdk.Destroy, "c": sdk.Change, "d": sdk.Change, "e": sdk.Read}
		tally, begun := limit.NewTally(foreseen), map[string]bool{}
		for range rapid.IntRange(0, 20).Draw(t, "what happens") {
			step := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "step")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				tally.Keep(step, effects[step])
			case 1:
				tally.Forget(step)
			default:
				tally.Begin(step, effects[step])
				begun[step] = true
			}
		}
		for step := range effects {
			tally.Forget(step)
		}
		alone := limit.NewTally(foreseen)
		for step := range begun {
			alone.Begin(step, effects[step])
		}
		want, got := alone.Used(), tally.Used()
		if want.Cost["usd"] != got.Cost["usd"] || want.Changes != got.Changes || want.Destroys != got.Destroys || want.Targets != got.Targets {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestALimitRefusesWhatGoesOverIt(t *testing.T) {
	t.Parallel()
	limits := &event.Limits{Changes: new(2), Destroys: new(0), Duration: time.Hour, Cost: sdk.Cost{"usd": 1}}
	tally := limit.NewTally(&event.Foreseen{Cost: map[string]sdk.Cost{"dear": {"usd": 1.5}, "cheap": {"usd": 1}}})
	tally.Begin("a", sdk.Change)
	for _, c := range []struct {
		step    string
		effect  sdk.Effect
		elapsed time.Duration
		want    string
	}{
		{"b", sdk.Change, 0, ""},
		{"b", sdk.Destroy, 0, "that makes 1 destroy, and maxDestroys is 0"},
		{"dear", sdk.Change, 0, "that costs 1.5 usd, and maxCost is 1 usd"},
		{"cheap", sdk.Change, time.Hour, ""},
		{"b", sdk.Change, 2 * time.Hour, "the run began 2h0m0s ago, and maxDuration is 1h0m0s"},
		{"a", sdk.Change, 2 * time.Hour, "the run began 2h0m0s ago, and maxDuration is 1h0m0s"},
		{"b", sdk.Read, 2 * time.Hour, ""},
	} {
		if got := tally.Refuses(limits, c.step, c.effect, c.elapsed).Words(); got != c.want {
			t.Errorf("%s after %s: got %q, want %q", c.step, c.elapsed, got, c.want)
		}
	}
	tally.Begin("b", sdk.Change)
	if got, want := tally.Refuses(limits, "c", sdk.Change, 0).Words(), "that makes 3 changes, and maxChanges is 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := tally.Refuses(limits, "b", sdk.Change, 0).Words(); got != "" {
		t.Errorf("one that has begun is tried again: got %q", got)
	}
	if got := tally.Refuses(nil, "c", sdk.Destroy, time.Hour).Words(); got != "" {
		t.Errorf("without limits: got %q", got)
	}
}

// Of steps that have their room together, none has any where there is not enough for all.
func TestRoomIsReservedForAllOrForNone(t *testing.T) {
	t.Parallel()
	limits := &event.Limits{Changes: new(3)}
	tally := limit.NewTally(nil)
	tally.Begin("a", sdk.Change)
	reserve := func(steps map[string]sdk.Effect) string { return tally.Reserve(limits, maps.All(steps)).Words() }
	if got := reserve(map[string]sdk.Effect{"a": sdk.Change, "b": sdk.Change, "c": sdk.Change, "look": sdk.Read}); got != "" {
		t.Errorf("refused: %s", got)
	}
	if got, want := reserve(map[string]sdk.Effect{"b": sdk.Change, "d": sdk.Change}), "that makes 4 changes, and maxChanges is 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := tally.Used().Changes; got != 3 {
		t.Errorf("%d are counted", got)
	}
	if got := reserve(map[string]sdk.Effect{"b": sdk.Change}); got != "" {
		t.Errorf("what has its room is refused: %s", got)
	}
}
