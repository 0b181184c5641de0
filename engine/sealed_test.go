package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// seal seals the plan of a runbook under a serial, and reads it back.
func (p *play) seal(serial, text string, given ...input.Given) (*engine.Plan, *seal.Plan) {
	p.tb.Helper()
	planned := plannedWhole(p.tb, p.engine, locking(p.lock)+text, given...)
	_, file, err := p.engine.Seal(planned, plan.Offline(planned.Plan), seal.Notes{Serial: serial, Made: p.process.Now(), By: "ann"})
	if err != nil {
		p.tb.Fatal(err)
	}
	sealed, found, err := p.engine.Unseal(source.NewFile("web.plan", file))
	if err != nil || len(found) > 0 {
		p.tb.Fatalf("%v, %v", found, err)
	}
	return planned, sealed
}

// carryOut runs a sealed plan to its end or pause.
func (p *play) carryOut(planned *engine.Plan, sealed *seal.Plan) end {
	p.tb.Helper()
	options := runOptions
	options.Sealed = sealed
	return <-p.going(func() (event.Result, error) { return p.engine.Run(context.Background(), planned, p.process, options) })
}

func TestASealedPlanIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		const text = "\nsteps: [{id: a, uses: play.change, with: {name: a}}]\n"
		planned, sealed := p.seal("s1", text)
		if err := p.engine.Used(sealed); err != nil {
			t.Fatal(err)
		}
		p.ends(p.carryOut(planned, sealed), event.OutcomeSucceeded, "a")
		first := p.folder().ID()
		if began := p.of(event.RunStarted)[0].Run; began.Seal != sealed.Digest {
			t.Errorf("the journal says that it carried out %q", began.Seal)
		}
		again := p.carryOut(planned, sealed)
		used, is := errors.AsType[*ledger.UsedError](again.err)
		if !is || used.Run != first || p.folder().ID() != first {
			t.Errorf("a second run ended with %v, and the latest is %s", again.err, p.folder().ID())
		}
		// Made again it is another file, of the same digest.
		planned, next := p.seal("s2", text)
		if next.Digest != sealed.Digest {
			t.Error("the same plan has another digest")
		}
		p.ends(p.carryOut(planned, next), event.OutcomeSucceeded, "a", "a")
	})
}

// What people answered to a plan's digest beforehand, its run takes, once, with the time at
// which they said it; and nothing that was said to another.
func TestAnswersAreGivenToADigest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		planned, sealed := p.seal("s1", signOff)
		_, other := p.seal("s2", signOff+"outputs: {x: 1}\n")
		said := p.process.Now().UTC()
		for _, to := range []*seal.Plan{other, sealed} {
			comment := "of another"
			if to == sealed {
				comment = "of this"
			}
			if err := p.engine.LeaveAnswer(to, nil, engine.Left{Step: "sign_off", Answer: sdk.Answer{Approved: true, By: "carol", Comment: comment, At: said}}, p.process.Now()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour) // of the bubble's clock
		p.ends(p.carryOut(planned, sealed), event.OutcomeSucceeded, "by carol")
		answered := p.of(event.Answered)
		if len(answered) != 1 || answered[0].Plan != sealed.Digest || answered[0].Answer.Comment != "of this" || !answered[0].Answer.At.Equal(said) {
			t.Errorf("got %+v", answered)
		}
		if left, err := p.engine.Answers(sealed, nil, p.process.Now()); err != nil || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
		if left, err := p.engine.Answers(other, nil, p.process.Now()); err != nil || len(left) != 1 {
			t.Errorf("of the other plan %v are left, %v", left, err)
		}
	})
}

// What people answered beforehand waits for its question, however long that takes, also when
// the run rests on the way there.
func TestAnswersWaitForTheirQuestions(t *testing.T) {
	t.Parallel()
	const text = `
steps:
  - {id: slow, uses: play.read, with: {name: slow}}
  - {id: first, uses: approve, with: {message: "Go on?"}}
  - {id: between, uses: play.change, with: {name: between}}
  - {id: second, uses: approve, with: {message: "And on?"}}
  - {id: last, uses: play.change, with: {name: last}}
`
	for name, c := range map[string]struct {
		answers map[string]bool // what is said beforehand
		later   string          // the step that is answered when the run rests
		outcome event.Outcome
		did     []string
	}{
		"two, each after a while": {
			answers: map[string]bool{"first": true, "second": true},
			outcome: event.OutcomeSucceeded, did: []string{"slow", "between", "last"},
		},
		"a no": {
			answers: map[string]bool{"first": true, "second": false},
			outcome: event.OutcomeFailed, did: []string{"slow", "between"},
		},
		"to a question behind one that nobody answered": {
			answers: map[string]bool{"second": true}, later: "first",
			outcome: event.OutcomeSucceeded, did: []string{"slow", "between", "last"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("slow", after(time.Minute))
				p.on("between", after(time.Minute))
				planned, sealed := p.seal("s1", text)
				for step, approved := range c.answers {
					if err := p.engine.LeaveAnswer(sealed, nil, engine.Left{Step: step, Answer: sdk.Answer{Approved: approved, By: "carol", At: p.process.Now()}}, p.process.Now()); err != nil {
						t.Fatal(err)
					}
				}
				got := p.carryOut(planned, sealed)
				if c.later != "" {
					p.ends(got, event.OutcomePaused, "slow")
					request := yes(c.later)
					request.Plan = sealed.Digest
					p.post(request)
					got = <-p.resume(event.ResumeAsked)
				}
				p.ends(got, c.outcome, c.did...)
				if refused := p.of(event.AnswerRefused); len(refused) > 0 || len(p.inboxOf()) > 0 {
					t.Errorf("refused %+v, left %q", refused, p.inboxOf())
				}
			})
		})
	}
}

// An answer to a step that comes to no question is told, when that is known.
func TestAnAnswerToASkippedStepIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("slow", after(time.Minute))
		planned, sealed := p.seal("s1", `
steps:
  - {id: slow, uses: play.read, with: {name: slow}}
  - {id: sign_off, when: "steps.slow.outputs.said == 'x'", uses: approve, with: {message: "Go on?"}}
  - {id: last, uses: play.read, with: {name: last}}
`)
		if err := p.engine.LeaveAnswer(sealed, nil, engine.Left{Step: "sign_off", Answer: sdk.Answer{Approved: true, By: "carol"}}, p.process.Now()); err != nil {
			t.Fatal(err)
		}
		p.on("last", after(time.Minute))
		p.ends(p.carryOut(planned, sealed), event.OutcomeSucceeded, "slow", "last")
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "step sign_off asks nothing now") {
			t.Errorf("refused %+v", refused)
		}
	})
}

func TestARunOfASealedPlanTakesNoAnswerToAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		planned, sealed := p.seal("s1", signOff)
		p.ends(p.carryOut(planned, sealed), event.OutcomePaused)
		withDigest := func(digest string) run.Request {
			request := yes("sign_off")
			request.Plan = digest
			return request
		}
		for _, digest := range []string{"", "sha256:00", planned.Digest} { // the last covers less than what was sealed
			p.post(withDigest(digest))
			time.Sleep(time.Second)
		}
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused)
		var reasons []string
		for _, e := range p.of(event.AnswerRefused) {
			reasons = append(reasons, e.Reason)
		}
		if len(reasons) != 3 || !slices.ContainsFunc(reasons, func(r string) bool {
			return strings.Contains(r, "it was given to the plan sha256:00, and the run carries out "+sealed.Digest)
		}) {
			t.Errorf("refused: %q", reasons)
		}
		p.post(withDigest(sealed.Digest))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "by carol")
	})
}
