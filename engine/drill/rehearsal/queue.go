package rehearsal

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// item is one thing that will happen: a fact, the end of an attempt, or what a person does.
type item struct {
	at      time.Time
	fact    *event.Event     // nil: it is none
	attempt *machine.Attempt // whose end it is
	asked   *event.Op        // the question that is open as gatebook dies
	kind    Kind             // how that is otherwise than it should be
	person  bool             // somebody sees to a run that has paused
	back    bool             // somebody has a run taken back that has ended
	rest    bool             // nothing: the run has ended
	does    bool             // with the fact, people have done what they were asked for
	told    State            // what tells it from another; zero: that was not asked yet
}

func (r *run) later(d time.Duration, i item) { r.at(r.now.Add(d), i) }

// at puts a thing behind those that happen at the same time.
func (r *run) at(t time.Time, i item) {
	i.at = t
	place, _ := slices.BinarySearchFunc(r.queue, t, func(other item, t time.Time) int {
		if other.at.After(t) {
			return 1
		}
		return -1
	})
	r.queue = slices.Insert(r.queue, place, i)
}

// let has a thing happen.
func (r *run) let(next item) {
	switch {
	case next.rest:
	case next.person:
		r.person()
	case next.back:
		r.takenUp(event.RollbackAsked, "")
	case next.attempt != nil:
		r.ended(*next.attempt, next.kind)
	case next.asked != nil:
		r.crash()
	case next.fact.Type == event.TimerFired && !r.machine.Wants(*next.fact.Timer):
	default:
		if next.does {
			r.touch(*next.fact.Op, After)
		}
		r.happens(*next.fact)
	}
}

// cancel ends what the machine wants ended, at once, as a well-behaved action does. What it had
// done by then is half of it.
func (r *run) cancel(op event.Op) {
	for i, queued := range r.queue {
		if queued.attempt != nil && queued.attempt.Op == op {
			r.touch(op, Partly)
			r.queue = slices.Delete(r.queue, i, i+1)
			r.at(r.now, item{fact: &event.Event{
				Type: event.AttemptFinished, Op: &op, Failure: &event.Failure{Class: sdk.Cancelled, Message: event.WasCancelled},
			}})
			return
		}
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(q question) bool { return q.op == op })
	r.queue = slices.DeleteFunc(r.queue, func(i item) bool {
		if i.asked != nil {
			return *i.asked == op // it does not die any more while that is open
		}
		if i.fact == nil || i.fact.Op == nil || *i.fact.Op != op {
			return false
		}
		// Of an observation or a question no answer is waited for, but of an attempt one is, as is what
		// became of one that a death has cut off.
		return i.fact.Type == event.Observed || i.fact.Type == event.Answered
	})
}
