package run

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Request is what another process asks of a run: [event.PauseAsked],
// [event.CancelAsked], [event.RollbackAsked], [event.SteppingEnded] or [event.Answered].
type Request struct {
	Type   event.Type  `json:"type"`
	Step   string      `json:"step,omitempty"`   // that is answered
	Answer *sdk.Answer `json:"answer,omitempty"` // with Answered
	// Signed is the answer with its signature, where the policy wants one: it is taken
	// instead of Answer.
	Signed *people.Signed `json:"signed,omitempty"`
	// Part says which question of the step is answered: the step's own, [event.Do], or that of
	// taking it back, [event.Undo]; empty: the one that is open.
	Part event.Part `json:"part,omitempty"`
	// Before is, of an answer whether a step may begin, how many of these the step has had
	// before: each lets one attempt begin, of which whoever answers has seen the question.
	Before int `json:"before,omitempty"`
	// Plan is the digest of the plan that whoever answers has seen ([event.Run.AnswersTo]);
	// empty: they have seen none, which is no answer to a sealed plan.
	Plan   string `json:"plan,omitempty"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
	// Void is why the answer does not count, by the word of whoever hands it in; empty: it may.
	Void string `json:"void,omitempty"`
}

// Post leaves a request for the process that drives the run, now or later, and returns
// the request's id, which the journal will name.
func Post(folder *journal.Run, now time.Time, random uint64, request Request) (string, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("request to run %s: %w", folder.ID(), err)
	}
	return folder.Post(now, random, body)
}

// inboxInterval is how often requests of other processes are looked for.
const inboxInterval = 100 * time.Millisecond

// inbox tells the requests of other processes apart that wait in the run's folder.
type inbox struct {
	known  map[string]bool // they are in the journal
	judged map[string]bool // steps to which an answer is being looked at
	told   map[string]bool // what is wrong with the folder
}

// takeInbox takes in what other processes have asked for. What is in the journal
// already was left there by a process that could not remove it, or died before. What
// cannot be read is tried again at the next look: the work on the system goes on
// whoever left it.
func (d *driver) takeInbox() {
	requests, err := d.folder.TakeInbox()
	d.complain(err)
	for _, r := range requests {
		if d.inbox.known[r.ID] {
			d.complain(d.folder.Done(r.ID))
		} else {
			d.takeRequest(r)
		}
	}
}

// complain says once what is wrong with the inbox.
func (d *driver) complain(err error) {
	if err == nil || d.inbox.told[err.Error()] {
		return
	}
	d.inbox.told[err.Error()] = true
	d.fact(event.Event{Type: event.AnswerRefused, Reason: "the run goes on without it, and tries again: " + err.Error()})
}

func (d *driver) takeRequest(r journal.Request) {
	var request Request
	if err := json.Unmarshal(r.Body, &request); err != nil {
		d.fact(event.Event{Type: event.AnswerRefused, Request: r.ID, Reason: "the request cannot be read: " + err.Error()})
		return
	}
	switch request.Type {
	case event.PauseAsked, event.CancelAsked, event.RollbackAsked:
		if err := d.mayStop(request.By); err != nil {
			d.fact(event.Event{Type: event.AnswerRefused, Name: string(request.Type), Request: r.ID, By: request.By, Reason: err.Error()})
			return
		}
		d.fact(event.Event{Type: request.Type, By: request.By, Reason: request.Reason, Request: r.ID})
	case event.SteppingEnded:
		if err := d.mayStep(request.By); err != nil {
			d.fact(event.Event{Type: event.AnswerRefused, Name: string(request.Type), Request: r.ID, By: request.By, Reason: err.Error()})
			return
		}
		d.fact(event.Event{Type: request.Type, By: request.By, Reason: request.Reason, Request: r.ID})
	case event.Answered:
		d.answerFrom(r.ID, request)
	default:
		d.fact(event.Event{
			Type: event.AnswerRefused, Request: r.ID, By: request.By,
			Reason: fmt.Sprintf("nobody knows what %q asks for", request.Type),
		})
	}
}

// answerFrom takes in an answer that was given in another process.
func (d *driver) answerFrom(id string, request Request) {
	refused := d.refuse(id, request)
	if refused.Reason = d.meantFor(request); refused.Reason != "" {
		d.fact(refused)
		return
	}
	a, open := d.asks[request.Step]
	if open && (a.question == nil || d.inbox.judged[request.Step]) || !open && d.waitsFor(request) {
		return // it is opening, another answer is first, or it will open: this one waits in the inbox
	}
	switch {
	case !open:
		refused.Reason = "step " + request.Step + " asks nothing now"
		d.fact(refused)
		return
	case request.Part != "" && request.Part != a.command.Op.Part:
		refused.Reason = "it answers another question of step " + request.Step + ": " + people.About(string(request.Part)) + ", and it asks now " + people.About(string(a.command.Op.Part))
		d.fact(refused)
		return
	case a.command.Op.Part == event.Begin && request.Before != d.heard.Words(request.Step):
		refused.Reason = "it answers an earlier question whether " + request.Step + " may begin, and not this one"
		d.fact(refused)
		return
	case request.Answer == nil && request.Signed == nil:
		refused.Reason = "the request holds no answer"
		d.fact(refused)
		return
	}
	question := *a.question
	answer, proof, err := d.vouched(a, request)
	if refused.Proof = proof; err != nil {
		refused.Reason = err.Error()
		d.fact(refused)
		return
	}
	if now := d.process.Now().UTC(); answer.At.IsZero() || answer.At.After(now) {
		answer.At = now // of whoever answers, the clock may be wrong
	}
	answer.Earlier = d.earlier(request.Step)
	d.inbox.judged[request.Step] = true
	go func() {
		e, err := d.answer(d.base, a, question, answer)
		if err != nil {
			e = refused
			e.Reason = err.Error()
		}
		e.Request, e.Proof = id, proof
		d.send(message{fact: e})
	}()
}

// waitsFor reports whether a question that is not open will be, or may, and can have this
// answer then. To a sealed plan people answer before its run begins, and so before the step
// comes to its question; who answers a run has seen the question.
func (d *driver) waitsFor(request Request) bool {
	return d.machine.WillAsk(request.Step) || d.began.Seal != "" && d.machine.MayAsk(request.Step)
}

// meantFor says why an answer does not count for this run's plan; empty: it does.
func (d *driver) meantFor(request Request) string {
	switch {
	case request.Plan == d.answersTo(), request.Plan == "" && d.began.Seal == "":
		return ""
	case request.Plan == "":
		return "it does not say to which plan it is given, and the run carries out " + d.began.Seal
	default:
		return "it was given to the plan " + request.Plan + ", and the run carries out " + d.answersTo()
	}
}

// answersTo is the digest to which answers are given, see [event.Run.AnswersTo].
func (d *driver) answersTo() string { return cmp.Or(d.began.Seal, d.plan.Digest) }

// refuse is the refusal of an answer, but for its reason. Of a step that the plan does not have
// nothing is to be kept as if it had.
func (d *driver) refuse(id string, request Request) event.Event {
	refused := event.Event{Type: event.AnswerRefused, Request: id, By: request.By}
	if _, known := d.plan.Step(request.Step); known {
		refused.Op = &event.Op{Step: request.Step, Part: cmp.Or(request.Part, event.Do)}
	}
	return refused
}

// hasEnded is why a request is refused that nobody has looked at before its run ended.
const hasEnded = "the run has ended, and nobody has come to it before"

// emptyInbox refuses what is in the inbox when the run ends: what waits there for a question that
// does not come must neither be forgotten nor be good for another day. at is the time of that end,
// which is journaled behind it.
func (d *driver) emptyInbox(at time.Time) {
	requests, err := d.folder.TakeInbox()
	d.complain(err)
	for _, r := range requests {
		if d.inbox.known[r.ID] {
			continue // takeInbox removes it
		}
		var request Request
		_ = json.Unmarshal(r.Body, &request) // of what cannot be read nothing is told but that it is refused
		refused := d.refuse(r.ID, request)
		refused.Reason = hasEnded
		if request.Type != event.Answered {
			refused.Op, refused.Name = nil, string(request.Type)
		}
		if request.Signed != nil && d.policy.Signed() {
			verdict, err := d.heard.Judge(*request.Signed, event.Op{Step: request.Step, Part: cmp.Or(request.Part, event.Do)}, d.process.Now())
			refused.Proof = &event.Proof{Key: verdict.Key, Document: verdict.Document, Signature: request.Signed.Signature}
			if err != nil {
				refused.Reason += "; it would not have counted: " + err.Error()
			}
		}
		d.factAt(at, refused)
	}
}
