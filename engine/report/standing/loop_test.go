package standing_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

var night = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// fleet is a plan of two steps, the second of which is done for many: known before the run
// with keys, and else not.
func fleet(keys ...string) *plan.Plan {
	roll := &plan.Step{ID: "roll", Use: plan.Use{Action: "exec", Effect: sdk.Change}, Loop: &plan.Loop{
		MaxFailures: plan.Budget{Total: "34%"}, Pause: time.Minute, Between: []*plan.Condition{{Expr: "x"}},
	}}
	for _, key := range keys {
		roll.Loop.Batches = append(roll.Loop.Batches, 1)
		roll.Loop.Instances = append(roll.Loop.Instances, roll.Instance(key))
	}
	return &plan.Plan{Steps: []*plan.Step{{ID: "before"}, roll, {ID: "after"}}}
}

func opened(batches []int, keys ...string) event.Event {
	return event.Event{
		Type: event.LoopOpened, Time: night, Op: &event.Op{Step: "roll", Part: event.Do},
		Loop: &event.Loop{Keys: keys, Batches: batches},
	}
}

func decided(step string, status event.Status) event.Event {
	e := event.Event{Type: event.StepDecided, Time: night, Op: &event.Op{Step: step, Part: event.Do}, Status: status}
	if status == event.Failed {
		e.Failure = &event.Failure{Class: sdk.Transient, Message: "no answer"}
	}
	return e
}

func batchDone(index int) event.Event {
	return event.Event{Type: event.BatchDone, Time: night, Op: &event.Op{Step: "roll", Part: event.Do, Index: index}}
}

func told(s *standing.Status, events ...event.Event) *standing.Status {
	for _, e := range events {
		s.Apply(e)
	}
	return s
}

func ids(steps []*standing.Step) string {
	var ids []string
	for _, step := range steps {
		ids = append(ids, step.ID)
	}
	return strings.Join(ids, " ")
}

func one(key string) string { return event.InstanceID("roll", key) }

// What a step is done for may be known before the run, or when it opens: once the run has
// opened it, it stands the same.
func TestInstancesStandBelowTheirStep(t *testing.T) {
	t.Parallel()
	const want = `before roll roll["b"] roll["a"] roll["c"] after`
	for name, s := range map[string]*standing.Status{
		"known before":          standing.New(fleet("b", "a", "c")),
		"when opened":           told(standing.New(fleet()), opened([]int{1, 1, 1}, "b", "a", "c")),
		"both":                  told(standing.New(fleet("b", "a", "c")), opened([]int{1, 1, 1}, "b", "a", "c")),
		"opened twice":          told(standing.New(fleet()), opened([]int{1, 1, 1}, "b", "a", "c"), opened([]int{1, 1, 1}, "b", "a", "c")),
		"as foreseen otherwise": told(standing.New(fleet("b", "z")), opened([]int{1, 1, 1}, "b", "a", "c")),
	} {
		if got := ids(s.Steps); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if got := s.Tally(); got != "5 steps: 5 pending" {
			t.Errorf("%s: %s", name, got)
		}
		if s.Total() != 5 || s.Counts[event.Pending] != 5 {
			t.Errorf("%s: %d steps, counts %v", name, s.Total(), s.Counts)
		}
	}
	if got := standing.New(fleet()).Tally(); got != "3 steps: 3 pending" {
		t.Errorf("a step of which nothing is known yet: %s", got)
	}
	if got := told(standing.New(fleet()), opened(nil)).Tally(); got != "3 steps: 3 pending" {
		t.Errorf("a step that is done for nothing: %s", got)
	}
}

func TestALoopSaysWhatItIsAt(t *testing.T) {
	t.Parallel()
	keys := []string{"a", "b", "c", "d"}
	begin := []event.Event{opened([]int{1, 3}, keys...), decided("roll", event.Running), decided(one("a"), event.Running)}
	first := append(slices.Clone(begin), decided(one("a"), event.Succeeded), batchDone(0))
	over := event.Event{Type: event.TimerFired, Time: night, Timer: &event.Timer{Purpose: event.TimerPause, Op: event.Op{Step: "roll", Part: event.Between}}}
	until := night.Add(3 * time.Minute)
	unmet := event.Event{
		Type: event.ConditionMet, Time: night, Op: &event.Op{Step: "roll", Part: event.Between, Attempt: 1},
		Verdict: &event.Verdict{Expr: "x", Message: "too many errors", Truth: "false", Until: &until},
	}
	second := append(slices.Clone(first), over, decided(one("b"), event.Failed), decided(one("c"), event.Running))
	for name, c := range map[string]struct {
		events []event.Event
		want   string
	}{
		"ahead":         {begin[:1], "for 4, in batches of 1 and 3"},
		"begun":         {begin, "0 of 4 done, batch 1 of 2"},
		"pausing":       {first, "1 of 4 done, after batch 1 of 2 · pauses until 03:01:00, 1m left"},
		"after a pause": {append(slices.Clone(first), over), "1 of 4 done, after batch 1 of 2"},
		"between":       {append(slices.Clone(first), over, unmet), "1 of 4 done, after batch 1 of 2 · waits between batches until 03:03:00, 3m left: too many errors"},
		"one failed":    {second, "1 of 4 done, batch 2 of 2, 1 failed (1 may)"},
		"done":          {append(slices.Clone(second), decided(one("c"), event.Succeeded), decided(one("d"), event.Skipped), decided("roll", event.Succeeded)), "2 of 4 done, 1 failed (1 may), 1 skipped"},
		"over its budget": {
			append(slices.Clone(second), decided(one("c"), event.Failed), decided(one("d"), event.NotRun), decided("roll", event.Failed)),
			"transient: no answer · 1 of 4 done, 2 failed (1 may), 1 not run",
		},
		"tried again": {append(slices.Clone(second), decided("roll", event.Failed), decided("roll", event.Pending), decided(one("b"), event.Pending),
			decided("roll", event.Running), decided(one("b"), event.Running)), "1 of 4 done, batch 2 of 2"},
		"nothing": {[]event.Event{opened(nil), decided("roll", event.Succeeded)}, "for nothing: there is no item"},
	} {
		step, _ := told(standing.New(fleet()), c.events...).Step("roll")
		if got := step.Doing(night); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// A loop under way rests while the run does, which its clock and its word say.
func TestALoopRestsWithItsRun(t *testing.T) {
	t.Parallel()
	mode := func(m event.Mode) event.Event { return event.Event{Type: event.ModeChanged, Time: night, Mode: m} }
	s := told(standing.New(fleet("a", "b")), mode(event.Going), opened([]int{1, 1}, "a", "b"), decided("roll", event.Running))
	step, _ := s.Step("roll")
	if told(s, mode(event.Paused)); step.Status != event.Resting {
		t.Errorf("in a paused run it is %s", step.Status)
	}
	if told(s, mode(event.Going)); step.Status != event.Running {
		t.Errorf("in a run that goes on it is %s", step.Status)
	}
}

// Instances that never began stand as their step does.
func TestInstancesOfAStepThatDoesNotBegin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step event.Status
		want map[event.Status]int
	}{
		{event.Skipped, map[event.Status]int{event.Pending: 2, event.Skipped: 2}},
		{event.NotRun, map[event.Status]int{event.Pending: 2, event.NotRun: 2}},
		{event.Failed, map[event.Status]int{event.Pending: 2, event.NotRun: 2}},
	} {
		s := told(standing.New(fleet("a", "b")), decided("roll", c.step))
		if !maps.Equal(s.Counts, c.want) {
			t.Errorf("%s: %v, want %v", c.step, s.Counts, c.want)
		}
		if told(s, decided("roll", event.Pending)); s.Counts[event.Pending] != 4 {
			t.Errorf("%s, then tried again: %v", c.step, s.Counts)
		}
	}
}

// However instances come and go, each step is counted once.
func TestCountsOfLoopsAddUp(t *testing.T) {
	t.Parallel()
	s := told(standing.New(fleet("a", "b", "c")), opened([]int{3}, "a", "b", "c"), decided("roll", event.Running),
		decided(one("a"), event.Running), decided(one("a"), event.Succeeded), decided(one("b"), event.Failed), decided("roll", event.Failed),
		opened([]int{1}, "d"), decided("roll", event.Running), decided(one("d"), event.Running))
	want := map[event.Status]int{event.Pending: 2, event.Succeeded: 1, event.Failed: 1, event.Running: 1}
	if !maps.Equal(s.Counts, want) {
		t.Errorf("counts are %v, want %v", s.Counts, want)
	}
	if _, there := s.Step(one("c")); there {
		t.Error("an instance that is none any more and never began is still there")
	}
	if step, _ := s.Step("roll"); step.Loop.Counts[event.Running] != 1 || len(step.Loop.Counts) != 1 {
		t.Errorf("of the loop: %v", step.Loop.Counts)
	}
}

// Whoever answers copies the command: the shell must leave the id whole.
func TestCommandsQuoteInstances(t *testing.T) {
	t.Parallel()
	s := standing.New(fleet())
	s.Run.ID = "r1"
	told(s, opened([]int{5}, "a", "it's", "c", "d", "e"), decided("roll", event.Running))
	for _, key := range []string{"a", "it's", "c", "d", "e"} {
		told(s, event.Event{Type: event.AskOpened, Time: night, Op: &event.Op{Step: one(key), Part: event.Do}}, decided(one(key), event.Asking))
		told(s, event.Event{Type: event.AskOpened, Time: night, Op: &event.Op{Step: one(key), Part: event.Do}})
	}
	var typed []string
	for _, c := range s.Commands() {
		typed = append(typed, c.Type)
	}
	all := strings.Join(typed, "\n")
	for _, want := range []string{
		`gatebook approve r1 'roll["a"]'`, `gatebook reject r1 'roll["a"]' --reason TEXT`, `gatebook approve r1 'roll["it'\''s"]'`, "gatebook status r1 --all",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, `roll["d"]`) {
		t.Errorf("all of many are told:\n%s", all)
	}
}

// A view tells of a batch what an event by itself does not know.
func TestABatchIsToldOfSoMany(t *testing.T) {
	t.Parallel()
	e := batchDone(1)
	s := told(standing.New(fleet()), opened([]int{1, 2, 2}, "a", "b", "c", "d", "e"), e)
	if said := s.Describe(e); said.What != "batch 2 of 3 is done" || said.Why != "it pauses until 03:01:00" || said.Minor {
		t.Errorf("said %+v", said)
	}
}

// A forged journal is told of by the audit, which must not fail of it.
func TestABatchThatThereIsNotIsPassedOver(t *testing.T) {
	t.Parallel()
	for name, batches := range map[string][]int{
		"as many as there are": {1, 2}, "more than there are": {1, 99}, "fewer than none": {3, -2}, "none": nil,
	} {
		s := told(standing.New(fleet()), opened(batches, "a", "b", "c"))
		for _, index := range []int{-1, 0, 1, 2, 99} {
			told(s, batchDone(index))
		}
		if s.Total() != 5 {
			t.Errorf("%s: %d steps", name, s.Total())
		}
	}
}

func BenchmarkLoopApply(b *testing.B) {
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("n%d", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := told(standing.New(fleet(keys...)), opened([]int{len(keys)}, keys...), decided("roll", event.Running))
		for _, key := range keys {
			told(s, decided(one(key), event.Running), decided(one(key), event.Succeeded))
		}
	}
}

// A loop that has succeeded is not taken back itself: it stands as its instances do that are, and
// says how many.
func TestALoopThatIsTakenBackSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		back event.Status
		word string
		says string
	}{
		"all of it": {event.Undone, "undone", "2 undone"},
		"in part":   {event.LeftOver, "could not be undone", "1 could not be undone, 1 undone"},
	} {
		s := told(standing.New(fleet()), opened([]int{2}, "a", "b"), decided(one("a"), event.Succeeded), decided(one("b"), event.Succeeded),
			decided("roll", event.Succeeded), decided(one("b"), event.Undone), decided(one("a"), c.back))
		roll, _ := s.Step("roll")
		if got := roll.Doing(night); roll.Word() != c.word || got != c.says {
			t.Errorf("%s: it is %q, %q, want %q, %q", name, roll.Word(), got, c.word, c.says)
		}
	}
}
