package rehearsal_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

const runbook = checktest.Head + `onFailure: rollback
steps:
  - {id: ask, uses: approve, with: {message: "Go on?", expires: 1h, quorum: 12}}
  - id: keep
    uses: exec
    with: {command: [./keep]}
    rollback: {uses: exec, with: {command: [./drop]}, retry: {attempts: 2}}
  - id: change
    uses: exec
    with: {command: [./change]}
    when: steps.keep.outputs.exitCode == 0
    gate: {observe: {uses: exec.check, with: {command: [./look]}}, expr: observed.exitCode == 0, within: 5m}
    verify: {observe: {uses: exec.check, with: {command: [./look]}}, expr: observed.exitCode == 0}
    retry: {attempts: 2}
    rollback: {uses: exec, with: {command: [./restore]}, retry: {attempts: 1}}
`

func kept() world.Supposed {
	return world.Supposed{Steps: map[string]world.Step{
		"keep": {Provides: []string{"the old file"}}, "change": {BackNeeds: []string{"the old file"}},
	}}
}

func worldOf(t *testing.T, supposed world.Supposed) *world.World {
	t.Helper()
	p, found, err := plan.Make(checktest.Load(t, checktest.Builtin(t), "test.yaml", runbook), plan.Options{Inputs: value.Object()})
	checktest.NoErrors(t, found)
	if err != nil {
		t.Fatal(err)
	}
	return world.Of(p, supposed)
}

func do(step string, kind rehearsal.Kind) rehearsal.Deviation {
	return rehearsal.Deviation{Op: event.Op{Step: step, Part: event.Do, Attempt: 1}, Time: 1, Kind: kind}
}

func undo(step string, kind rehearsal.Kind) rehearsal.Deviation {
	return rehearsal.Deviation{Op: event.Op{Step: step, Part: event.Undo, Attempt: 1}, Time: 1, Kind: kind}
}

func at(part event.Part, kind rehearsal.Kind) rehearsal.Deviation {
	op := event.Op{Part: part}
	if part != rehearsal.AtEnd && part != rehearsal.AtPause {
		op.Step = "change"
	}
	return rehearsal.Deviation{Op: op, Time: 1, Kind: kind}
}

func asked(kind rehearsal.Kind) rehearsal.Deviation {
	return rehearsal.Deviation{Op: event.Op{Step: "ask", Part: event.Do}, Time: 1, Kind: kind}
}

// Each kind of thing that may go wrong does what it says, to the run and to the world.
func TestThingsGoOtherwise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		goes []rehearsal.Deviation
		want string // how the run ended; what each step made; what is left
	}{
		"nothing":                        {nil, "succeeded: keep 2, change 2; left []"},
		"a transient error":              {[]rehearsal.Deviation{do("change", rehearsal.Transient)}, "succeeded: keep 2, change 2; left []"},
		"one for which there is no more": {[]rehearsal.Deviation{do("keep", rehearsal.Transient)}, "rolled_back: keep 0, change 0; left []"},
		"an error half-way":              {[]rehearsal.Deviation{do("change", rehearsal.Permanent)}, "rolled_back: keep 0, change 0; left []"},
		"an answer that comes too late":  {[]rehearsal.Deviation{do("change", rehearsal.Timeout)}, "succeeded: keep 2, change 2; left []"},
		"a death before":                 {[]rehearsal.Deviation{do("change", rehearsal.CrashBefore)}, "succeeded: keep 2, change 2; left []"},
		"a death after":                  {[]rehearsal.Deviation{do("change", rehearsal.CrashAfter)}, "succeeded: keep 2, change 2; left []"},
		"a death of which nobody can tell": {
			[]rehearsal.Deviation{do("change", rehearsal.CrashBlind)}, "succeeded: keep 2, change 2; left []",
		},
		"and then a person has it taken back": {
			[]rehearsal.Deviation{do("change", rehearsal.CrashBlind), at(rehearsal.AtPause, rehearsal.TakenBack)}, "rolled_back: keep 0, change 0; left []",
		},
		"a refusal":                   {[]rehearsal.Deviation{asked(rehearsal.Refused)}, "gate_closed: keep 0, change 0; left []"},
		"silence":                     {[]rehearsal.Deviation{asked(rehearsal.Silence)}, "gate_closed: keep 0, change 0; left []"},
		"a death as people are asked": {[]rehearsal.Deviation{asked(rehearsal.CrashBefore)}, "succeeded: keep 2, change 2; left []"},
		"a gate that closes":          {[]rehearsal.Deviation{at(event.Gate, rehearsal.TurnsFalse)}, "rolled_back: keep 0, change 0; left []"},
		"a verify":                    {[]rehearsal.Deviation{at(event.Verify, rehearsal.NeverTrue)}, "rolled_back: keep 0, change 0; left []"},
		"a step that is skipped":      {[]rehearsal.Deviation{at(event.When, rehearsal.Skipped)}, "succeeded: keep 2, change 0; left []"},
		"a rollback at the end":       {[]rehearsal.Deviation{at(rehearsal.AtEnd, rehearsal.TakenBack)}, "rolled_back: keep 0, change 0; left []"},
		"a rollback that fails": {
			[]rehearsal.Deviation{do("change", rehearsal.Permanent), undo("change", rehearsal.Permanent)}, "stuck: keep 2, change 1; left [keep change]",
		},
		"one that is made good": {
			[]rehearsal.Deviation{do("change", rehearsal.Permanent), undo("keep", rehearsal.Transient)}, "rolled_back: keep 0, change 0; left []",
		},
		"a death in it": {
			[]rehearsal.Deviation{do("change", rehearsal.Permanent), undo("change", rehearsal.CrashAfter)}, "rolled_back: keep 0, change 0; left []",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rehearsal.Run(worldOf(t, kept()), c.goes, nil)
			if s.Result == nil || len(s.Unmet) > 0 {
				t.Fatalf("it did not end (%s), or did not come to %v", s.Why, s.Unmet)
			}
			got := fmt.Sprintf("%s: keep %d, change %d; left %v", s.Result.Outcome, s.Things["keep"], s.Things["change"], s.Result.Left)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			for i, goes := range c.goes {
				if text := goes.String(); !strings.Contains(text, string(goes.Kind)) || slices.Contains(c.goes[:i], goes) {
					t.Errorf("it is told as %q", text)
				}
			}
		})
	}
}

// What an attempt lacks keeps it from doing anything, however it ends.
func TestAnAttemptThatLacksSomethingDoesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []rehearsal.Kind{rehearsal.Permanent, rehearsal.Timeout, rehearsal.CrashAfter, rehearsal.CrashBlind} {
		w := worldOf(t, world.Supposed{Steps: map[string]world.Step{"change": {Needs: []string{"a disk"}, Provides: []string{"the new file"}}}})
		s := rehearsal.Run(w, []rehearsal.Deviation{do("change", kind)}, nil)
		if s.Result == nil || len(s.Unmet) > 0 || s.Things["change"] != rehearsal.Before {
			t.Errorf("%s: change %d, %+v not come to", kind, s.Things["change"], s.Unmet)
		}
	}
}

// A run that is in the same state as another has the same moments before it at which something
// may go otherwise, and comes to the same end.
func TestWhatMayGoOtherwiseIsNotedBehindWhatDid(t *testing.T) {
	t.Parallel()
	plain := rehearsal.Run(worldOf(t, kept()), nil, nil)
	retried := rehearsal.Run(worldOf(t, kept()), []rehearsal.Deviation{do("change", rehearsal.CrashBefore)}, nil)
	if len(plain.Choices) == 0 || len(plain.Passed) == 0 || !slices.Contains(plain.Passed, retried.Passed[len(retried.Passed)-1]) {
		t.Errorf("%d moments in %d states; behind a death that was made good it comes to another state", len(plain.Choices), len(plain.Passed))
	}
	for _, choice := range retried.Choices {
		if choice.Op.Step == "ask" || choice.Op.Step == "keep" {
			t.Errorf("%+v may go otherwise, which came before what did", choice)
		}
	}
}

// Where a run was left off, all that was rehearsed of it stands.
func TestARehearsalIsLeftOffWhereAnotherHasBeen(t *testing.T) {
	t.Parallel()
	states := 0
	s := rehearsal.Run(worldOf(t, kept()), nil, func(rehearsal.State, int) bool {
		states++
		return states == 3
	})
	if !s.Merged || s.Result != nil || len(s.Passed) != 2 || s.At == (rehearsal.State{}) {
		t.Errorf("merged %t in %d states, result %v", s.Merged, len(s.Passed), s.Result)
	}
}

// What branches off from a rehearsal is what it would be from the beginning, to the last event.
func TestWhatBranchesOffIsAsFromTheBeginning(t *testing.T) {
	t.Parallel()
	w := worldOf(t, kept())
	plain := rehearsal.Run(w, nil, nil)
	start, compared := rehearsal.Begin(w, false), 0
	follow(plain, func(at rehearsal.Choice, kind rehearsal.Kind) {
		single := rehearsal.Run(w, goesToo(plain, at, kind), nil)
		same(t, single, start.Branch(at, kind).Rehearse(nil))
		course := start.Branch(at, kind)
		follow(single, func(at rehearsal.Choice, kind rehearsal.Kind) {
			same(t, rehearsal.Run(w, goesToo(single, at, kind), nil), course.Branch(at, kind).Rehearse(nil))
			compared++
		})
	})
	if compared < 100 {
		t.Errorf("%d pairs were compared", compared)
	}
}

func follow(s *rehearsal.Story, each func(rehearsal.Choice, rehearsal.Kind)) {
	for _, choice := range s.Choices {
		for _, kind := range choice.Kinds {
			each(choice, kind)
		}
	}
}

func goesToo(s *rehearsal.Story, at rehearsal.Choice, kind rehearsal.Kind) []rehearsal.Deviation {
	return append(slices.Clone(s.Deviations), rehearsal.Deviation{Op: at.Op, Time: at.Time, Kind: kind})
}

func same(t *testing.T, want, got *rehearsal.Story) {
	t.Helper()
	if len(want.Unmet) > 0 || !slices.Equal(want.Deviations, got.Deviations) || !slices.Equal(want.Passed, got.Passed) {
		t.Errorf("%v: it came to other states, or did not come to %v", want.Deviations, want.Unmet)
	}
	if diff := cmp.Diff(asJSON(t, want.Journal), asJSON(t, got.Journal)); diff != "" {
		t.Errorf("%v: %s", want.Deviations, diff)
	}
	if diff := cmp.Diff(asJSON(t, []any{want.Result, want.Why, want.Things, want.Held, want.Locked}), asJSON(t, []any{got.Result, got.Why, got.Things, got.Held, got.Locked})); diff != "" {
		t.Errorf("%v: %s", want.Deviations, diff)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
