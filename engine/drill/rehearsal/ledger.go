package rehearsal

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// ledger is what the journal comes to so far, as far as what follows depends on it.
type ledger struct {
	places map[string]int
	steps  []entry
	byID   []int // their places by their ids: in what order they were first heard of means nothing
	done   []int // the steps that changed something, in the order in which they ended
	failed []int // those that failed, in that order
	mode   event.Mode
	reason string
	stands map[string]bool // instances of large loops that stand for the others
	many   map[string]bool // large loops
}

// entry is what became of one step.
type entry struct {
	id       string
	status   event.Status
	class    string // of its last failure
	do, undo int    // the attempts so far
	touched  bool
	blank    bool      // it is done, and nobody knows what it has returned
	truths   []verdict // of its conditions as they are judged, in their order

	told  State // what tells it, as long as it is known
	known bool
}

// verdict is how a condition came out last.
type verdict struct {
	op    event.Op
	truth string
}

func newLedger() ledger {
	return ledger{places: map[string]int{}, stands: map[string]bool{}, many: map[string]bool{}}
}

func (l *ledger) fork() ledger {
	f := ledger{
		places: maps.Clone(l.places), steps: slices.Clone(l.steps), byID: slices.Clone(l.byID), done: slices.Clone(l.done), failed: slices.Clone(l.failed),
		mode: l.mode, reason: l.reason, stands: maps.Clone(l.stands), many: maps.Clone(l.many),
	}
	for i := range f.steps {
		f.steps[i].truths = slices.Clone(f.steps[i].truths)
	}
	return f
}

func (l *ledger) of(id string) (int, *entry) {
	place, known := l.places[id]
	if !known {
		place = len(l.steps)
		l.places[id] = place
		l.steps = append(l.steps, entry{id: id, status: event.Pending})
		at, _ := slices.BinarySearchFunc(l.byID, id, func(other int, id string) int { return strings.Compare(l.steps[other].id, id) })
		l.byID = slices.Insert(l.byID, at, place)
	}
	return place, &l.steps[place]
}

// take takes in the next event of the journal.
func (l *ledger) take(e *event.Event) {
	if e.Type == event.ModeChanged {
		l.mode, l.reason = e.Mode, e.Reason
	}
	if e.Op == nil || e.Op.Step == "" {
		return
	}
	place, s := l.of(e.Op.Step)
	s.known = false
	switch e.Type {
	case event.AttemptStarted:
		if e.Op.Part == event.Undo {
			s.undo = e.Op.Attempt
		} else {
			s.do = e.Op.Attempt
		}
	case event.AttemptFinished:
		s.touched = s.touched || e.Op.Part == event.Do && (e.Failure == nil || !e.Failure.Unchanged)
		s.blank = s.blank && e.Op.Part == event.Undo
	case event.Answered:
		s.touched = s.touched || e.Op.Part == event.Do && e.Answer.Approved
	case event.AttemptObserved:
		s.touched = s.touched || e.State == sdk.Done || e.State == sdk.NotDone && e.By == ""
		if e.Op.Part == event.Do {
			s.blank = e.State == sdk.Done && e.Outputs == nil
		}
	case event.StepDecided:
		l.decided(place, s, e)
	case event.ConditionMet:
		s.judged(event.Op{Part: e.Op.Part, Index: e.Op.Index}, e.Verdict.Truth)
	case event.LoopOpened:
		l.opened(e)
	default:
	}
}

func (s *entry) judged(op event.Op, truth string) {
	at, known := slices.BinarySearchFunc(s.truths, op, func(v verdict, op event.Op) int { return compareOps(v.op, op) })
	if !known {
		s.truths = slices.Insert(s.truths, at, verdict{op: op})
	}
	s.truths[at].truth = truth
}

func (l *ledger) decided(place int, s *entry, e *event.Event) {
	s.status, s.class = e.Status, ""
	if e.Failure != nil {
		s.class = string(e.Failure.Class)
	}
	if !e.Status.Settled() || e.Op.Part != event.Do {
		return
	}
	s.truths = nil
	again := func(other int) bool { return other == place }
	l.failed = slices.DeleteFunc(l.failed, again)
	if e.Status == event.Failed {
		l.failed = append(l.failed, place)
	}
	if s.touched {
		l.done = append(slices.DeleteFunc(l.done, again), place)
	}
}

// large is of how many instances a loop may be so that something goes otherwise in each of them.
const large = 6

// opened takes in what a step is done for. Of many the first and the last of the first, the
// second and the last batch stand for all.
func (l *ledger) opened(e *event.Event) {
	if len(e.Loop.Keys) <= large {
		return
	}
	l.many[e.Op.Step] = true
	start := 0
	for batch, size := range e.Loop.Batches {
		if batch < 2 || batch == len(e.Loop.Batches)-1 {
			for _, place := range []int{start, start + size - 1} {
				l.stands[event.InstanceID(e.Op.Step, e.Loop.Keys[place])] = true
			}
		}
		start += size
	}
}

// represents reports whether something may go otherwise in a step.
func (l *ledger) represents(id string) bool {
	if len(l.many) == 0 {
		return true
	}
	for at := id; at != ""; {
		of, _, instance := event.SplitInstance(at)
		switch {
		case !instance:
			at, _, _ = event.SplitInside(at)
		case l.many[of] && !l.stands[at]:
			return false
		default:
			at = of
		}
	}
	return true
}

// lost reports whether nobody can tell what became of a step.
func (l *ledger) lost(id string) bool {
	_, s := l.of(id)
	return s.status == event.LostTrack
}

// in returns the steps with a status.
func (l *ledger) in(status event.Status) []string {
	return l.where(func(s event.Status) bool { return s == status })
}

// unsettled returns the steps that have begun and not ended.
func (l *ledger) unsettled() []string {
	return l.where(func(s event.Status) bool { return !s.Settled() && s != event.Pending })
}

func (l *ledger) where(test func(event.Status) bool) []string {
	var ids []string
	for _, s := range l.steps {
		if test(s.status) {
			ids = append(ids, s.id)
		}
	}
	return ids
}
