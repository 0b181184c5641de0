package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// maxOutputs bounds what one attempt may return, in bytes: it goes into the journal.
const maxOutputs = 4 << 20

// cancelGrace is how long an action may take to end when it was asked to. After that
// the run goes on without it.
const cancelGrace = 45 * time.Second

// startAttempt has a worker make the attempt. After a crash it first finds out what
// became of it.
func (d *driver) startAttempt(a machine.Attempt) {
	ctx, cancel := context.WithCancel(d.base)
	if a.Timeout > 0 && !a.Started {
		ctx, cancel = context.WithTimeout(d.base, a.Timeout)
	}
	d.cancels[a.Op] = cancel
	if a.Started {
		go d.lookAfterCrash(ctx, a)
		return
	}
	go d.makeAttempt(ctx, a)
}

func (d *driver) makeAttempt(ctx context.Context, a machine.Attempt) {
	var once sync.Once
	finish := func(outputs json.RawMessage, err error) {
		once.Do(func() { d.send(message{fact: d.finished(ctx, a, outputs, err)}) })
	}
	// An action that does not end must not hold the run for ever.
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(cancelGrace, func() {
			finish(nil, fmt.Errorf("the action did not end within %s of being asked to; it may still be at work", cancelGrace))
		})
	})
	defer stop()
	request, err := d.request(a)
	if err != nil {
		finish(nil, err)
		return
	}
	host := &host{driver: d, op: a.Op}
	defer host.close()
	if a.Undo {
		finish(json.RawMessage("{}"), a.Use.Handler.Undo(ctx, request, host))
		return
	}
	outputs, err := a.Use.Handler.Apply(ctx, request, host)
	finish(outputs, err)
}

func (d *driver) request(a machine.Attempt) (sdk.Request, error) {
	params, err := a.Params.RevealJSON()
	if err != nil {
		return sdk.Request{}, fmt.Errorf("parameters of %s: %w", a.Op.Step, err)
	}
	request := sdk.Request{
		Params: params, Key: a.Key, Attempt: a.Op.Attempt, Undo: a.Undo, Before: a.Before, Notes: a.Notes,
	}
	// Outputs that hold a secret did not outlive an earlier process.
	if !a.Outputs.IsNull() && !a.Outputs.HasUnknown() {
		if request.Outputs, err = a.Outputs.RevealJSON(); err != nil {
			return sdk.Request{}, fmt.Errorf("outputs of %s: %w", a.Op.Step, err)
		}
	}
	return request, nil
}

// finished makes the event of an attempt that has ended.
func (d *driver) finished(ctx context.Context, a machine.Attempt, outputs json.RawMessage, err error) event.Event {
	op := a.Op
	e := event.Event{Type: event.AttemptFinished, Op: &op}
	if err == nil {
		e.Outputs, err = d.outputs(a.Use.Describe, outputs)
	}
	if err != nil {
		e.Failure = d.failure(ctx, err)
	}
	return e
}

// outputs reads what an action returned. What its schema says is secret, and whatever
// holds a secret that is known, is marked and so never written down.
func (d *driver) outputs(description sdk.Description, document json.RawMessage) (*value.Value, error) {
	if len(document) > maxOutputs {
		return nil, fmt.Errorf("the action returned %d bytes; the limit is %d", len(document), maxOutputs)
	}
	outputs, err := value.FromJSON(document)
	if err != nil {
		return nil, fmt.Errorf("the action returned what is not JSON: %w", err)
	}
	outputs, _ = d.masker.Value(withSecrets(outputs, description.Output))
	return &outputs, nil
}

// failure makes of an error what the journal says of it.
func (d *driver) failure(ctx context.Context, err error) *event.Failure {
	typed := sdk.AsError(err)
	failure := &event.Failure{
		Class: typed.Class, Field: typed.Field, Message: d.masker.Text(typed.Message), Unchanged: typed.Unchanged,
	}
	switch {
	case ctx.Err() == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		failure.Class, failure.Message = sdk.Timeout, "it ran out of time: "+failure.Message
	default:
		failure.Class, failure.Message = sdk.Cancelled, "it was cancelled: "+failure.Message
	}
	return failure
}

// lookAfterCrash finds out what became of an attempt whose answer was lost.
func (d *driver) lookAfterCrash(ctx context.Context, a machine.Attempt) {
	op := a.Op
	found := event.Event{Type: event.AttemptObserved, Op: &op, State: sdk.CannotTell}
	said, wasSaid := d.words[op.Step]
	describe := a.Use.Describe
	switch {
	case wasSaid && op.Part == event.Do:
		found.State, found.By, found.Reason = said, d.process.Info.User, "a person said so"
	case a.Use.Effect == sdk.Read:
		found.State, found.Reason = sdk.NotDone, "an action that only reads is simply done again"
	case describe.CanObserve:
		d.observeLost(ctx, a, &found)
	case describe.Idempotent, op.Part == event.Undo:
		found.State, found.Reason = sdk.NotDone, "the action may be repeated"
	default:
		found.Reason = "the action cannot say whether it was done"
	}
	d.send(message{fact: found})
}

func (d *driver) observeLost(ctx context.Context, a machine.Attempt, found *event.Event) {
	request, err := d.request(a)
	if err != nil {
		found.Reason = err.Error()
		return
	}
	host := &host{driver: d, op: a.Op}
	defer host.close()
	seen, err := a.Use.Handler.Observe(ctx, request, host)
	if err != nil {
		found.Reason = "it could not be observed: " + d.masker.Text(err.Error())
		return
	}
	found.State, found.Reason = seen.State, d.masker.Text(seen.Detail)
	if seen.State != sdk.Done {
		return
	}
	if found.Outputs, err = d.outputs(a.Use.Describe, seen.Outputs); err != nil {
		found.State, found.Reason = sdk.CannotTell, err.Error()
	}
}

// startObservation has a worker make the observation of a condition.
func (d *driver) startObservation(o machine.Observe) {
	ctx, cancel := context.WithTimeout(d.base, o.Timeout)
	d.cancels[o.Op] = cancel
	go func() {
		op := o.Op
		e := event.Event{Type: event.Observed, Op: &op}
		select {
		case d.looks <- struct{}{}:
			e.Outputs, e.Failure = d.look(ctx, o)
			<-d.looks
		case <-ctx.Done():
			e.Failure = d.failure(ctx, errors.New("too many observations were being made at once"))
		}
		d.send(message{fact: e})
	}()
}

func (d *driver) look(ctx context.Context, o machine.Observe) (*value.Value, *event.Failure) {
	params, err := o.Params.RevealJSON()
	if err != nil {
		return nil, d.failure(ctx, err)
	}
	host := &host{driver: d, op: o.Op}
	defer host.close()
	document, err := o.Use.Handler.Apply(ctx, sdk.Request{Params: params, Attempt: o.Op.Attempt}, host)
	if err != nil {
		return nil, d.failure(ctx, err)
	}
	outputs, err := d.outputs(o.Use.Describe, document)
	if err != nil {
		return nil, d.failure(ctx, err)
	}
	return outputs, nil
}
