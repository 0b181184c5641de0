package rehearsal

import (
	"slices"

	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
)

// Thing is what a step has made of what it is about.
type Thing uint8

// What a thing may be.
const (
	Before Thing = iota // as it was before the run
	Partly              // the action failed half-way
	After               // as the step makes it
)

// Story is what happened in a rehearsal.
type Story struct {
	World      *world.World
	Deviations []Deviation
	Unmet      []Deviation    // those of them that the run did not come to
	Journal    []*event.Event // every fact and decision, in order
	// Result is how the run ended; nil: it did not, or was not looked at any further.
	Result *event.Result
	Why    string // why it did not end

	Things map[string]Thing  // what each step, or instance, has made
	Held   map[string]string // what is held in the end that a step has taken, and by which step
	Locked bool              // the run holds its lock

	// Choices are the moments, behind all deviations, at which something else may go otherwise.
	Choices []Choice
	// Passed are the states at those moments.
	Passed []State
	// Merged says that it was left off, as another rehearsal had come to where it was: to At.
	Merged bool
	At     State
}

// Goes reports whether something was let go otherwise of which the test says so.
func (s *Story) Goes(test func(Deviation) bool) bool { return slices.ContainsFunc(s.Deviations, test) }

// Step finds a step of the plan, or an instance of one.
func (s *Story) Step(id string) *plan.Step {
	found, _ := s.World.Plan().Step(id)
	return found
}
