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
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// seal seals the plan of a runbook under a serial, and reads it back.
func (p *play) seal(serial, text string, given ...plan.Given) (*engine.Plan, *seal.Plan) {
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
			if err := p.engine.LeaveAnswer(to, "sign_off", sdk.Answer{Approved: true, By: "carol", Comment: comment, At: said}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour) // of the bubble's clock
		p.ends(p.carryOut(planned, sealed), event.OutcomeSucceeded, "by carol")
		answered := p.of(event.Answered)
		if len(answered) != 1 || answered[0].Plan != sealed.Digest || answered[0].Answer.Comment != "of this" || !answered[0].Answer.At.Equal(said) {
			t.Errorf("got %+v", answered)
		}
		if left, err := p.engine.Answers(sealed); err != nil || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
		if left, err := p.engine.Answers(other); err != nil || len(left) != 1 {
			t.Errorf("of the other plan %v are left, %v", left, err)
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
