package engine_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const signOff = `
steps:
  - {id: sign_off, uses: approve, with: {message: "Go on?", expires: 2h}}
  - {id: a, uses: play.read, with: {name: "by ${{ steps.sign_off.outputs.by }}"}}
`

const byHand = `
steps:
  - id: look
    uses: manual
    with: {instructions: "Look.", fields: {serial: {type: string, pattern: "^[A-Z]+$"}}}
    rollback: {none: it is done by hand}
  - {id: a, uses: play.read, with: {name: "${{ steps.look.outputs.fields.serial }}"}}
`

func yes(step string, fields ...string) run.Request {
	return run.Request{Type: event.Answered, Step: step, Answer: &sdk.Answer{
		Approved: true, Fields: json.RawMessage(strings.Join(fields, "")),
	}}
}

func no(step, comment string) run.Request {
	return run.Request{Type: event.Answered, Step: step, Answer: &sdk.Answer{Comment: comment}}
}

// inboxOf lists what waits in the inbox of the latest run.
func (p *play) inboxOf() []string {
	p.tb.Helper()
	entries, err := os.ReadDir(filepath.Join(filepath.Dir(p.folder().JournalPath()), "inbox"))
	if err != nil {
		p.tb.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAnswersFromAnotherProcessWhileTheRunLives(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		runbook  string
		requests []run.Request
		outcome  event.Outcome
		did      []string
		refused  []string // the reasons
		failure  string
	}{
		"yes": {
			runbook: signOff, requests: []run.Request{yes("sign_off")},
			outcome: event.OutcomeSucceeded, did: []string{"by carol"},
		},
		"no, with a comment": {
			runbook: signOff, requests: []run.Request{no("sign_off", "not on a Friday")},
			outcome: event.OutcomeGateClosed, failure: "carol said no: not on a Friday",
		},
		"fields that do not fit, and then some that do": {
			runbook: byHand, requests: []run.Request{yes("look"), yes("look", `{"serial":"abc"}`), yes("look", `[1]`), yes("look", `{"serial":"ABC"}`)},
			outcome: event.OutcomeSucceeded, did: []string{"ABC"}, refused: []string{"fields: ", "fields: ", "fields: "},
		},
		"to a step that asks nothing": {
			runbook: signOff, requests: []run.Request{yes("a"), yes("nobody"), {Type: event.Answered, Step: "sign_off"}, yes("sign_off")},
			outcome: event.OutcomeSucceeded, did: []string{"by carol"},
			refused: []string{"step a asks nothing now", "step nobody asks nothing now", "the request holds no answer"},
		},
		"what nobody may ask for": {
			runbook: signOff, requests: []run.Request{{Type: event.RunFinished}, {Type: event.ResumeAsked}, yes("sign_off")},
			outcome: event.OutcomeSucceeded, did: []string{"by carol"},
			refused: []string{`nobody knows what "run.finished" asks for`, `nobody knows what "resume.asked" asks for`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.process.Wait = true
				ends := p.start(c.runbook)
				for _, r := range c.requests {
					p.post(r)
					time.Sleep(time.Second)
				}
				got := <-ends
				p.ends(got, c.outcome, c.did...)
				if c.failure != "" && got.Failure.Message != c.failure {
					t.Errorf("failure %q", got.Failure.Message)
				}
				refused := p.of(event.AnswerRefused)
				for i, e := range refused {
					if e.By != "carol" || e.Request == "" || i >= len(c.refused) || !strings.Contains(e.Reason, c.refused[i]) {
						t.Errorf("refused %+v", e)
					}
				}
				if len(refused) != len(c.refused) || len(p.inboxOf()) > 0 {
					t.Errorf("%d refused, left in the inbox: %q", len(refused), p.inboxOf())
				}
			})
		})
	}
}

func TestTheFirstOfTwoAnswersCounts(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		ends := p.start(signOff + `
  - {id: b, uses: play.read, with: {name: later}}
`)
		p.on("later", after(time.Minute))
		first := p.post(yes("sign_off"))
		time.Sleep(time.Millisecond) // requests are sorted by the time
		second := p.post(no("sign_off", "too late"))
		p.ends(<-ends, event.OutcomeSucceeded, "by carol", "later")
		answered, refused := p.of(event.Answered), p.of(event.AnswerRefused)
		if len(answered) != 1 || answered[0].Request != first || len(refused) != 1 || refused[0].Request != second {
			t.Errorf("answered %+v, refused %+v", answered, refused)
		}
	})
}

func TestQuestionsWhileNobodyDrivesTheRun(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		got := p.run(signOff)
		p.ends(got, event.OutcomePaused)
		if !slices.Equal(got.Asking, []string{"sign_off"}) {
			t.Errorf("asking %q", got.Asking)
		}
		p.post(yes("sign_off"))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "by carol")
	})
}

func TestAnAnswerThatDoesNotFitDoesNotKeepARunThatNobodyDrivesFromPausing(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.ends(p.run(byHand), event.OutcomePaused)
		p.post(yes("look", `{"serial":"1"}`))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused)
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || len(p.inboxOf()) > 0 {
			t.Errorf("refused %+v, left %q", refused, p.inboxOf())
		}
		p.post(yes("look", `{"serial":"X"}`))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "X")
	})
}

func TestAnAnswerWaitsForAGateThatIsJudgedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		const gated = `
steps:
  - id: sign_off
    uses: approve
    with: {message: "Go on?"}
    gate: {observe: {uses: play.read, with: {name: look}}, expr: "true", within: 1h, every: 1m}
`
		p.ends(p.run(gated), event.OutcomePaused, "look")
		p.post(yes("sign_off"))
		p.on("look", times(3, sdk.Transient))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "look", "look")
	})
}

func TestQuestionExpires(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		began := time.Now()
		got := p.run(signOff)
		p.ends(got, event.OutcomeGateClosed)
		if took := time.Since(began); got.Failure.Class != event.Refused || took < 2*time.Hour || took > 2*time.Hour+time.Second {
			t.Errorf("%+v after %s", got.Failure, took)
		}
	})
}

// asker is a person at the terminal.
type asker func(ctx context.Context, question sdk.Question) (sdk.Answer, error)

func (a asker) Ask(ctx context.Context, _ *plan.Step, question sdk.Question, _ run.Attacher) (sdk.Answer, error) {
	return a(ctx, question)
}

func TestTerminalAndInboxRace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		thinks time.Duration // the person at the terminal
		by     string
	}{
		"the terminal is first":               {time.Millisecond, "by alice"},
		"the inbox is first":                  {time.Minute, "by carol"},
		"both at the moment of the next look": {inboxLook, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				withdrawn := false
				p.process.Asker = asker(func(ctx context.Context, q sdk.Question) (sdk.Answer, error) {
					if q.Message != "Go on?" {
						t.Errorf("asked %q", q.Message)
					}
					select {
					case <-time.After(c.thinks):
						return sdk.Answer{Approved: true, By: "alice"}, nil
					case <-ctx.Done():
						withdrawn = true
						return sdk.Answer{}, ctx.Err()
					}
				})
				ends := p.start(signOff)
				p.post(yes("sign_off"))
				got := <-ends
				synctest.Wait()
				if c.by == "" {
					c.by = p.did()[0]
				}
				p.ends(got, event.OutcomeSucceeded, c.by)
				if len(p.of(event.Answered)) != 1 || withdrawn && c.by != "by carol" {
					t.Errorf("answered %+v, withdrawn %v", p.of(event.Answered), withdrawn)
				}
			})
		})
	}
}

// inboxLook is when a driver looks into its inbox first.
const inboxLook = 100 * time.Millisecond

func TestTerminalIsAskedAgainWhereTheAnswerDoesNotFit(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		answers := []string{`{}`, `{"serial":"a"}`, `{"serial":"ABC"}`}
		p.process.Asker = asker(func(context.Context, sdk.Question) (sdk.Answer, error) {
			fields := answers[0]
			answers = answers[1:]
			return sdk.Answer{Approved: true, By: "alice", Fields: json.RawMessage(fields)}, nil
		})
		p.ends(p.run(byHand), event.OutcomeSucceeded, "ABC")
		if refused := p.of(event.AnswerRefused); len(refused) != 2 || refused[0].By != "alice" {
			t.Errorf("refused %+v", refused)
		}
	})
}

func TestRunPausesWhereTheTerminalIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Asker = asker(func(context.Context, sdk.Question) (sdk.Answer, error) {
			return sdk.Answer{}, errSilent
		})
		got := p.run(signOff)
		p.ends(got, event.OutcomePaused)
		if !slices.Equal(got.Asking, []string{"sign_off"}) {
			t.Errorf("asking %q", got.Asking)
		}
	})
}

// The request itself lies in the inbox until it is taken in.
func TestSecretFieldsOfAnAnswerAreNotWrittenDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []run.Request
		outcome event.Outcome
		did     []string
	}{
		"of a yes": {
			answers: []run.Request{yes("a", `{"said":"x","token":"`+secret+`"}`)},
			outcome: event.OutcomeSucceeded, did: []string{"b"},
		},
		"of a no": {
			answers: []run.Request{{Type: event.Answered, Step: "a", Answer: &sdk.Answer{
				Comment: "not with " + secret, Fields: json.RawMessage(`{"token":"` + secret + `"}`),
			}}},
			outcome: event.OutcomeGateClosed,
		},
		"of an answer that does not fit": {
			answers: []run.Request{yes("a", `{"said":"","token":"`+secret+`"}`), no("a", "")},
			outcome: event.OutcomeGateClosed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.process.Wait = true
				ends := p.start(`
steps:
  - {id: a, uses: play.ask, with: {name: a}}
  - {id: b, uses: play.read, with: {name: b, env: "${{ steps.a.outputs.token }}"}}
`)
				for _, answer := range c.answers {
					p.post(answer)
					time.Sleep(time.Second)
				}
				p.ends(<-ends, c.outcome, c.did...)
				if text := strings.Join(p.lines(), "\n"); strings.Contains(text, secret) {
					t.Error(text)
				}
			})
		})
	}
}

// A request of another user may be for nobody else to read. It must neither take the
// run down nor keep the other requests from it.
func TestRequestThatCannotBeReadIsToldOfOnceAndWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		ends := p.start(signOff)
		inbox := filepath.Join(filepath.Dir(p.folder().JournalPath()), "inbox")
		secretive := filepath.Join(inbox, "20000101-000000-000000000-abcdefgh.json")
		if err := os.Mkdir(secretive, 0o700); err != nil { // which not even root can read as a file
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		refused := p.of(event.AnswerRefused)
		if len(refused) != 1 || !strings.Contains(refused[0].Reason, filepath.Base(secretive)) {
			t.Errorf("told: %+v", refused)
		}
		if err := os.Remove(secretive); err != nil {
			t.Fatal(err)
		}
		p.post(yes("sign_off"))
		p.ends(<-ends, event.OutcomeSucceeded, "by carol")
	})
}

func TestUnreadableRequestsAreRefusedAndRemoved(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		ends := p.start(signOff)
		inbox := filepath.Join(filepath.Dir(p.folder().JournalPath()), "inbox")
		for name, body := range map[string]string{"1.json": "not JSON", "2.json": "", "3.json": `{"type": 7}`} {
			if err := os.WriteFile(filepath.Join(inbox, name), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		if left := p.inboxOf(); len(left) > 0 || len(p.of(event.AnswerRefused)) != 3 {
			t.Errorf("left %q, refused %+v", left, p.of(event.AnswerRefused))
		}
		p.post(yes("sign_off"))
		p.ends(<-ends, event.OutcomeSucceeded, "by carol")
	})
}

// An answer counts for the question that it was given to: a second yes to what was done by
// hand does not say that it was taken back.
func TestAnAnswerIsNotTakenForTheWayBack(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		ends := p.start(`
onFailure: rollback
steps:
  - id: look
    uses: manual
    with: {instructions: "Put it in."}
    rollback: {uses: manual, with: {instructions: "Take it out."}}
  - {id: a, uses: assert, with: {that: false}}
`)
		of := func(r run.Request, part event.Part) run.Request {
			r.Part = part
			return r
		}
		for _, r := range []run.Request{of(yes("look"), event.Do), of(yes("look"), event.Do), of(yes("look"), event.Undo)} {
			p.post(r)
			time.Sleep(time.Second)
		}
		got := <-ends
		if len(got.Undone) != 1 {
			t.Errorf("taken back: %v", got.Undone)
		}
		refused := p.of(event.AnswerRefused)
		if len(refused) != 1 || refused[0].Reason != "it answers another question of step look: whether it is done, and it asks now whether it is taken back" {
			t.Errorf("refused %+v", refused)
		}
	})
}
