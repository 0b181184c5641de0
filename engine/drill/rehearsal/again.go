package rehearsal

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
)

// crash has the process die and another take the run up. What was in flight is cut off.
func (r *run) crash() { r.takenUp("", "") }

// mostPauses is how often somebody has a run that has paused go on before they give it up.
const mostPauses = 3

// person sees to a run that has paused, as somebody does who has mended what was wrong.
func (r *run) person() {
	r.pauses++
	switch {
	case r.pauses > mostPauses:
		r.takenUp(event.CancelAsked, "operator")
	case !r.asked && r.choose(event.Op{Part: AtPause}, []Kind{TakenBack}) == TakenBack:
		r.asked = true
		r.takenUp(event.RollbackAsked, "operator")
	default:
		clear(r.closed)
		r.takenUp(event.ResumeAsked, "operator")
	}
}

// takenUp has another process rebuild the run from its journal and take it up, as
// engine/run does; ask is what a person asks of it, and by who says what became of attempts
// of which nobody else can tell.
func (r *run) takenUp(ask event.Type, by string) {
	r.queue, r.waiting = nil, nil
	r.story.Result, r.story.Locked = nil, true
	r.machine = r.rebuilt()
	outstanding := r.machine.Outstanding()
	resumed := event.Event{Type: event.RunResumed, By: "drill"}
	if ask != event.ResumeAsked {
		resumed.Name = string(ask)
	}
	r.happens(resumed)
	r.takeUp(outstanding, by)
	mode := r.machine.Mode()
	goes := mode != event.Paused && mode != event.Ended && !r.machine.Pausing()
	if ask == "" && r.machine.Pausing() {
		ask = event.ResumeAsked // it died on the way to a pause, to which nobody comes back by itself
	}
	if ask != "" && (ask != event.ResumeAsked || !goes) {
		r.happens(event.Event{Type: ask, By: "operator"})
	}
}

// twin is the machine that rehearsals have rebuilt from their journals that differ in nothing
// until then: gatebook dies in all of them, and what had been done by then is another thing.
type twin struct{ machine *machine.Machine }

// rebuilt returns the machine that the journal rebuilds.
func (r *run) rebuilt() *machine.Machine {
	twin := r.twin
	r.twin = nil // from here on they differ
	if twin != nil && twin.machine != nil {
		return twin.machine.Fork()
	}
	m := machine.New(r.world.Plan())
	var past machine.Past
	for _, e := range r.story.Journal {
		past.Note(*e)
	}
	m.Recall(past)
	r.replays = true
	for _, e := range r.story.Journal {
		m.Next(*e)
	}
	r.replays = false
	m.Recall(machine.Past{})
	if twin != nil {
		twin.machine = m.Fork()
	}
	return m
}

// takeUp carries out what was in flight.
func (r *run) takeUp(outstanding []machine.Command, by string) {
	for _, c := range outstanding {
		if a, ok := c.(machine.Attempt); ok && a.Started && a.Op.Part == event.Do && r.ledger.lost(a.Op.Step) {
			r.look(a, by)
			continue
		}
		r.carryOut(c)
	}
}
