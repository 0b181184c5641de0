package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestResumeOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		runbook string
		deeds   map[string]deed
		ended   event.Outcome
		ask     event.Type
		refused string
		outcome event.Outcome
		did     []string // since the first end
	}{
		"a run that succeeded has nothing left to do": {
			runbook: twoSteps, ended: event.OutcomeSucceeded, ask: event.ResumeAsked, refused: "the run has nothing left to do",
		},
		"a run that succeeded cannot be cancelled": {
			runbook: twoSteps, ended: event.OutcomeSucceeded, ask: event.CancelAsked, refused: "the run has ended",
		},
		"a run that succeeded is taken back as a whole": {
			runbook: twoSteps, ended: event.OutcomeSucceeded, ask: event.RollbackAsked,
			outcome: event.OutcomeRolledBack, did: []string{"-b", "-a"},
		},
		"a run that was taken back is not taken back again": {
			runbook: twoSteps, deeds: map[string]deed{"b": fail(sdk.Permanent)}, ended: event.OutcomeRolledBack,
			ask: event.RollbackAsked, refused: "nothing that the run changed is left to take back",
		},
		"a run that was taken back is not resumed": {
			runbook: twoSteps, deeds: map[string]deed{"b": fail(sdk.Permanent)}, ended: event.OutcomeRolledBack,
			ask: event.ResumeAsked, refused: "the run has nothing left to do",
		},
		"a run that stopped tries what failed, and then what could not run": {
			runbook: strings.Replace(twoSteps, "rollback", "stop", 1) + "  - {id: c, uses: play.change, with: {name: c}}\n",
			deeds:   map[string]deed{"b": times(1, sdk.Permanent)}, ended: event.OutcomeFailed,
			ask: event.ResumeAsked, outcome: event.OutcomeSucceeded, did: []string{"b", "c"},
		},
		"a run that is stuck tries the compensation again": {
			runbook: twoSteps, deeds: map[string]deed{"b": fail(sdk.Permanent), "-a": times(1, sdk.Permanent)},
			ended: event.OutcomeStuck, ask: event.ResumeAsked, outcome: event.OutcomeRolledBack, did: []string{"-a"},
		},
		"a run whose gate was closed is let in later": {
			runbook: "\nsteps:\n  - {id: a, uses: play.change, with: {name: a}, gate: {observe: {uses: play.read, with: {name: look}}, expr: 'true'}}\n",
			deeds:   map[string]deed{"look": times(1, sdk.Permanent)}, ended: event.OutcomeGateClosed,
			ask: event.ResumeAsked, outcome: event.OutcomeSucceeded, did: []string{"look", "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				for name, do := range c.deeds {
					p.on(name, do)
				}
				if got := p.run(c.runbook); got.Outcome != c.ended || got.err != nil {
					t.Fatalf("ended %s, %v", got.Outcome, got.err)
				}
				before := p.did()
				got := <-p.resume(c.ask)
				if c.refused == "" {
					p.ends(got, c.outcome, slices.Concat(before, c.did)...)
					return
				}
				if refused, ok := errors.AsType[*run.RefusedError](got.err); !ok || refused.Reason != c.refused || refused.Run != p.folder().ID() {
					t.Errorf("got %v", got.err)
				}
				if said := p.of(event.RequestRefused); len(said) != 1 || said[0].Reason != c.refused {
					t.Errorf("in the journal: %+v", said)
				}
			})
		})
	}
}

// lines are those of a journal, without newlines.
func (p *play) lines() []string {
	p.tb.Helper()
	text, err := os.ReadFile(p.folder().JournalPath())
	if err != nil {
		p.tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func (p *play) writeJournal(text string) {
	p.tb.Helper()
	if err := os.WriteFile(p.folder().JournalPath(), []byte(text), 0o600); err != nil {
		p.tb.Fatal(err)
	}
}

// rewrite makes the journal of the latest run anew, with a sound chain, out of what
// change makes of its events.
func (p *play) rewrite(change func([]event.Event) []event.Event) {
	p.tb.Helper()
	events := change(p.events())
	if err := os.Remove(p.folder().JournalPath()); err != nil {
		p.tb.Fatal(err)
	}
	log, err := p.folder().CreateJournal()
	if err != nil {
		p.tb.Fatal(err)
	}
	for _, e := range events {
		line, err := json.Marshal(e)
		if err == nil {
			_, err = log.Append(line)
		}
		if err != nil {
			p.tb.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		p.tb.Fatal(err)
	}
}

func TestJournalWithOtherDecisionsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func([]event.Event) []event.Event
		seq      uint64
		computed string
	}{
		"another status": {
			change: func(events []event.Event) []event.Event {
				events[4].Status = event.Failed
				return events
			},
			seq: 5, computed: "step.decided a/do succeeded",
		},
		"a decision too many": {
			change: func(events []event.Event) []event.Event {
				return slices.Insert(events, 2, event.Event{Type: event.ModeChanged, Mode: event.Closing})
			},
			seq: 3, computed: "nothing",
		},
		"a decision too few": {
			change: func(events []event.Event) []event.Event { return slices.Delete(events, 4, 5) },
			seq:    7, computed: "step.decided a/do succeeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.ends(p.run(strings.Replace(twoSteps, "rollback", "stop", 1)), event.OutcomeSucceeded, "a", "b")
				p.rewrite(c.change)
				got := <-p.resume(event.ResumeAsked)
				diverged, ok := errors.AsType[*run.DivergedError](got.err)
				if !ok || diverged.Seq != c.seq || diverged.Computed != c.computed {
					t.Errorf("got %v (%+v)", got.err, diverged)
				}
			})
		})
	}
}

func TestDamagedJournalIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", fail(sdk.Permanent))
		p.ends(p.run(strings.Replace(twoSteps, "rollback", "stop", 1)), event.OutcomeFailed, "a")
		text := strings.Join(p.lines(), "\n") + "\n"
		p.writeJournal(strings.Replace(text, `"succeeded"`, `"Succeeded"`, 1))
		got := <-p.resume(event.ResumeAsked)
		if damage, ok := errors.AsType[*journal.DamagedError](got.err); !ok || damage.Seq != 5 {
			t.Errorf("got %v", got.err)
		}
	})
}

// A crash may tear the last group of records at any byte.
func TestTornJournalIsRepaired(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		whole   int // lines that stay, counted from the end
		torn    int // bytes of the next
		did     []string
		repairs bool
	}{
		"in the last line":             {whole: -1, torn: 20, repairs: true},
		"between the last lines":       {whole: -1},
		"before the run's end":         {whole: -2},
		"before its last decisions":    {whole: -4, torn: 1, repairs: true},
		"before the result of b":       {whole: -5, torn: 30, repairs: true},
		"before the intent to do b":    {whole: -6, did: []string{"b"}},
		"in the middle of the line of": {whole: -6, torn: 90, did: []string{"b"}, repairs: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				const runbook = "\nsteps:\n  - {id: a, uses: play.seen, with: {name: a}}\n  - {id: b, uses: play.seen, with: {name: b}}\n"
				p.ends(p.run(runbook), event.OutcomeSucceeded, "a", "b")
				lines := p.lines()
				keep := lines[:len(lines)+c.whole]
				p.writeJournal(strings.Join(keep, "\n") + "\n" + lines[len(keep)][:c.torn])
				p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, append([]string{"a", "b"}, c.did...)...)
				told := slices.ContainsFunc(p.of(event.RunResumed), func(e event.Event) bool { return strings.Contains(e.Reason, "torn") })
				saved, err := os.ReadFile(strings.TrimSuffix(p.folder().JournalPath(), ".jsonl") + ".torn-1")
				if c.repairs != (err == nil) || c.repairs && !bytes.Equal(saved, []byte(lines[len(keep)][:c.torn])) {
					t.Errorf("set aside %q, %v", saved, err)
				}
				if c.repairs && !told {
					t.Errorf("nobody was told: %+v", p.of(event.RunResumed))
				}
				if last := p.events(); last[len(last)-1].Type != event.RunFinished {
					t.Errorf("the journal ends with %s", last[len(last)-1].Type)
				}
			})
		})
	}
}

func TestRequestsSurviveACrashAndAreCarriedOutOnce(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]bool{"before it was in the journal": false, "after it was in the journal": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("a", after(inboxLook+1))
				runbook := strings.ReplaceAll(twoSteps, "play.change", "play.seen")
				ends := p.start(runbook)
				id := p.post(run.Request{Type: event.PauseAsked, Reason: "lunch"})
				p.ends(<-ends, event.OutcomePaused, "a")
				// The process dies before it could remove the request, and perhaps before
				// it could write it down.
				if !kept {
					lines := p.lines()
					asked := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.PauseAsked })
					p.writeJournal(strings.Join(lines[:asked], "\n") + "\n")
				}
				p.repost(id, run.Request{Type: event.PauseAsked, By: "carol", Reason: "lunch"})
				p.on("a", nil)
				p.on("b", after(inboxLook+1))
				got := <-p.resume(event.ResumeAsked)
				if left := p.inboxOf(); len(left) > 0 {
					t.Errorf("left in the inbox: %q", left)
				}
				if asked := p.of(event.PauseAsked); len(asked) != 1 || asked[0].Request != id || asked[0].By != "carol" {
					t.Errorf("asked: %+v", asked)
				}
				// Whoever resumes the run knows better than who asked for the pause.
				p.ends(got, event.OutcomeSucceeded, "a", "b")
			})
		})
	}
}

func TestCancelThatWaitsInTheInboxComesBeforeAnythingNew(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.post(run.Request{Type: event.CancelAsked})
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeRolledBack, "a", "-a")
	})
}

// repost puts a request into the inbox as it was.
func (p *play) repost(id string, request run.Request) {
	p.tb.Helper()
	body, err := json.Marshal(request)
	if err == nil {
		err = os.WriteFile(strings.TrimSuffix(p.folder().JournalPath(), "journal.jsonl")+"inbox/"+id+".json", body, 0o600)
	}
	if err != nil {
		p.tb.Fatal(err)
	}
}
