package review

import (
	"slices"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
)

// Kind says what a problem is.
type Kind string

// The kinds of problems, the worst first.
const (
	GateClosed  Kind = "gate closed" // a condition is false with what is known now
	GateBroken  Kind = "gate broken" // a condition cannot be judged
	Unreachable Kind = "unreachable" // a connection cannot be made
	Blocked     Kind = "blocked"     // an action says what would stop it: a right that is missing, a budget
	Unseen      Kind = "unseen"      // an action could not say what it would do
	NoWayBack   Kind = "no way back" // a step changes something, and nothing takes it back
	Warned      Kind = "warning"     // an action says what to mind
)

// kinds orders them.
var kinds = [...]Kind{GateClosed, GateBroken, Unreachable, Blocked, Unseen, NoWayBack, Warned}

// Stops reports whether a run would not get past a problem as it is now.
func (k Kind) Stops() bool { return k != NoWayBack && k != Warned && k != Unseen }

// Problem is one thing that stands in the way of a run, or that a reviewer should look at.
type Problem struct {
	Kind       Kind            `json:"kind" enum:"gate closed,gate broken,unreachable,blocked,unseen,no way back,warning"`
	Step       string          `json:"step,omitempty"`
	Connection string          `json:"connection,omitempty"`
	Text       string          `json:"text,omitempty" doc:"In the words of who says so."`
	Condition  *plan.Condition `json:"-"` // of a gate
}

// problems finds them, the worst first, and of one kind in the plan's order.
func problems(p *plan.Plan) []Problem {
	found := []Problem{}
	for _, c := range p.Connections {
		if c.TargetError != "" {
			found = append(found, Problem{Kind: Unreachable, Connection: c.Called(), Text: c.TargetError})
		}
	}
	for _, s := range p.Steps {
		if !s.Skipped() {
			found = append(found, problemsOf(s)...)
		}
	}
	slices.SortStableFunc(found, func(a, b Problem) int {
		return slices.Index(kinds[:], a.Kind) - slices.Index(kinds[:], b.Kind)
	})
	return found
}

func problemsOf(s *plan.Step) []Problem {
	var found []Problem
	add := func(kind Kind, text string) { found = append(found, Problem{Kind: kind, Step: s.ID, Text: text}) }
	for _, c := range s.Gate {
		switch c.State.Truth {
		case expr.False.String():
			found = append(found, Problem{Kind: GateClosed, Step: s.ID, Text: c.Message, Condition: c})
		case expr.Failed.String():
			found = append(found, Problem{Kind: GateBroken, Step: s.ID, Text: c.State.Detail, Condition: c})
		}
	}
	if s.PreviewError != "" {
		add(Unseen, s.PreviewError)
	}
	if s.Preview != nil {
		for _, text := range s.Preview.Blockers {
			add(Blocked, text)
		}
		for _, text := range s.Preview.Warnings {
			add(Warned, text)
		}
	}
	if wayBack(s) == impossible {
		add(NoWayBack, "")
	}
	return found
}
