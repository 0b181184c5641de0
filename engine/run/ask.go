package run

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// ask is a question that is open.
type ask struct {
	command  machine.Ask
	request  sdk.Request
	question *sdk.Question // nil until the action has said what to ask
	cancel   context.CancelFunc
}

// startAsk has the action say what to ask; the question then opens.
func (d *driver) startAsk(c machine.Ask) {
	ctx, cancel := context.WithCancel(d.base)
	params, err := c.Params.RevealJSON()
	a := &ask{command: c, cancel: cancel, request: sdk.Request{Params: params, Key: c.Key, Attempt: 1}}
	d.asks[c.Op.Step] = a
	go func() {
		op := c.Op
		var question sdk.Question
		if err == nil {
			question, err = c.Step.Handler.Ask(ctx, a.request)
		}
		if err != nil {
			d.send(message{fact: event.Event{
				Type: event.Answered, Op: &op, Answer: &sdk.Answer{}, Failure: d.failure(ctx, err),
			}})
			return
		}
		question.Message = d.masker.Text(question.Message)
		data, err := json.Marshal(question)
		if err != nil {
			panic(fmt.Sprintf("question of %s cannot be written: %v", op.Step, err))
		}
		opened := event.Event{Type: event.AskOpened, Op: &op, Data: data}
		if question.Expires > 0 {
			at := d.process.Now().Round(0).UTC().Add(question.Expires)
			opened.Timer = &event.Timer{Op: op, Purpose: event.TimerExpiry, At: at}
		}
		d.send(message{fact: opened})
		if d.process.Asker != nil {
			d.askHere(ctx, a, question)
		}
	}()
}

// askHere asks the person at the terminal, until there is an answer that fits.
func (d *driver) askHere(ctx context.Context, a *ask, question sdk.Question) {
	for {
		answer, err := d.process.Asker.Ask(ctx, a.command.Step, question)
		if err != nil {
			return // the question was withdrawn, or the terminal is gone; others may answer
		}
		answer.At = d.process.Now().UTC()
		e, err := d.answer(ctx, a, answer)
		if err == nil {
			d.send(message{fact: e})
			return
		}
		op := a.command.Op
		d.send(message{fact: event.Event{
			Type: event.AnswerRefused, Op: &op, By: answer.By, Reason: d.masker.Text(err.Error()),
		}})
	}
}

// answer has the action make the step's outputs of an answer. An error says that the
// answer does not fit the question.
func (d *driver) answer(ctx context.Context, a *ask, answer sdk.Answer) (event.Event, error) {
	op := a.command.Op
	e := event.Event{Type: event.Answered, Op: &op, Answer: &answer, By: answer.By}
	if !answer.Approved {
		return e, nil
	}
	document, err := a.command.Step.Handler.Answer(ctx, a.request, answer)
	if err != nil {
		return event.Event{}, err
	}
	if e.Outputs, err = d.outputs(a.command.Step.Describe, document); err != nil {
		return event.Event{}, err
	}
	// The fields are in the outputs, where secrets are marked.
	e.Answer.Fields = nil
	return e, nil
}

// askOpened takes in that a question is open and can be answered.
func (d *driver) askOpened(e event.Event) {
	a, ok := d.asks[e.Op.Step]
	if !ok {
		return
	}
	a.question = &sdk.Question{}
	if err := json.Unmarshal(e.Data, a.question); err != nil {
		panic(fmt.Sprintf("question of %s cannot be read back: %v", e.Op.Step, err))
	}
}

// allAsked reports whether every question that the machine asked for is open, so that
// the journal says what people are waited for.
func (d *driver) allAsked() bool {
	for _, a := range d.asks {
		if a.question == nil {
			return false
		}
	}
	return true
}

// withdraw closes a question.
func (d *driver) withdraw(step string) {
	if a, ok := d.asks[step]; ok {
		a.cancel()
		delete(d.asks, step)
	}
}
