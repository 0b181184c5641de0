package engine_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/people/signature"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// handOf is the key of somebody, the same each time for a name.
func handOf(name string) (by signature.Signer, line string, err error) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte(name[:1]), ed25519.SeedSize))
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return by, "", err
	}
	if by, err = signature.ParsePrivate(pem.EncodeToMemory(block), nil); err != nil {
		return by, "", err
	}
	public, err := ssh.NewPublicKey(private.Public())
	return by, string(ssh.MarshalAuthorizedKey(public)), err
}

// team is a policy: who leads must sign.
func team() (books, error) {
	_, ann, failed := handOf("ann")
	_, bob, failing := handOf("bob")
	_, eve, err := handOf("eve")
	return books{
		signers: "ann " + ann + "bob,bobby " + bob + "eve " + eve,
		policy:  "allowedSigners: signers\ngroups: {leads: [ann, bob, bobby]}\n",
	}, errors.Join(failed, failing, err)
}

// signed is an answer as its request.
func signed(s people.Statement, by string) (run.Request, error) {
	document, err := s.Document()
	if err != nil {
		return run.Request{}, err
	}
	signer, _, err := handOf(by)
	if err != nil {
		return run.Request{}, err
	}
	armored, err := signature.Sign(document, signer)
	return run.Request{Type: event.Answered, Step: s.Step, Signed: &people.Signed{Statement: s, Signature: string(armored)}}, err
}

// team has the runbooks go by that policy.
func (p *play) team() {
	p.tb.Helper()
	var err error
	if p.books, err = team(); err != nil {
		p.tb.Fatal(err)
	}
}

// statement is the yes of somebody to the question of the latest run.
func (p *play) statement(who string) people.Statement {
	p.tb.Helper()
	return people.Statement{
		Plan: p.events()[0].Run.AnswersTo(), Run: p.folder().ID(), Step: "sign_off", Part: string(event.Do), Message: "Go on?",
		Answer: people.Yes, Person: who, Time: p.process.Now(),
	}
}

// signs is an answer as its request.
func (p *play) signs(s people.Statement, by string) run.Request {
	p.tb.Helper()
	request, err := signed(s, by)
	if err != nil {
		p.tb.Fatal(err)
	}
	return request
}

const twoSign = `
steps:
  - {id: sign_off, uses: approve, with: {message: "Go on?", from: [leads], quorum: 2, expires: 2h}}
  - {id: a, uses: play.read, with: {name: "by ${{ steps.sign_off.outputs.by }}"}}
`

// Each answer that does not count leaves in the journal who has tried what, and why it was refused;
// those that count are those of two people.
func TestAnswersAreSigned(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.process.Wait = true
		ends := p.start(twoSign)
		ann := p.signs(p.statement("ann"), "ann")
		forged := p.signs(p.statement("ann"), "eve")
		changed := p.signs(p.statement("bob"), "bob")
		changed.Signed.Statement.Comment = "really"
		other := p.statement("bob")
		other.Run = "20260101-000000-aaaaa"
		elsewhere := p.statement("bob")
		elsewhere.Plan = "sha256:00"
		second := p.statement("ann")
		second.Comment = "again"
		old := p.statement("bob")
		old.Time = old.Time.Add(-3 * time.Hour)
		for _, test := range []struct {
			request run.Request
			refused string // empty: it counts
		}{
			{yes("sign_off"), "it is not signed"},
			{forged, "is not one of ann"},
			{changed, "was changed after it was signed"},
			{p.signs(other, "bob"), "given to the run 20260101-000000-aaaaa"},
			{p.signs(elsewhere, "bob"), "given to the plan sha256:00"},
			{p.signs(p.statement("eve"), "eve"), "eve is in none of the groups"},
			{p.signs(old, "bob"), "it has expired"},
			{ann, ""},
			{ann, "an answer is taken once"},
			{p.signs(second, "ann"), "ann has said yes already"},
			{p.signs(p.statement("bob"), "bob"), ""},
			{p.signs(p.statement("bobby"), "bob"), "asks nothing now"},
		} {
			before := len(p.of(event.AnswerRefused))
			p.post(test.request)
			time.Sleep(time.Second) // of the bubble's clock
			refused := p.of(event.AnswerRefused)[before:]
			switch {
			case test.refused == "" && len(refused) > 0:
				t.Errorf("refused: %s", refused[0].Reason)
			case test.refused != "" && test.refused != "asks nothing now" && (len(refused) != 1 || !strings.Contains(refused[0].Reason, test.refused)):
				t.Errorf("want %q, got %+v", test.refused, refused)
			}
		}
		p.ends(<-ends, event.OutcomeSucceeded, "by bob")
		answered := p.of(event.Answered)
		if len(answered) != 2 || answered[0].By != "ann" || answered[1].By != "bob" || answered[0].Proof.Key == "" || answered[0].Proof.Signature != ann.Signed.Signature {
			t.Errorf("got %+v", answered)
		}
	})
}

// One key is one voice, by whatever names it signs.
func TestOneKeyIsOneVoice(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.process.Wait = true
		ends := p.start(twoSign)
		for _, who := range []string{"bob", "bobby"} {
			p.post(p.signs(p.statement(who), "bob"))
			time.Sleep(time.Second)
		}
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "bob has said yes already by the same key") {
			t.Errorf("got %+v", refused)
		}
		no := p.statement("ann")
		no.Answer, no.Comment = people.No, "not today"
		p.post(p.signs(no, "ann"))
		if got := <-ends; got.Outcome != event.OutcomeGateClosed || got.Failure.Message != "ann said no: not today" {
			t.Errorf("got %+v", got)
		}
	})
}

// What was said before a crash or a pause counts after it, and cannot be said again.
func TestVoicesOutliveTheProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		got := p.run(twoSign)
		if got.Outcome != event.OutcomePaused {
			t.Fatalf("got %+v", got)
		}
		ann := p.signs(p.statement("ann"), "ann")
		p.post(ann)
		// The files say otherwise by now, and the run goes by what its plan has kept.
		p.books = books{policy: "start: {expr: \"false\"}\n"}
		if got := <-p.resume(event.ResumeAsked); got.Outcome != event.OutcomePaused || len(p.of(event.Answered)) != 1 {
			t.Fatalf("got %+v, answered %+v", got, p.of(event.Answered))
		}
		p.post(ann)
		<-p.resume(event.ResumeAsked)
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "taken once") {
			t.Errorf("got %+v", refused)
		}
		p.post(p.signs(p.statement("bob"), "bob"))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "by bob")
		var heard []string
		for _, e := range p.of(event.Answered) {
			heard = append(heard, e.By)
		}
		if !slices.Equal(heard, []string{"ann", "bob"}) {
			t.Errorf("heard %v", heard)
		}
	})
}

// A yes that was given once does not count for a question that is asked anew.
func TestAnAnswerIsSpentByItsQuestion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.run(twoSign)
		ann := p.signs(p.statement("ann"), "ann")
		no := p.statement("bob")
		no.Answer = people.No
		p.post(ann)
		<-p.resume(event.ResumeAsked)
		p.post(p.signs(no, "bob"))
		if got := <-p.resume(event.ResumeAsked); got.Outcome != event.OutcomeGateClosed {
			t.Fatalf("got %+v", got)
		}
		p.process.Wait = true
		ends := p.resume(event.ResumeAsked) // it asks again
		p.post(ann)
		time.Sleep(time.Second)
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "taken once") {
			t.Errorf("got %+v", refused)
		}
		p.post(p.signs(p.statement("bob"), "bob"))
		time.Sleep(time.Second)
		p.post(p.signs(p.statement("ann"), "ann"))
		if got := <-ends; got.Outcome != event.OutcomeSucceeded {
			t.Errorf("got %+v, %v", got, got.err)
		}
	})
}

// Nobody is asked who could not be: the question fails, and does not wait for ever.
func TestQuestionsThatNobodyCouldAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, policy, says string }{
		"no such group":    {"ops", "allowedSigners: s\ngroups: {leads: [ann]}\n", "who is in the group ops"},
		"too few in there": {"leads", "allowedSigners: s\ngroups: {leads: [ann]}\n", "it asks 2 people, and there are 1"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.team()
				p.books.policy = c.policy
				p.on("g", func(context.Context, *sdk.Call[playInput]) (playOutput, error) { return playOutput{Said: c.from}, nil })
				got := p.run(`
steps:
  - {id: who, uses: play.read, with: {name: g}}
  - {id: sign_off, uses: approve, with: {message: "Go on?", from: ["${{ steps.who.outputs.said }}"], quorum: 2}}
`)
				if got.Failure == nil || !strings.Contains(got.Failure.Message, c.says) {
					t.Errorf("got %+v, %v", got.Failure, got.err)
				}
			})
		})
	}
}

// The policy says who may start, stop and take up a run; what is asked of one that goes on is
// refused in its journal.
func TestThePolicyIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.books.policy = `
people: {ann: {accounts: [alice]}}
groups: {leads: [ann]}
start: {expr: "person.name == 'ann'"}
cancel: {expr: "'leads' in person.groups && person.starter"}
`
		p.on("slow", after(time.Minute))
		ends := p.start("\nsteps: [{id: a, uses: play.change, with: {name: slow}}]\n")
		p.post(run.Request{Type: event.CancelAsked}) // as carol
		p.ends(<-ends, event.OutcomeSucceeded, "slow")
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "does not let somebody whom it does not know") ||
			wording.Describe(refused[0]).What != "a request to cancel was refused" {
			t.Errorf("got %+v", refused)
		}
		for _, ask := range []event.Type{event.RollbackAsked, event.ResumeAsked} {
			if got := <-p.resume(ask); !isDenied(got.err) { // as bob
				t.Errorf("%s: %v", ask, got.err)
			}
		}
		p.books.policy = "start: {expr: \"false\", message: nobody}\n"
		if got := p.run("\nsteps: [{id: a, uses: play.change, with: {name: b}}]\n"); !isDenied(got.err) || !strings.Contains(got.err.Error(), "nobody") {
			t.Errorf("got %v", got.err)
		}
		if folder, err := p.engine.Store().Open(journal.Latest); err != nil || p.events()[0].Run.ID != folder.ID() {
			t.Errorf("a run that was not let begin has left something: %v", err)
		}
	})
}

func isDenied(err error) bool {
	_, is := errors.AsType[*engine.DeniedError](err)
	return is
}

// Also of a run that nobody can take up the policy says who may end it.
func TestThePolicyIsHeldToWithoutAPlan(t *testing.T) {
	for policy, may := range map[string]bool{
		"cancel: {expr: \"effect == 'change'\"}\n": true,
		"cancel: {expr: \"effect == 'read'\"}\n":   false,
		"groups: {leads: [ann]}\n":                 true,
	} {
		t.Run(policy, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.books.policy = policy
				if got := p.run(signOff + "  - {id: b, uses: play.change, with: {name: b}}\n"); got.Outcome != event.OutcomePaused {
					t.Fatalf("got %+v, %v", got, got.err)
				}
				if got := p.giveUp(); isDenied(got.err) == may {
					t.Errorf("got %v", got.err)
				}
			})
		})
	}
}
