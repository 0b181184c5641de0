package world

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// World is what is supposed. It plays for one [Judge] at a time, so that it is not safe for
// concurrent use.
type World struct {
	plan     *plan.Plan
	known    map[string]Step
	supposed Supposed
	judge    Judge
	loops    map[string]bool // those of which it supposes what they are done for

	reads reads

	uncounted bool // the plan limits what nobody can count in a drill
}

// Supposed is what an author supposes, by the ids of steps: the zero Supposed is nothing.
type Supposed struct {
	Steps map[string]Step
	Items map[string][]value.Value // what a loop is done for of which nobody knows it before a run
}

// Step is what is supposed of one step, and of each of its instances.
type Step struct {
	Outputs   value.Value // what its action gives back; parts of it may be unknown
	Provides  []string    // things that are there once it is done, until it is taken back
	Removes   []string    // things that others provide and that it takes away
	Needs     []string    // things without which its action fails
	Takes     []string    // things that it holds from then on, as a lock
	Releases  []string    // things that it gives back, which another has taken
	GateNeeds []string    // things without which its gate does not open
	BackNeeds []string    // things without which what takes it back fails
}

// Of makes the world of a plan, with what the author supposes of it.
func Of(p *plan.Plan, supposed Supposed) *World {
	w := &World{plan: unfolded(p), known: make(map[string]Step), supposed: supposed, loops: make(map[string]bool), reads: readsOf(p)}
	// What a run gives back in the end is about what its actions returned, of which nothing is known.
	w.plan.Outputs, w.plan.Record = nil, nil
	// So is what a step touches and costs: the machine counts each step as a thing of its own of
	// which nobody has said more, and a run would be kept from what it may do.
	if limits := p.Limits; limits != nil && (limits.Targets != nil || len(limits.Cost) > 0) {
		countable := *limits
		countable.Targets, countable.Cost = nil, nil
		w.plan.Limits, w.uncounted = &countable, true
	}
	for _, s := range w.plan.Steps {
		step := supposed.Steps[s.ID]
		step.Outputs = outputs(s, step.Outputs)
		w.known[s.ID] = step
		w.stand(s)
	}
	return w
}

// unfolded is a copy of a plan in which the steps that stand for those of what instances take in
// do so also where these are known: what is supposed is supposed of all of them.
func unfolded(p *plan.Plan) *plan.Plan {
	made := p.Copy()
	for _, s := range made.Steps {
		if s.Runbook != nil && s.Loop != nil {
			s.Loop.Instances, s.Loop.Batches = nil, nil
		}
	}
	return made.Copy()
}

// Plan is the plan as it goes in this world: its steps are those of the runbook, and what its
// expressions do not know is supposed.
func (w *World) Plan() *plan.Plan { return w.plan }

// Step returns what is supposed of a step, or of an instance of one.
func (w *World) Step(id string) Step { return w.known[event.Template(id)] }

// Play has a judge decide the conditions from now on.
func (w *World) Play(j Judge) { w.judge = j }

// Assumed says what was supposed that the runbook does not say, for people.
func (w *World) Assumed() []string {
	var said []string
	if w.uncounted {
		said = append(said, "The limits of targets and costs were not explored: what a step touches and costs its action alone can say.")
	}
	for _, s := range w.plan.Steps {
		if w.loops[s.ID] && len(w.supposed.Items[s.ID]) == 0 {
			said = append(said, fmt.Sprintf("Step %s was done for %d items: what it is done for is known in a run alone.", s.ID, len(standIns)))
		}
	}
	return said
}

// anything is why a value is not known that a run would know: it may be anything.
const anything = "a drill does not know what comes of actions"

// open reports whether all that is not known may be anything, and nothing of it is what a run
// would not know either, as outputs that a crash has lost.
func open(causes []value.Cause) bool {
	return !slices.ContainsFunc(causes, func(c value.Cause) bool { return c.Reason != anything })
}

// outputs is what an action gives back: what the author says, and of all else that it declares
// that it is not known.
func outputs(s *plan.Step, said value.Value) value.Value {
	unknown := value.Unknown(value.Cause{Step: s.ID, Reason: anything})
	if said.Kind() != value.KindObject {
		return unknown
	}
	members := slices.Clone(said.Members())
	if s.Describe.Output != nil {
		for _, p := range s.Describe.Output.Properties {
			if _, given := said.Get(p.Name); !given {
				members = append(members, value.Member{Name: p.Name, Value: unknown})
			}
		}
	}
	return value.Object(members...)
}

// Missing returns those of the things that are not there.
func Missing(needs []string, isThere func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(needs), isThere)
}

// Lacks says what is missing.
func Lacks(missing []string) string {
	return fmt.Sprintf("it needs %q, which is not there", strings.Join(missing, ", "))
}

// Seen is what an observation brings: of what is looked at in a drill nothing is known.
func (w *World) Seen(op event.Op) value.Value {
	return value.Unknown(value.Cause{Step: op.Step, Reason: anything})
}
