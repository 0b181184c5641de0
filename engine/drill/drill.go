// Package drill proves the way back of a runbook: it rehearses runs in which each thing goes
// wrong that can, alone and in pairs, and holds every one of them against what must hold of any
// run.
//
// It tries all of them up to a bound that it tells. Two rehearsals that come to the same state have
// the same future, which is rehearsed once. How a run goes in a supposed world is the matter of
// engine/drill/rehearsal, and what is supposed that of engine/drill/world. Floor 8.
package drill

import (
	"cmp"
	"slices"

	"github.com/gatebook/gatebook/engine/drill/internal/invariant"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
)

// DefaultPairs is how many rehearsals of two failures are made where nobody says it.
const DefaultPairs = 50_000

// Options are how far a drill goes.
type Options struct {
	// Pairs bounds the rehearsals in which two things go wrong; 0: none is made.
	Pairs int
	// Test is the name of the test file that says what is supposed; empty: there is none.
	Test string
	// Watch is told before each rehearsal how far the drill is, and an error from it stops the drill:
	// what was found until then is what was found. Nil: nobody watches.
	Watch func(Progress) error

	unmerged bool // each rehearsal is carried on to its end, whoever was there before
}

// Progress is how far a drill is.
type Progress struct {
	Rehearsals int // that were made
	Failures   int // how many things go wrong in those that are made now
	Done, Of   int // of what may go wrong first, how much was gone through
}

// Of drills the plan of a runbook in the world that is supposed.
func Of(p *plan.Plan, supposed world.Supposed, options Options) *proof.Proof {
	w := world.Of(p, supposed)
	e := &explorer{
		world: w, options: options, seen: make(map[rehearsal.State]visit), mended: make(map[alone]bool), found: make(map[fault]*violation),
		covered: newCoverage(w.Plan()),
	}
	e.explore()
	return e.proof(p)
}

// explorer makes the rehearsals of one drill.
type explorer struct {
	world   *world.World
	options Options
	seen    map[rehearsal.State]visit
	mended  map[alone]bool // failures that were made good with nothing else under way
	found   map[fault]*violation
	covered *coverage
	counts  proof.Counts
	beyond  int   // pairs that the bound on them leaves out
	stopped error // why nothing more is rehearsed; nil: there is no reason
	left    int   // rehearsals that were not made because of that
}

// visit is how a rehearsal came to a state.
type visit struct {
	budget int // how much could still go wrong there
	events int // how much had happened
}

// covers reports whether whatever could be shown from a state on was shown by a visit, and in no
// more steps than by another.
func (v visit) covers(other visit) bool {
	return v.budget > other.budget || v.budget == other.budget && v.events <= other.events
}

// alone is a failure with all that what becomes of it depends on, where nothing else is under way.
type alone struct {
	state rehearsal.State
	kind  rehearsal.Kind
}

// fault is one thing that is wrong: rehearsals that show the same are told of once, and so are the
// instances of a step of which the same is wrong.
type fault struct{ invariant, step, detail string }

// violation is a fault with the shortest rehearsal that shows it.
type violation struct {
	fault
	says  string
	shows string           // the step that it shows, or the instance
	story *rehearsal.Story // the shortest; nil: there is none yet
	times int
	at    int // the last rehearsal that showed it, by its number
}

// explore rehearses the run in which nothing goes wrong, then each in which one thing does, and
// then those in which two do: so that of what is wrong the shortest rehearsal is found first.
func (e *explorer) explore() {
	most := 1
	if e.options.Pairs > 0 {
		most = 2
	}
	plain := e.rehearse(e.begin(), most)
	e.counts.Moments = len(plain.Choices)
	var singles []single
	things := 0
	for _, choice := range plain.Choices {
		things += len(choice.Kinds)
	}
	e.extend(e.begin(), plain, func(course *rehearsal.Course, at rehearsal.Choice, kind rehearsal.Kind) *rehearsal.Story {
		if !e.goesOn(Progress{Failures: 1, Done: e.counts.Singles, Of: things}) {
			return nil
		}
		e.counts.Singles++
		story := e.rehearse(course.Branch(at, kind), most-1)
		story.Journal = nil // what is wrong with it was looked at
		singles = append(singles, single{at, kind, story})
		return story
	})
	if most < 2 {
		return
	}
	start := e.begin()
	for i, first := range singles {
		e.extend(start.Branch(first.at, first.kind), first.story, func(course *rehearsal.Course, at rehearsal.Choice, kind rehearsal.Kind) *rehearsal.Story {
			switch {
			case e.counts.Pairs >= e.options.Pairs:
				e.beyond++
				return nil
			case !e.goesOn(Progress{Failures: 2, Done: i, Of: len(singles)}):
				return nil
			}
			e.counts.Pairs++
			return e.rehearse(course.Branch(at, kind), 0)
		})
	}
}

// goesOn tells whoever watches how far the drill is, and reports whether it goes on. Where it does
// not, what is left is counted.
func (e *explorer) goesOn(p Progress) bool {
	if e.stopped == nil && e.options.Watch != nil {
		p.Rehearsals = e.counts.Rehearsals
		e.stopped = e.options.Watch(p)
	}
	if e.stopped != nil {
		e.left++
	}
	return e.stopped == nil
}

// begin returns the course of the rehearsal in which nothing goes wrong.
func (e *explorer) begin() *rehearsal.Course { return rehearsal.Begin(e.world, e.options.unmerged) }

// single is a rehearsal in which one thing went otherwise.
type single struct {
	at    rehearsal.Choice
	kind  rehearsal.Kind
	story *rehearsal.Story
}

// branch makes the rehearsal that branches off from a course where one thing more goes otherwise;
// nil: it is not made.
type branch func(course *rehearsal.Course, at rehearsal.Choice, kind rehearsal.Kind) *rehearsal.Story

// extend rehearses what a rehearsal comes to where one thing more goes otherwise. A failure
// that was made good once, with nothing else under way, so that the run was then where it would
// have been without, is made good again wherever all is so that this depended on.
func (e *explorer) extend(course *rehearsal.Course, s *rehearsal.Story, rehearse branch) {
	passed := make(map[rehearsal.State]bool, len(s.Passed))
	for _, state := range s.Passed {
		passed[state] = true
	}
	for _, choice := range s.Choices {
		for _, kind := range choice.Kinds {
			what := alone{choice.Alone, kind}
			if e.mended[what] && !e.options.unmerged {
				e.counts.Alike++
				continue
			}
			story := rehearse(course, choice, kind)
			if story != nil && story.Merged && passed[story.At] && choice.Alone != (rehearsal.State{}) {
				e.mended[what] = true
			}
		}
	}
}

// rehearse makes one rehearsal, behind which so much may still go wrong, and looks at it.
func (e *explorer) rehearse(course *rehearsal.Course, budget int) *rehearsal.Story {
	story := course.Rehearse(func(state rehearsal.State, events int) bool {
		now := visit{budget, events}
		before, known := e.seen[state]
		if known && before.covers(now) {
			return !e.options.unmerged
		}
		e.seen[state] = now
		return false
	})
	e.counts.Rehearsals++
	if story.Merged {
		e.counts.Merged++
	}
	e.covered.take(story)
	for _, rule := range invariant.All() {
		for _, breach := range rule.Breaches(story) {
			e.take(rule, breach, story)
		}
	}
	return story
}

// take takes in that a rehearsal shows something wrong. Of those that show it the one is told of
// with the fewest things going wrong, and among them the one in which the least happens.
func (e *explorer) take(rule invariant.Invariant, breach invariant.Breach, story *rehearsal.Story) {
	what := fault{rule.Name, event.Template(breach.Step), breach.Detail}
	known := e.found[what]
	if known == nil {
		known = &violation{fault: what, says: rule.Says}
		e.found[what] = known
	}
	if known.at != e.counts.Rehearsals {
		known.at = e.counts.Rehearsals
		known.times++
	}
	if known.story != nil && len(story.Deviations) > len(known.story.Deviations) {
		return
	}
	if story.Merged {
		story = rehearsal.Run(e.world, story.Deviations, nil) // it is told to its end
	}
	if known.story == nil || shorter(story, known.story) || breach.Step < known.shows && !shorter(known.story, story) {
		kept := *story
		known.story, known.shows = &kept, breach.Step
	}
}

// shorter reports whether less goes wrong in one of two rehearsals, or as much and less happens.
func shorter(a, b *rehearsal.Story) bool {
	return cmp.Or(cmp.Compare(len(a.Deviations), len(b.Deviations)), cmp.Compare(len(a.Journal), len(b.Journal))) < 0
}

// violations are the faults, the gravest first.
func (e *explorer) violations() []*violation {
	rank := make(map[string]int)
	for i, rule := range invariant.All() {
		rank[rule.Name] = i
	}
	all := make([]*violation, 0, len(e.found))
	for _, v := range e.found {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *violation) int {
		return cmp.Or(cmp.Compare(rank[a.invariant], rank[b.invariant]), cmp.Compare(len(a.story.Deviations), len(b.story.Deviations)),
			cmp.Compare(a.step, b.step), cmp.Compare(a.detail, b.detail))
	})
	return all
}
