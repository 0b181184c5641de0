package rehearsal

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
)

// Course goes along a rehearsal, for others to branch off from it: so that each begins where it
// is another one, and not with all that it has in common with that.
type Course struct {
	run  *run
	anew bool

	last  Choice // that others branched off at
	dying *twin  // of those of them in which gatebook dies
}

// Begin returns the course of the rehearsal in which nothing goes otherwise, at its beginning.
// What branches off from it begins anew where that is wanted, and takes over nothing.
func Begin(w *world.World, anew bool) *Course { return &Course{run: begin(w, nil), anew: anew} }

// Branch returns the course of what comes of it where one thing more goes otherwise. The choices
// of a course are gone to in the order in which they are come to.
func (c *Course) Branch(at Choice, kind Kind) *Course {
	r, goes := c.run, Deviation{Op: at.Op, Time: at.Time, Kind: kind}
	if c.anew {
		return &Course{run: begin(r.world, append(slices.Clone(r.story.Deviations), goes)), anew: true}
	}
	r.retraces = true
	r.world.Play(r)
	for r.moment < at.moment {
		r.settled()
		r.next()
	}
	fork := r.fork()
	fork.story.Deviations = append(slices.Clone(r.story.Deviations), goes)
	fork.schedule = append(slices.Clone(r.schedule), goes)
	if at.Op != c.last.Op || at.Time != c.last.Time {
		c.last, c.dying = at, &twin{}
	}
	if slices.Contains([]Kind{CrashBefore, CrashAfter, CrashBlind}, kind) {
		fork.twin = c.dying
	}
	return &Course{run: fork}
}

// Rehearse carries a rehearsal on to its end, from where its course is, or to where it is left off.
// Nothing branches off from its course any more.
func (c *Course) Rehearse(seen Seen) *Story { return c.run.end(seen) }

// room is how much happens about in a rehearsal that branches off.
const room = 64

// fork returns a rehearsal that has come as far, and goes its own way from there.
func (r *run) fork() *run {
	f, story := *r, *r.story
	story.Journal = append(make([]*event.Event, 0, len(r.story.Journal)+room), r.story.Journal...)
	story.Things = maps.Clone(r.story.Things)
	story.Choices, story.Passed = nil, nil
	f.story, f.fresh, f.retraces, f.twin = &story, nil, false, nil
	f.machine, f.ledger = r.machine.Fork(), r.ledger.fork()
	f.there, f.held = r.there.fork(), r.held.fork()
	f.queue, f.waiting = slices.Clone(r.queue), slices.Clone(r.waiting)
	f.closed, f.came = maps.Clone(r.closed), maps.Clone(r.came)
	return &f
}
