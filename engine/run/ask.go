package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run/internal/secret"
	"github.com/gatebook/gatebook/engine/run/internal/trace"
	"github.com/gatebook/gatebook/engine/run/internal/word"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Attacher keeps a file of that path with the run, for the answer that names it.
type Attacher func(path string, content []byte) (sdk.Attachment, error)

// Stepper is an [Asker] that can step through a run.
type Stepper interface {
	// Step asks whether a change may begin: the answer is of [event.Answered], unless the person
	// wants the run to pause, [event.PauseAsked], to be cancelled, [event.CancelAsked], or the rest done
	// unasked, [event.SteppingEnded].
	Step(ctx context.Context, step *plan.Step, question sdk.Question) (event.Type, sdk.Answer, error)
}

// ask is a question that is open.
type ask struct {
	command  machine.Ask
	request  sdk.Request   // set before the question is open
	question *sdk.Question // nil until the question is open
	deserted bool          // nobody at the terminal answers it
	cancel   context.CancelFunc
}

// startAsk has the action say what to ask; the question then opens.
func (d *driver) startAsk(c machine.Ask) {
	ctx, cancel := context.WithCancel(d.base)
	a := &ask{command: c, cancel: cancel, deserted: !d.canAskHere(c.Op.Part)}
	d.asks[c.Op.Step] = a
	go func() {
		question, data, err := d.question(ctx, a)
		if err != nil {
			d.send(message{fact: event.Event{
				Type: event.Answered, Op: &c.Op, Answer: &sdk.Answer{}, Failure: d.failure(ctx, c.Use, err),
			}})
			return
		}
		opened := event.Event{Type: event.AskOpened, Op: &c.Op, Data: data, Quorum: quorumOf(question)}
		if question.Expires > 0 {
			at := d.process.Now().Round(0).UTC().Add(question.Expires)
			opened.Timer = &event.Timer{Op: c.Op, Purpose: event.TimerExpiry, At: at}
		}
		d.send(message{fact: opened})
		if d.canAskHere(c.Op.Part) {
			d.askHere(ctx, a, question)
		}
	}()
}

// canAskHere reports whether the person at the terminal, where there is one, can answer the
// question of a part. What must be signed they sign as others do, who are not there.
func (d *driver) canAskHere(part event.Part) bool {
	if part == event.Begin {
		_, steps := d.process.Asker.(Stepper)
		return steps
	}
	return d.process.Asker != nil && !d.policy.Signed()
}

// question has the action say what to ask, and returns it as it may be shown, and as
// the journal holds it.
func (d *driver) question(ctx context.Context, a *ask) (sdk.Question, json.RawMessage, error) {
	if err := d.givenUp(a.command.Use); err != nil {
		return sdk.Question{}, nil, err
	}
	d.secrets.Derive(a.command.Params)
	params, err := a.command.Params.RevealJSON()
	if err != nil {
		return sdk.Question{}, nil, err
	}
	a.request = sdk.Request{Params: params, Key: a.command.Key, Run: d.folder.ID(), Attempt: 1, TraceParent: trace.Span(d.trace, a.command.Op)}
	raw, err := d.raw(ctx, a)
	if err != nil {
		return sdk.Question{}, nil, err
	}
	if err := d.canBeAnswered(raw); err != nil {
		return sdk.Question{}, nil, err
	}
	raw.Message = d.secrets.Text(raw.Message) // of which people see the rest
	data, err := json.Marshal(raw)
	if err != nil {
		return sdk.Question{}, nil, fmt.Errorf("the question cannot be written down: %w", err)
	}
	if len(data) > secret.MaxOutputs {
		return sdk.Question{}, nil, fmt.Errorf("the question has %d bytes; the limit is %d", len(data), secret.MaxOutputs)
	}
	if data, err = d.secrets.Redacted(data); err != nil {
		return sdk.Question{}, nil, err
	}
	var shown sdk.Question
	if err := json.Unmarshal(data, &shown); err != nil {
		return sdk.Question{}, nil, fmt.Errorf("the question cannot be read back: %w", err)
	}
	return shown, data, nil
}

// raw is the question as the action puts it, or as a run does that goes step by step.
func (d *driver) raw(ctx context.Context, a *ask) (sdk.Question, error) {
	if a.command.Op.Part == event.Begin {
		return word.Question(ctx, a.command, a.request), nil
	}
	return a.command.Use.Handler.Ask(ctx, a.request)
}

// ask asks the person at the terminal once. What they want may be another thing than to answer.
func (d *driver) ask(ctx context.Context, a *ask, question sdk.Question) (event.Type, sdk.Answer, error) {
	if stepper, steps := d.process.Asker.(Stepper); steps && a.command.Op.Part == event.Begin {
		return stepper.Step(ctx, a.command.Step, question)
	}
	answer, err := d.process.Asker.Ask(ctx, a.command.Step, question, func(path string, content []byte) (sdk.Attachment, error) {
		return Attach(d.folder, path, content)
	})
	return event.Answered, answer, err
}

// askHere asks the person at the terminal, until there is an answer that fits.
func (d *driver) askHere(ctx context.Context, a *ask, question sdk.Question) {
	for {
		wish, answer, err := d.ask(ctx, a, question)
		if err != nil {
			// The question was withdrawn, or the terminal is gone; others may answer.
			d.send(message{deserted: a})
			return
		}
		if wish != event.Answered {
			d.send(message{fact: event.Event{Type: wish, By: answer.By, Reason: answer.Comment}})
			return
		}
		answer.At = d.process.Now().UTC()
		e, err := d.answer(ctx, a, question, answer)
		if err == nil {
			d.send(message{fact: e})
			return
		}
		op := a.command.Op
		d.send(message{fact: event.Event{Type: event.AnswerRefused, Op: &op, By: answer.By, Reason: err.Error()}})
	}
}

// answer has the action make the step's outputs of an answer. An error says that the
// answer does not fit the question. Outputs that cannot be taken are the action's fault,
// which no other answer would mend; of a compensation nobody reads them.
func (d *driver) answer(ctx context.Context, a *ask, question sdk.Question, answer sdk.Answer) (event.Event, error) {
	if fields, err := value.FromJSON(answer.Fields); err == nil {
		d.secrets.Learn(data.Secrets(fields, question.Fields))
	}
	// What was filled in comes back in the outputs, where secrets are marked.
	op, said := a.command.Op, answer
	said.Fields, said.Earlier = nil, nil
	e := event.Event{Type: event.Answered, Op: &op, Answer: &said, By: answer.By, Plan: d.answersTo()}
	if err := d.attached(question, answer); err != nil {
		return event.Event{}, err
	}
	if op.Part == event.Begin && !answer.Approved && strings.TrimSpace(answer.Comment) == "" {
		return event.Event{}, errors.New("a change that is left out takes a reason, which the journal keeps")
	}
	if !answer.Approved || op.Part == event.Begin {
		return e, nil
	}
	document, err := a.command.Use.Handler.Answer(ctx, a.request, answer)
	if err != nil {
		return event.Event{}, err
	}
	if e.Outputs, err = d.secrets.Outputs(a.command.Use, document); err != nil && op.Part == event.Do {
		e.Failure = d.failure(ctx, a.command.Use, err)
	}
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

// judged takes in what became of an answer. The first that fits ends the question; one
// that comes after it is told so.
func (d *driver) judged(e event.Event) event.Event {
	if e.Request != "" {
		delete(d.inbox.judged, e.Op.Step)
	}
	if e.Type == event.AnswerRefused {
		return e
	}
	if _, open := d.asks[e.Op.Step]; !open {
		return event.Event{
			Type: event.AnswerRefused, Op: e.Op, By: e.By, Request: e.Request,
			Reason: "step " + e.Op.Step + " asks no longer",
		}
	}
	return e
}

// answered closes a question where the machine has enough of its answers.
func (d *driver) answered(step string) {
	if !d.machine.Asks(step) {
		d.withdraw(step)
	}
}

// onlyOthers reports whether the run can go on only when people answer who are not at
// this terminal: every question that the machine asked for is open, so that the journal
// says what is waited for, and nobody here can answer it.
func (d *driver) onlyOthers() bool {
	for _, a := range d.asks {
		if a.question == nil || d.process.Asker != nil && !a.deserted {
			return false
		}
	}
	return len(d.asks) > 0 && d.machine.Asking()
}

// withdraw closes a question.
func (d *driver) withdraw(step string) {
	if a, ok := d.asks[step]; ok {
		a.cancel()
		delete(d.asks, step)
	}
}
