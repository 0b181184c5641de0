package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const oneSigns = `
steps:
  - {id: sign_off, uses: approve, with: {message: "Go on?", from: [leads], expires: 2h}}
  - {id: a, uses: play.read, with: {name: "by ${{ steps.sign_off.outputs.by }}"}}
`

// forges cuts the journal of the latest run behind its first question, and goes on with
// records that follow from what is there: whoever has the state folder can.
func (p *play) forges(more ...event.Event) {
	p.tb.Helper()
	text, err := os.ReadFile(p.folder().JournalPath())
	if err != nil {
		p.tb.Fatal(err)
	}
	at := bytes.Index(text, []byte(`"ask.opened"`))
	text = text[:at+bytes.IndexByte(text[at:], '\n')+1]
	if err := os.WriteFile(p.folder().JournalPath(), text, 0o600); err != nil {
		p.tb.Fatal(err)
	}
	log, _, err := p.folder().OpenJournal(func(journal.Record) error { return nil })
	if err != nil {
		p.tb.Fatal(err)
	}
	for _, e := range more {
		payload, err := json.Marshal(e)
		if err == nil {
			_, err = log.Append(payload)
		}
		if err != nil {
			p.tb.Fatal(err)
		}
	}
	if err := errors.Join(log.Sync(), log.Close()); err != nil {
		p.tb.Fatal(err)
	}
}

// answered is the record of a signed yes, as a driver writes it.
func (p *play) answered(request run.Request) event.Event {
	p.tb.Helper()
	said := request.Signed.Statement
	document, err := said.Document()
	if err != nil {
		p.tb.Fatal(err)
	}
	statement, err := json.Marshal(said)
	if err != nil {
		p.tb.Fatal(err)
	}
	signer, _, err := handOf(said.Person)
	if err != nil {
		p.tb.Fatal(err)
	}
	return event.Event{
		Time: p.process.Now(), Type: event.Answered, Op: &event.Op{Step: "sign_off", Part: event.Do}, By: said.Person, Plan: said.Plan,
		Answer: &sdk.Answer{Approved: true, By: said.Person, At: said.Time, Comment: said.Comment},
		Proof: &event.Proof{
			Key: signer.Key().Fingerprint(), Document: event.Digest(document), Signature: request.Signed.Signature, Statement: statement, Judged: p.process.Now(),
		},
	}
}

// A yes in the journal is none where nobody has signed it, though the journal's hashes are right.
func TestAForgedYesInTheJournalDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *people.Statement)
		by     string
		forge  func(e *event.Event)
		says   string // empty: it counts
	}{
		"as it was written": {},
		"with no proof":     {forge: func(e *event.Event) { e.Proof = nil }, says: "nothing proves that it was signed"},
		"without what was signed": {
			forge: func(e *event.Event) { e.Proof.Statement = nil }, says: "nothing proves that it was signed",
		},
		"by the key of another": {by: "eve", says: "is not one of bob"},
		"that was given to another run": {
			change: func(s *people.Statement) { s.Run = "20260101-000000-aaaaa" }, says: "given to the run 20260101-000000-aaaaa",
		},
		"of one who is not asked":   {change: func(s *people.Statement) { s.Person = "eve" }, by: "eve", says: "in none of the groups"},
		"that was a no":             {change: func(s *people.Statement) { s.Answer = people.No }, says: "something else than what was signed"},
		"with other words":          {forge: func(e *event.Event) { e.Answer.Comment = "gladly" }, says: "something else than what was signed"},
		"in the name of another":    {forge: func(e *event.Event) { e.By = "ann" }, says: "something else than what was signed"},
		"that had expired":          {change: func(s *people.Statement) { s.Time = s.Time.Add(-3 * time.Hour) }, says: "it has expired"},
		"that is judged to-morrow":  {forge: func(e *event.Event) { e.Proof.Judged = e.Time.Add(time.Hour) }, says: "something else than what was signed"},
		"with what is no statement": {forge: func(e *event.Event) { e.Proof.Statement = json.RawMessage(`1`) }, says: "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.team()
				if got := p.run(oneSigns); got.Outcome != event.OutcomePaused {
					t.Fatalf("got %+v, %v", got, got.err)
				}
				said, by := p.statement("bob"), "bob"
				if c.change != nil {
					c.change(&said)
				}
				if c.by != "" {
					by = c.by
				}
				e := p.answered(p.signs(said, by))
				outputs := value.Object(value.Member{Name: "by", Value: value.String("bob")})
				e.Outputs = &outputs
				if c.forge != nil {
					c.forge(&e)
				}
				p.forges(e)
				got := <-p.resume(event.ResumeAsked)
				if c.says == "" {
					p.ends(got, event.OutcomeSucceeded, "by bob")
					return
				}
				forged, is := errors.AsType[*run.ForgedError](got.err)
				if !is || !strings.Contains(forged.Error(), c.says) || forged.Step != "sign_off" || len(p.did()) > 0 {
					t.Errorf("got %v, did %v", got.err, p.did())
				}
			})
		})
	}
}

// One yes is not two, though it stands in the journal twice.
func TestAYesThatIsCopiedInTheJournalDoesNotCount(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.run(twoSign)
		yes := p.answered(p.signs(p.statement("bob"), "bob"))
		p.forges(yes, yes)
		if got := <-p.resume(event.ResumeAsked); got.err == nil || !strings.Contains(got.err.Error(), "taken once") {
			t.Errorf("got %v", got.err)
		}
	})
}

// What people sign is kept as they signed it, and so must hold no secret.
func TestWhatIsSignedHoldsNoSecret(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		got := p.run("\nsteps: [{id: ask, uses: play.ask, with: {name: a}}]\n")
		if got.Failure == nil || !strings.Contains(got.Failure.Message, "the journal keeps what people sign") {
			t.Errorf("a question for a secret: %+v", got.Failure)
		}
		p.process.Wait = true
		ends := p.start("\ninputs: {token: {type: string, secret: true}}"+oneSigns,
			input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		said := p.statement("bob")
		said.Comment = "by " + secret
		p.post(p.signs(said, "bob"))
		time.Sleep(time.Second) // of the bubble's clock
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "in clear") {
			t.Errorf("got %+v", refused)
		}
		p.post(p.signs(p.statement("bob"), "bob"))
		p.ends(<-ends, event.OutcomeSucceeded, "by bob")
		if text, err := os.ReadFile(p.folder().JournalPath()); err != nil || bytes.Contains(text, []byte(secret)) {
			t.Errorf("the journal has the secret, %v", err)
		}
	})
}
