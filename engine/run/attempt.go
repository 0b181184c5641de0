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
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run/internal/ending"
	"github.com/gatebook/gatebook/engine/run/internal/trace"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// lookTimeout bounds the look at what became of a lost attempt, so that an action that
// does not answer leaves it to a person rather than hold the resumption.
const lookTimeout = 5 * time.Minute

// lookGrace is how long such a look goes on when the run is cancelled: to know is worth a
// moment.
const lookGrace = 2 * time.Second

// work is an operation that a worker carries out.
type work struct {
	cancel context.CancelFunc
	effect sdk.Effect
	looks  bool // it finds out what became of a lost attempt
}

// startAttempt has a worker make the attempt. After a crash it first finds out what
// became of it.
func (d *driver) startAttempt(a machine.Attempt) {
	timeout := a.Timeout
	if a.Started {
		timeout = lookTimeout
	}
	var ctx context.Context
	w := &work{effect: a.Use.Effect, looks: a.Started}
	if timeout > 0 {
		ctx, w.cancel = context.WithTimeout(d.base, timeout)
	} else {
		ctx, w.cancel = context.WithCancel(d.base)
	}
	d.work[a.Op] = w
	do, giveUp, grace := d.makeAttempt, d.outOfPatience, ending.Patience(a.Use, a.Params)
	if a.Started {
		do, giveUp, grace = d.lookAfterCrash, d.cutOff, ending.Grace
	}
	d.start(func() job {
		end, ended := d.perform(ctx, a.Op, grace, func(host *host) event.Event { return do(ctx, a, host) }, func(err error) event.Event {
			return giveUp(ctx, a, err)
		})
		if !ended {
			return nil
		}
		return d.deliver(message{fact: end})
	})
}

// outOfPatience makes the event of an attempt that does not end.
func (d *driver) outOfPatience(ctx context.Context, a machine.Attempt, err error) event.Event {
	return d.finished(ctx, a, nil, sdk.Errorf(sdk.Permanent, "%w", err))
}

// perform has an action do something, and returns how it ended. An action that does not
// end when it is asked to must not hold the run for ever: it is given up then, and what it
// returns afterwards is not asked for.
func (d *driver) perform(
	ctx context.Context, op event.Op, patience time.Duration, do func(*host) event.Event, giveUp func(error) event.Event,
) (end event.Event, ended bool) {
	host := d.newHost(op)
	var once sync.Once
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		grace := time.NewTimer(patience)
		defer grace.Stop()
		select {
		case <-done:
		case <-grace.C:
			once.Do(func() { d.send(message{fact: host.last(giveUp(&ending.AtWorkError{Patience: patience}))}) })
		}
	})
	end = do(host)
	stop()
	close(done)
	once.Do(func() { end, ended = host.last(end), true })
	return end, ended
}

// givenUp is why nothing is done over the connection of an action, where a person said so.
func (d *driver) givenUp(use *plan.Use) error {
	if over := use.Called(); d.without[over] {
		return givenUp(over)
	}
	return nil
}

func givenUp(over string) error {
	return sdk.Errorf(sdk.Permanent, "nothing is done over connection %s any more", over).NothingChanged()
}

func (d *driver) makeAttempt(ctx context.Context, a machine.Attempt, host *host) event.Event {
	if err := d.givenUp(a.Use); err != nil {
		return d.finished(ctx, a, nil, err)
	}
	request, err := d.request(a)
	if err != nil {
		failure := sdk.Errorf(sdk.Permanent, "%w", err)
		// An idempotent action may be tried once more after a crash unlooked at.
		failure.Unchanged = !a.Use.Describe.Idempotent
		return d.finished(ctx, a, nil, failure)
	}
	if a.Undo {
		none := value.Object()
		return d.finished(ctx, a, &none, a.Use.Handler.Undo(ctx, request, host))
	}
	document, err := a.Use.Handler.Apply(ctx, request, host)
	if err != nil {
		return d.finished(ctx, a, nil, err)
	}
	outputs, err := d.secrets.Outputs(a.Use, document)
	if err != nil && a.Op.Part == event.Undo {
		// It is taken back, and nobody reads them.
		host.Output("gatebook", []byte(err.Error()))
		err = nil
	}
	end := d.finished(ctx, a, outputs, err)
	if err == nil {
		end.Cost = d.cost(a, document)
	}
	return end
}

// cost is what outputs say that an attempt cost, of the units that the runbook limits. Of one
// that does not say it rightly counts what was foreseen.
func (d *driver) cost(a machine.Attempt, outputs json.RawMessage) sdk.Cost {
	if d.plan.Limits == nil {
		return nil
	}
	said, err := a.Use.Describe.CostOf(outputs)
	if err != nil || said == nil {
		return nil
	}
	cost := sdk.Cost{}
	for unit := range d.plan.Limits.Cost {
		if amount, told := said[unit]; told {
			cost[unit] = amount
		}
	}
	return cost
}

func (d *driver) request(a machine.Attempt) (sdk.Request, error) {
	d.secrets.Derive(a.Params)
	params, err := a.Params.RevealJSON()
	if err != nil {
		return sdk.Request{}, fmt.Errorf("parameters of %s: %w", a.Op.Step, err)
	}
	request := sdk.Request{
		Params: params, Key: a.Key, Run: d.folder.ID(), Attempt: a.Op.Attempt, Undo: a.Undo, Before: a.Before, Notes: a.Notes, Seen: a.Seen,
		TraceParent: trace.Span(d.trace, a.Op),
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
func (d *driver) finished(ctx context.Context, a machine.Attempt, outputs *value.Value, err error) event.Event {
	op := a.Op
	e := event.Event{Type: event.AttemptFinished, Op: &op}
	if err == nil {
		e.Outputs = outputs
	} else {
		e.Failure = d.failure(ctx, a.Use, err)
		if ending.IsAtWork(err) && a.Use.Effect != sdk.Read {
			// Nobody can tell what it has changed, and will change yet.
			e.Failure.Class = event.Lost
		}
	}
	return e
}

// failure makes of an action's error what the journal says of it.
func (d *driver) failure(ctx context.Context, use *plan.Use, err error) *event.Failure {
	failure := ending.Failure(ctx, use, err)
	if use.Connection != nil {
		failure.Log = d.logs.Of(use.Connection.Source)
	}
	return failure
}

// lookAfterCrash finds out what became of an attempt whose answer was lost.
func (d *driver) lookAfterCrash(ctx context.Context, a machine.Attempt, host *host) event.Event {
	said, wasSaid := d.words[a.Op.Step]
	describe := a.Use.Describe
	switch {
	case wasSaid && a.Op.Part == event.Do:
		found := d.lookedAfter(a, said, "a person said so")
		found.By = d.process.Info.User
		return found
	case d.givenUp(a.Use) != nil:
		failure := sdk.AsError(d.givenUp(a.Use))
		failure.Unchanged = false // what became of it nobody looks
		return d.finished(ctx, a, nil, failure)
	case a.Use.Effect == sdk.Read:
		return d.lookedAfter(a, sdk.NotDone, "an action that only reads is simply done again")
	case describe.CanObserve:
		return d.observeLost(ctx, a, host)
	case describe.Idempotent, a.Op.Part == event.Undo:
		return d.lookedAfter(a, sdk.NotDone, "the action may be repeated")
	default:
		return d.lookedAfter(a, sdk.CannotTell, "the action cannot say whether it was done")
	}
}

func (d *driver) lookedAfter(a machine.Attempt, state sdk.State, reason string) event.Event {
	return event.Event{Type: event.AttemptObserved, Op: &a.Op, State: state, Reason: reason}
}

func (d *driver) observeLost(ctx context.Context, a machine.Attempt, host *host) event.Event {
	request, err := d.request(a)
	if err != nil {
		return d.lookedAfter(a, sdk.CannotTell, err.Error())
	}
	seen, err := a.Use.Handler.Observe(ctx, request, host)
	switch {
	case ctx.Err() != nil && err != nil:
		return d.cutOff(ctx, a, err)
	case ctx.Err() != nil && seen.State == sdk.CannotTell:
		return d.cutOff(ctx, a, errors.New(seen.Detail))
	case err != nil:
		return d.lookedAfter(a, sdk.CannotTell, "it could not be observed: "+err.Error())
	}
	found := d.lookedAfter(a, seen.State, seen.Detail)
	if seen.State != sdk.Done || a.Undo {
		return found // there are no outputs
	}
	if found.Outputs, err = d.secrets.Outputs(a.Use, seen.Outputs); err != nil {
		return d.lookedAfter(a, sdk.CannotTell, err.Error())
	}
	found.Cost = d.cost(a, seen.Outputs)
	return found
}

// cutOff makes the event of a look that was ended before it could tell, say while it
// waited for what still runs: nothing may be begun beside that.
func (d *driver) cutOff(ctx context.Context, a machine.Attempt, err error) event.Event {
	failure := d.failure(ctx, a.Use, err)
	e := d.lookedAfter(a, sdk.CannotTell, "it could not be observed: "+failure.Message)
	e.Failure = failure
	return e
}

// startObservation has a worker make the observation of a condition, when there is a
// place for it.
func (d *driver) startObservation(o machine.Observe) {
	ctx, cancel := context.WithCancel(d.base)
	d.work[o.Op] = &work{cancel: cancel, effect: sdk.Read}
	go func() {
		select {
		case d.looks <- struct{}{}:
			d.observe(ctx, o)
		case <-ctx.Done():
			d.send(message{fact: d.observed(ctx, o, nil, errors.New("it waited for other observations to end"))})
		}
	}()
}

// observe makes an observation that has its place. Its time is counted from here: a
// gate must not close because of what waited before it.
func (d *driver) observe(ctx context.Context, o machine.Observe) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	// One that does not end when it is asked to keeps no other waiting.
	leave := sync.OnceFunc(func() { <-d.looks })
	defer leave()
	end, ended := d.perform(ctx, o.Op, ending.Patience(o.Use, o.Params), func(host *host) event.Event {
		outputs, err := d.look(ctx, o, host)
		return d.observed(ctx, o, outputs, err)
	}, func(err error) event.Event {
		leave()
		return d.observed(ctx, o, nil, err)
	})
	if ended {
		d.send(message{fact: end})
	}
}

// observed makes the event of an observation that has ended.
func (d *driver) observed(ctx context.Context, o machine.Observe, outputs *value.Value, err error) event.Event {
	e := event.Event{Type: event.Observed, Op: &o.Op, Outputs: outputs}
	if err != nil {
		e.Failure = d.failure(ctx, o.Use, err)
	}
	return e
}

func (d *driver) look(ctx context.Context, o machine.Observe, host *host) (*value.Value, error) {
	if err := d.givenUp(o.Use); err != nil {
		return nil, err
	}
	d.secrets.Derive(o.Params)
	params, err := o.Params.RevealJSON()
	if err != nil {
		return nil, err
	}
	document, err := o.Use.Handler.Apply(ctx, sdk.Request{Params: params, Run: d.folder.ID(), Attempt: o.Op.Attempt, TraceParent: trace.Span(d.trace, o.Op)}, host)
	if err != nil {
		return nil, err
	}
	return d.secrets.Outputs(o.Use, document)
}
