package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/run"
)

// Who takes a run up is held to who sealed its plan and who started it.
func TestWhoSealedAPlanMayBeKeptFromItsRun(t *testing.T) {
	for rule, may := range map[string]bool{"!person.author": false, "person.starter": false, "person.author": true} {
		t.Run(rule, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.books.policy = "start: {expr: \"person.name != 'bob' || " + rule + "\"}\npeople: {ann: {accounts: [alice]}, bob: {accounts: [bob, ann]}}\n"
				planned, sealed := p.seal("s1", signOff) // by the account ann
				if got := p.carryOut(planned, sealed); got.Outcome != event.OutcomePaused {
					t.Fatalf("got %+v, %v", got, got.err)
				}
				if got := <-p.resume(event.ResumeAsked); isDenied(got.err) == may { // as bob
					t.Errorf("got %v", got.err)
				}
			})
		})
	}
}

// A run whose compensation asks people asks people.
func TestARunThatAsksWhenItIsTakenBackAsks(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.books.policy += "neverApprove: [starter]\npeople: {ann: {accounts: [nobody]}}\n"
		got := p.run(`
steps:
  - {id: a, uses: play.change, with: {name: a}, rollback: {uses: manual, with: {instructions: "Put it back."}}}
`)
		if !isDenied(got.err) || !strings.Contains(got.err.Error(), "knows no person whose account is alice") {
			t.Errorf("got %+v, %v", got, got.err)
		}
	})
}

// What is in the inbox of a run that ends is refused, and is good for no later day: neither is
// what was signed before the question was asked again.
func TestAnswersDoNotOutliveTheirRun(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.run("\nonFailure: stop" + oneSigns)
		early, kept := p.signs(p.statement("bob"), "bob"), p.statement("bob")
		kept.Comment = "another"
		late := p.signs(kept, "bob")
		other := p.statement("bob")
		other.Step = "a"
		for _, request := range []run.Request{p.signs(other, "eve"), early, late} {
			p.post(request)
			time.Sleep(time.Minute) // of the bubble's clock
		}
		p.process.Wait = true
		if got := p.giveUp(); got.err != nil || got.Outcome != event.OutcomeFailed {
			t.Fatalf("got %+v, %v", got, got.err)
		}
		if refused := p.of(event.AnswerRefused); len(refused) != 3 || len(p.inboxOf()) > 0 || !strings.Contains(refused[0].Reason, "the run has ended") {
			t.Errorf("refused %+v, left %v", refused, p.inboxOf())
		}
		ends := p.resume(event.ResumeAsked)
		p.post(late)
		time.Sleep(time.Second)
		refused := p.of(event.AnswerRefused)
		if last := refused[len(refused)-1].Reason; !strings.Contains(last, "asked again") || !strings.Contains(last, "sign another") {
			t.Errorf("refused %+v", refused)
		}
		p.post(p.signs(p.statement("bob"), "bob"))
		p.ends(<-ends, event.OutcomeSucceeded, "by bob")
	})
}

// When the driver ends a run, it tells of each answer that still waits there whether it would have counted.
func TestADriverEmptiesTheInboxOfARunThatEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.process.Wait = true
		p.on("slow", fail("permanent"))
		planned, sealed := p.seal("s1", `
steps:
  - {id: slow, uses: play.read, with: {name: slow}}
  - {id: sign_off, uses: approve, with: {message: "Go on?", from: [leads]}}
`)
		policy, err := p.engine.SealedPolicy(sealed)
		if err != nil {
			t.Fatal(err)
		}
		_ = p.leaves(sealed, policy, beforehand{answer: people.Yes, person: "bob", key: "eve"}) // it does not count, and is left
		if err := p.leaves(sealed, policy, beforehand{answer: people.Yes, person: "bob", key: "bob"}); err != nil {
			t.Fatal(err)
		}
		if got := p.carryOut(planned, sealed); got.err != nil || got.Outcome == event.OutcomeSucceeded {
			t.Fatalf("got %+v, %v", got, got.err)
		}
		refused := p.of(event.AnswerRefused)
		if len(refused) != 2 || len(p.inboxOf()) > 0 || !strings.Contains(refused[0].Reason+refused[1].Reason, "is not one of bob") {
			t.Errorf("refused %+v, left %v", refused, p.inboxOf())
		}
		if events := p.events(); events[len(events)-1].Type != event.RunFinished {
			t.Errorf("the last record is %s", events[len(events)-1].Type)
		}
		p.on("slow", nil)
		ends := p.resume(event.ResumeAsked) // its journal is read as it was written
		request := p.signs(p.statement("bob"), "bob")
		request.Plan = sealed.Digest
		p.post(request)
		if got := <-ends; got.err != nil || got.Outcome != event.OutcomeSucceeded {
			t.Errorf("taken up again: %+v, %v", got, got.err)
		}
	})
}

// Of what nobody knew before it was asked, a yes that was signed beforehand is none.
func TestABlindYesDoesNotCount(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.process.Wait = true
		planned, sealed := p.seal("s1", `
steps:
  - {id: look, uses: play.read, with: {name: "42"}}
  - {id: sign_off, uses: approve, with: {message: "Delete ${{ steps.look.outputs.said }}?", from: [leads]}}
`)
		options := runOptions
		options.Sealed = sealed
		ends := p.going(func() (event.Result, error) { return p.engine.Run(t.Context(), planned, p.process, options) })
		blind := people.Statement{Plan: sealed.Digest, Serial: "s1", Step: "sign_off", Part: "do", Answer: people.Yes, Person: "bob", Time: p.process.Now()}
		request := p.signs(blind, "bob")
		request.Plan = sealed.Digest
		p.post(request)
		time.Sleep(time.Second)
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "nobody can say yes to it then") {
			t.Errorf("refused %+v", refused)
		}
		seen := p.statement("bob")
		seen.Message = "Delete 42?"
		request = p.signs(seen, "bob")
		request.Plan = sealed.Digest
		p.post(request)
		if got := <-ends; got.Outcome != event.OutcomeSucceeded {
			t.Errorf("got %+v, %v", got, got.err)
		}
	})
}

// A key that is taken out of the file of allowed signers keeps a run from going on by it, and not
// from being stopped.
func TestAKeyThatIsTakenOutKeepsARunFromGoingOn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *books)
		may    bool
	}{
		"nothing":          {func(*books) {}, true},
		"another key more": {func(b *books) { b.signers = strings.ReplaceAll(b.signers, "ann ", "anna ") + b.signers }, true},
		"a key out": {func(b *books) {
			b.signers = b.signers[:strings.Index(b.signers, "bob,")] + b.signers[strings.Index(b.signers, "eve "):]
		}, false},
		"a key that ended":    {func(b *books) { b.signers = strings.ReplaceAll(b.signers, "eve ", `eve valid-before="19990101Z" `) }, false},
		"a file with a fault": {func(b *books) { b.signers += "rubbish\n" }, false},
		"no file any more":    {func(b *books) { *b = books{} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.team()
				p.books.policy = strings.ReplaceAll(p.books.policy, "groups: {leads: [ann, bob, bobby]}", "")
				p.run(signOff)
				c.change(&p.books)
				got := <-p.resume(event.ResumeAsked)
				if isDenied(got.err) == c.may || !c.may && name != "a file with a fault" && !strings.Contains(got.err.Error(), "cancel it, and begin anew") {
					t.Errorf("got %+v, %v", got, got.err)
				}
				if got := <-p.resume(event.CancelAsked); got.err != nil {
					t.Errorf("it cannot be cancelled: %v", got.err)
				}
			})
		})
	}
}
