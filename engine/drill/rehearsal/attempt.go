package rehearsal

import (
	"fmt"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// attempt makes an attempt; after a crash it first looks what became of it.
func (r *run) attempt(a machine.Attempt) {
	if a.Started {
		r.look(a, "")
		return
	}
	op := a.Op
	r.happens(event.Event{Type: event.AttemptStarted, Op: &op, Key: a.Key, Action: a.Use.Action})
	kind := r.choose(op, attemptKinds(a))
	took := lasts
	if kind == Timeout {
		took = max(a.Timeout, lasts)
	}
	r.later(took, item{attempt: &a, kind: kind})
}

// ended ends an attempt as it goes.
func (r *run) ended(a machine.Attempt, kind Kind) {
	op := a.Op
	e := event.Event{Type: event.AttemptFinished, Op: &op}
	switch kind {
	case CrashBefore:
		r.crash()
		return
	case CrashAfter, CrashBlind:
		if kind == CrashBlind {
			r.blind = op
		}
		r.touch(op, After)
		r.crash()
		return
	case Transient:
		e.Failure = failing(sdk.Transient, "it failed for now")
	case Permanent:
		r.touch(op, Partly)
		e.Failure = failing(sdk.Permanent, "it failed half-way")
	case Timeout:
		r.touch(op, After)
		e.Failure = failing(sdk.Timeout, "it did not answer in time")
	default:
		if e.Failure = r.missing(op); e.Failure == nil {
			r.touch(op, After)
			e.Outputs = r.outputs(op)
		}
	}
	r.happens(e)
}

func failing(class sdk.Class, message string) *event.Failure {
	return &event.Failure{Class: class, Message: message}
}

// missing says which things an attempt lacks; nil: none.
func (r *run) missing(op event.Op) *event.Failure {
	supposed := r.world.Step(op.Step)
	needs := supposed.Needs
	if op.Part == event.Undo {
		needs = supposed.BackNeeds
	}
	if len(needs) == 0 {
		return nil
	}
	missing := world.Missing(needs, r.there.has)
	if len(missing) == 0 {
		return nil
	}
	return &event.Failure{Class: sdk.Conflict, Message: world.Lacks(missing), Unchanged: true}
}

func (r *run) outputs(op event.Op) *value.Value {
	outputs := value.Object()
	if op.Part == event.Do {
		outputs = r.world.Step(op.Step).Outputs
	}
	return &outputs
}

// touch has an attempt, or people who were asked, change the world, unless it lacks what that
// takes. What takes a step back that came half-way has all of it to do still.
func (r *run) touch(op event.Op, to Thing) {
	if r.missing(op) != nil {
		return
	}
	supposed := r.world.Step(op.Step)
	switch {
	case op.Part == event.Undo && to == After:
		if r.story.Things[op.Step] == Before {
			return
		}
		r.makes(op.Step, Before)
		r.held.undone(op.Step, supposed.Takes)
		r.there.undone(op.Step, supposed.Provides)
	case op.Part == event.Do:
		if r.story.Step(op.Step).Changes() && r.story.Things[op.Step] != After {
			r.makes(op.Step, to)
		}
		if to != After {
			return
		}
		r.held.done(op.Step, supposed.Takes, supposed.Releases)
		r.there.done(op.Step, supposed.Provides, supposed.Removes)
	}
	r.answerAll()
}

// makes takes in what a step has made of what it is about.
func (r *run) makes(id string, thing Thing) {
	if thing == Before {
		delete(r.story.Things, id)
	} else {
		r.story.Things[id] = thing
	}
	_, s := r.ledger.of(id)
	s.known = false
}

// look finds out what became of an attempt that a crash has cut off, as the driver of a run
// does; by names the person who has looked.
func (r *run) look(a machine.Attempt, by string) {
	op, describe := a.Op, a.Use.Describe
	state := sdk.CannotTell
	switch {
	case by != "":
		if state = r.truth(op); state == sdk.Untouched {
			state = sdk.NotDone // a person says done, or not
		}
	case a.Use.Effect == sdk.Read:
		state = sdk.NotDone
	case describe.CanObserve && r.blind != op:
		state = r.truth(op)
	case describe.Idempotent, op.Part == event.Undo:
		state = sdk.NotDone
	}
	e := &event.Event{Type: event.AttemptObserved, Op: &op, State: state, By: by, Reason: "a drill knows"}
	if state == sdk.Done && by == "" {
		e.Outputs = r.outputs(op)
	}
	r.later(lasts, item{fact: e})
}

// truth is what became of an attempt.
func (r *run) truth(op event.Op) sdk.State {
	thing := r.story.Things[op.Step]
	switch {
	case op.Part == event.Undo && thing == Before, op.Part == event.Do && thing == After:
		return sdk.Done
	case op.Part == event.Do && thing == Before:
		return sdk.Untouched
	default:
		return sdk.NotDone
	}
}

// ask puts a question to people. They answer at once, and say yes.
func (r *run) ask(c machine.Ask) {
	op := c.Op
	quorum := 1
	if n, ok := given(c, "quorum").AsInt(); ok {
		quorum = int(n)
	}
	opened := event.Event{Type: event.AskOpened, Op: &op, Quorum: quorum}
	if lacks := r.missing(op); lacks != nil {
		opened.Reason = lacks.Message
	}
	text, _ := given(c, "expires").AsString()
	switch stands, err := time.ParseDuration(text); {
	case err != nil: // it stands until somebody answers
	case stands <= 0:
		failure := &event.Failure{Class: sdk.Permanent, Field: "expires", Message: text + " leaves nobody time to answer", Unchanged: true}
		r.later(lasts, item{fact: &event.Event{Type: event.Answered, Op: &op, Answer: &sdk.Answer{}, Failure: failure}})
		return
	default:
		opened.Timer = &event.Timer{Op: op, Purpose: event.TimerExpiry, At: r.now.Add(stands)}
	}
	r.happens(opened)
	kind := r.choose(op, askKinds())
	switch kind {
	case CrashBefore:
		r.later(lasts, item{asked: &op, kind: CrashBefore})
	case Silence:
	case Refused:
		r.answer(op, "person 1", false, false)
	default:
		r.waiting = append(r.waiting, question{op, quorum})
		r.answerAll()
	}
}

// question is one that people answer with yes, so many of them, as soon as nothing lacks that they
// wait for.
type question struct {
	op     event.Op
	quorum int
}

// answerAll has people answer the questions for which they lack nothing.
func (r *run) answerAll() {
	r.waiting = slices.DeleteFunc(r.waiting, func(q question) bool {
		if r.missing(q.op) != nil {
			return false
		}
		for n := range q.quorum {
			r.answer(q.op, fmt.Sprintf("person %d", n+1), true, n == q.quorum-1)
		}
		return true
	})
}

// given is a parameter of a question, or else its default.
func given(c machine.Ask, name string) value.Value {
	if member, ok := c.Params.Get(name); ok {
		return member
	}
	if c.Use.Describe.Input == nil {
		return value.Null()
	}
	declared, ok := c.Use.Describe.Input.Property(name)
	if !ok {
		return value.Null()
	}
	made, err := value.FromGo(declared.Default)
	if err != nil {
		return value.Null() // one that is no plain data is none that can be gone by
	}
	return made
}

// answer has a person answer; with the last yes that it takes, what they were asked for is done.
func (r *run) answer(op event.Op, by string, yes, last bool) {
	e := &event.Event{Type: event.Answered, Op: &op, By: by, Answer: &sdk.Answer{By: by, Approved: yes, At: r.now.Add(lasts)}}
	if yes {
		e.Outputs = r.outputs(op)
	}
	r.later(lasts, item{fact: e, does: last})
}
