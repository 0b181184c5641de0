package seal

import (
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
)

// Unseen is what could not be looked at when a plan was made: a connection, or what one step
// would do.
type Unseen struct {
	Connection string
	Step       string // empty: all over the connection
	Why        string
}

// Hidden returns what could not be looked at for a plan.
func Hidden(shown *plan.Plan) []Unseen {
	var unseen []Unseen
	hidden := map[string]bool{}
	for _, c := range shown.Connections {
		if c.TargetError != "" {
			hidden[c.Called()] = true
			unseen = append(unseen, Unseen{Connection: c.Called(), Why: c.TargetError})
		}
	}
	for step := range shown.All() {
		if over := step.Connection; over != nil && hidden[over.Called()] {
			unseen = append(unseen, Unseen{Connection: over.Called(), Step: step.ID})
		} else if step.PreviewError != "" {
			unseen = append(unseen, Unseen{Step: step.ID, Why: step.PreviewError})
		}
	}
	return unseen
}

// untold takes out of two essences what could not be looked at now, and says why, where there
// was something.
func untold(was, now *Essence, unseen []Unseen) []Drift {
	var found []Drift
	steps, connections := map[string]bool{}, map[string]bool{}
	for _, u := range unseen {
		is := Drift{Untold: u.Why}
		switch u.Step {
		case "":
			connections[u.Connection] = true
			is.What = "what the connection " + u.Connection + " reaches"
			if !slices.ContainsFunc(was.Targets, func(t Target) bool { return t.Connection == u.Connection }) {
				continue
			}
		default:
			steps[u.Step] = true
			is.What = "what " + u.Step + " would do"
			if u.Why == "" || !slices.ContainsFunc(was.Observed, func(s Seen) bool { return s.Step == u.Step }) {
				continue
			}
		}
		found = append(found, is)
	}
	for _, of := range []*Essence{was, now} {
		of.Targets = slices.DeleteFunc(slices.Clone(of.Targets), func(t Target) bool { return connections[t.Connection] })
		of.Observed = slices.DeleteFunc(slices.Clone(of.Observed), func(s Seen) bool { return steps[s.Step] })
	}
	return found
}
