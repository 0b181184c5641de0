package invariant_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill/internal/invariant"
	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const runbook = checktest.Head + `onFailure: rollback
steps:
  - {id: sign_off, uses: approve, with: {message: "Drop it?"}}
  - id: drop
    uses: exec
    with: {command: [./drop]}
    gate: {observe: {uses: exec.check, with: {command: [./unused]}}, expr: observed.exitCode == 0}
    rollback: {uses: exec, with: {command: [./restore]}}
  - {id: look, uses: exec.check, with: {command: [./look]}}
finally:
  - {id: tell, uses: exec.check, with: {command: [./tell]}}
`

// rehearse rehearses the runbook, whose second step destroys something.
func rehearse(t *testing.T, schedule ...rehearsal.Deviation) *rehearsal.Story {
	t.Helper()
	checked := checktest.Load(t, checktest.Builtin(t), "test.yaml", runbook)
	p, found, err := plan.Make(checked, plan.Options{Inputs: value.Object()})
	checktest.NoErrors(t, found)
	if err != nil {
		t.Fatal(err)
	}
	p.Steps[1].Effect = sdk.Destroy
	supposed := world.Supposed{Steps: map[string]world.Step{"drop": {Takes: []string{"alarms"}}, "look": {Releases: []string{"alarms"}}}}
	return rehearsal.Run(world.Of(p, supposed), schedule, nil)
}

// lookFails has the last step fail, so that the one before it is taken back.
func lookFails() rehearsal.Deviation {
	return rehearsal.Deviation{Op: event.Op{Step: "look", Part: event.Do, Attempt: 1}, Time: 1, Kind: rehearsal.Permanent}
}

// without takes events out of a journal.
func without(s *rehearsal.Story, is func(event.Event) bool) {
	s.Journal = slices.DeleteFunc(s.Journal, func(e *event.Event) bool { return is(*e) })
}

func decides(step string) func(event.Event) bool {
	return func(e event.Event) bool { return e.Type == event.StepDecided && e.Op.Step == step }
}

func TestEachInvariantCanBeBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failures []rehearsal.Deviation
		twist    func(*rehearsal.Story)
		want     string // the invariants that it breaks, with the steps
	}{
		"a sound run":            {twist: func(*rehearsal.Story) {}},
		"one that is taken back": {failures: []rehearsal.Deviation{lookFails()}, twist: func(*rehearsal.Story) {}},
		"a run without an end": {
			twist: func(s *rehearsal.Story) { s.Result, s.Why = nil, "it waits" },
			want:  "ends",
		},
		"a run that was left off": {
			twist: func(s *rehearsal.Story) { s.Result, s.Merged = nil, true },
		},
		"nobody said yes": {
			twist: func(s *rehearsal.Story) { without(s, decides("sign_off")) },
			want:  "destroy drop",
		},
		"nobody was asked, and there is no gate": {
			twist: func(s *rehearsal.Story) {
				for i, e := range s.Journal {
					if decides("sign_off")(*e) {
						s.Journal[i].Status = event.Skipped
					}
				}
				s.World.Plan().Steps[1].Gate = nil
			},
			want: "destroy drop",
		},
		"a gate that nobody looked at": {
			twist: func(s *rehearsal.Story) { without(s, func(e event.Event) bool { return e.Type == event.ConditionMet }) },
			want:  "gate drop",
		},
		"a gate that was false": {
			twist: func(s *rehearsal.Story) {
				for i, e := range s.Journal {
					if e.Type == event.ConditionMet {
						verdict := *e.Verdict
						verdict.Truth = "false"
						s.Journal[i].Verdict = &verdict
					}
				}
			},
			want: "gate drop",
		},
		"a change that is not told": {
			twist: func(s *rehearsal.Story) { s.Result.Changed = nil },
			want:  "accounted drop",
		},
		"a change that was not taken back": {
			failures: []rehearsal.Deviation{lookFails()},
			twist:    func(s *rehearsal.Story) { s.Things["drop"] = rehearsal.After },
			want:     "accounted drop",
		},
		"a rollback that fails by itself": {
			failures: []rehearsal.Deviation{lookFails()},
			twist:    left,
			want:     "way back drop",
		},
		"a step without a rollback": {
			failures: []rehearsal.Deviation{lookFails()},
			twist: func(s *rehearsal.Story) {
				left(s)
				s.World.Plan().Steps[1].Rollback = nil
			},
			want: "way back drop",
		},
		"a rollback that was let fail": {
			failures: []rehearsal.Deviation{lookFails()},
			twist: func(s *rehearsal.Story) {
				left(s)
				s.Deviations = append(s.Deviations, rehearsal.Deviation{Op: event.Op{Step: "drop", Part: event.Undo, Attempt: 1}, Kind: rehearsal.Permanent})
			},
		},
		"the lock of the run": {
			twist: func(s *rehearsal.Story) { s.Locked = true },
			want:  "locks",
		},
		"a thing that nobody gives back": {
			twist: func(s *rehearsal.Story) { s.Held["alarms"] = "drop" },
			want:  "locks drop",
		},
		"finally that does not run": {
			twist: func(s *rehearsal.Story) { without(s, decides("tell")) },
			want:  "finally tell",
		},
		"a run that fails by itself": {
			twist: func(s *rehearsal.Story) {
				s.Result.Outcome, s.Result.Step, s.Result.Failure = event.OutcomeFailed, "look", &event.Failure{Message: "it is broken"}
			},
			want: "goal look",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rehearse(t, c.failures...)
			c.twist(s)
			var got []string
			for _, rule := range invariant.All() {
				for _, breach := range rule.Breaches(s) {
					got = append(got, strings.TrimSpace(rule.Name+" "+breach.Step))
				}
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q\n%s", got, c.want, s.Why)
			}
		})
	}
}

// left has the run say that it could not take back what it did take back.
func left(s *rehearsal.Story) {
	s.Result.Left, s.Result.Undone = []string{"drop"}, nil
	for i, e := range s.Journal {
		if e.Type == event.StepDecided && e.Status == event.Undone {
			s.Journal[i].Status, s.Journal[i].Failure = event.LeftOver, &event.Failure{Message: "it is gone"}
		}
	}
}
