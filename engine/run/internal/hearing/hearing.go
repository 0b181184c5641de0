// Package hearing knows the questions of a run as its journal has them, and says of an answer
// whether it counts for one: when it is given, and again whenever the journal is read. So an
// answer in a journal is no more than its signature makes it, whoever wrote it there. How many
// it takes, the machine counts. Part of engine/run.
package hearing

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Hearing is what the journal of a run says of its questions.
type Hearing struct {
	plan   *plan.Plan
	policy *people.Policy
	began  event.Run
	asked  map[place]question
	ended  bool                        // the run has, once
	keys   map[place]map[string]string // by which who answered, the latest of each
	words  map[string]int              // by step, how often it was answered whether it may begin
	spent  map[string]bool             // what was answered with, or refused, of what is signed ([event.Proof.Spends])
}

// place is where a question belongs: to a step, and to doing it or taking it back.
type place struct {
	step string
	part event.Part
}

// question is one that was asked.
type question struct {
	sdk.Question
	closed bool      // the run has ended since
	since  time.Time // when it was asked again after the run had ended; zero: it was not
}

// Of returns the hearing of a run before its first record. A nil policy takes every answer.
func Of(p *plan.Plan, policy *people.Policy) *Hearing {
	return &Hearing{plan: p, policy: policy, asked: make(map[place]question), keys: make(map[place]map[string]string), words: make(map[string]int), spent: make(map[string]bool)}
}

// Note takes in a record of the journal.
func (h *Hearing) Note(e event.Event) {
	if spends := e.Proof.Spends(); spends != "" {
		h.spent[spends] = true
	}
	switch {
	case e.Run != nil:
		h.began = *e.Run
	case e.Type == event.AskOpened && e.Op != nil:
		h.opened(e)
	case e.Type == event.Answered && e.Op != nil && e.Op.Part == event.Begin:
		h.words[e.Op.Step]++
	case e.Type == event.Answered && e.Op != nil && e.Proof != nil:
		at := place{e.Op.Step, e.Op.Part}
		if h.keys[at] == nil {
			h.keys[at] = make(map[string]string)
		}
		h.keys[at][e.By] = e.Proof.Key
	case e.Type == event.GivenUp, e.Type == event.RunFinished && e.Result != nil && e.Result.Outcome != event.OutcomePaused:
		h.ended = true
		for at, q := range h.asked {
			q.closed = true
			h.asked[at] = q
		}
	}
}

// opened takes in a question. It is journaled as often as a process asks it.
func (h *Hearing) opened(e event.Event) {
	at := place{e.Op.Step, e.Op.Part}
	was, before := h.asked[at]
	now := question{since: was.since}
	if was.closed || !before && h.ended {
		now.since = e.Time
	}
	if json.Unmarshal(e.Data, &now.Question) == nil {
		h.asked[at] = now
	}
}

// Words is how often it was answered whether an attempt at a step may begin.
func (h *Hearing) Words(step string) int { return h.words[step] }

// Judge says why a signed answer does not count for the question of an operation at a time.
func (h *Hearing) Judge(given people.Signed, op event.Op, now time.Time) (people.Verdict, error) {
	asked, is := h.asked[place{op.Step, op.Part}]
	verdict, err := h.policy.Judge(given, h.question(op, asked), now)
	switch {
	case err != nil:
		return verdict, err
	case !is:
		return verdict, errors.New("nothing was asked")
	case h.spent[(&event.Proof{Key: verdict.Key, Document: verdict.Document}).Spends()]:
		return verdict, errors.New("it was given already, and an answer is taken once: sign another")
	}
	return verdict, nil
}

// Twice says that a yes to the question of an operation adds nothing to those that count
// already, as it is of the same person or key.
func (h *Hearing) Twice(verdict people.Verdict, op event.Op, voices []sdk.Voice) error {
	for _, voice := range voices {
		switch {
		case voice.By == verdict.Answer.Person:
			return fmt.Errorf("%s has said yes already, and counts once", voice.By)
		case h.keys[place{op.Step, op.Part}][voice.By] == verdict.Key:
			return fmt.Errorf("%s has said yes already by the same key, which counts once", voice.By)
		}
	}
	return nil
}

func (h *Hearing) question(op event.Op, asked question) people.Question {
	q := Question(h.plan, h.began, op.Step, op.Part, asked.Question)
	q.Since = asked.since
	return q
}

// Hold says why an answer in the journal is not what a person has signed. What could not be
// asked, as the action failed to say what, nobody has answered.
func (h *Hearing) Hold(e event.Event) error {
	unasked := e.Answer == nil || e.Failure != nil && !e.Answer.Approved && e.Proof == nil
	begins := e.Op != nil && e.Op.Part == event.Begin // which approves nothing, and is not signed
	if e.Type != event.Answered || !h.policy.Signed() || unasked || begins {
		return nil
	}
	if e.Proof == nil || e.Op == nil || len(e.Proof.Statement) == 0 {
		return errors.New("nothing proves that it was signed")
	}
	var said people.Statement
	if err := json.Unmarshal(e.Proof.Statement, &said); err != nil {
		return fmt.Errorf("what was signed cannot be read: %w", err)
	}
	verdict, err := h.Judge(people.Signed{Statement: said, Signature: e.Proof.Signature}, *e.Op, e.Proof.Judged)
	if err != nil {
		return err
	}
	answer := verdict.Answer
	if e.Proof.Judged.After(e.Time) || verdict.Key != e.Proof.Key || verdict.Document != e.Proof.Document || e.By != answer.Person ||
		e.Answer.By != answer.Person || e.Answer.Approved != (answer.Answer == people.Yes) || e.Answer.Comment != answer.Comment ||
		!slices.Equal(e.Answer.Attachments, answer.Attachments) {
		return errors.New("it says something else than what was signed")
	}
	return nil
}

// ForgedError says that an answer in the journal of a run does not count by the policy that the
// run began with, or that a question in it is not that of its plan, so that nobody must go on
// with it.
type ForgedError struct {
	Run, Step, By string // By is empty where it is the question
	Cause         error
}

// Error says which answer it is, and why it does not count.
func (e *ForgedError) Error() string {
	return fmt.Sprintf("%s, so that nobody must go on with run %s; see: gatebook audit %[2]s", e.Fault(), e.Run)
}

// Fault says only what is wrong with the answer, or with the question.
func (e *ForgedError) Fault() string {
	if e.By == "" {
		return fmt.Sprintf("the question of step %s is not the one that its plan asks: %v", e.Step, e.Cause)
	}
	return fmt.Sprintf("the answer of %s to step %s does not count: %v", e.By, e.Step, e.Cause)
}

// Unwrap returns why it does not count.
func (e *ForgedError) Unwrap() error { return e.Cause }

// Read takes in a record of the journal of a run that was written before. The error is a
// [ForgedError].
func (h *Hearing) Read(e event.Event) error {
	if err := h.HoldQuestion(e); err != nil {
		return &ForgedError{Run: h.began.ID, Step: e.Op.Step, Cause: err}
	}
	if err := h.Hold(e); err != nil {
		forged := &ForgedError{Run: h.began.ID, By: e.By, Cause: err}
		if e.Op != nil {
			forged.Step = e.Op.Step
		}
		return forged
	}
	h.Note(e)
	return nil
}
