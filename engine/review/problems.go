package review

import (
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Kind says what a problem is.
type Kind string

// The kinds of problems, the worst first.
const (
	OverLimit   Kind = "over the limit" // it goes over a limit of its runbook, so that no run begins
	GateClosed  Kind = "gate closed"    // a condition is false with what is known, or is so now
	GateBroken  Kind = "gate broken"    // a condition cannot be judged
	Unverified  Kind = "unverified"     // a condition of verify is false, or cannot be judged
	Unreachable Kind = "unreachable"    // a connection cannot be made
	Blocked     Kind = "blocked"        // an action says what would stop it: a right that is missing, a budget
	Unseen      Kind = "unseen"         // an action could not say what it would do
	LookFailed  Kind = "look failed"    // an action could not read what is so now
	CutOff      Kind = "cut off"        // the plan did not wait for what an action says, which says nothing of the step
	NotYet      Kind = "not yet"        // what a run waits for, a condition or by an action, is not so now
	TooLong     Kind = "too long"       // the plan takes longer than it may
	Uncounted   Kind = "limits nothing" // a cost is limited in a unit in which no action foresees one
	NoWayBack   Kind = "no way back"    // a step changes something, and nothing takes it back
	Warned      Kind = "warning"        // an action says what to mind
)

// kinds orders them.
var kinds = [...]Kind{OverLimit, GateClosed, GateBroken, Unverified, Unreachable, Blocked, Unseen, LookFailed, CutOff, NotYet, TooLong, Uncounted, NoWayBack, Warned}

// Stops reports whether a run would not get past a problem as it is now.
func (k Kind) Stops() bool {
	return slices.Contains([]Kind{OverLimit, GateClosed, GateBroken, Unverified, Unreachable, Blocked}, k)
}

// Problem is one thing that stands in the way of a run, or that a reviewer should look at.
type Problem struct {
	Kind       Kind            `json:"kind" enum:"over the limit,gate closed,gate broken,unverified,unreachable,blocked,unseen,look failed,cut off,not yet,too long,limits nothing,no way back,warning"`
	Step       string          `json:"step,omitempty"`
	Connection string          `json:"connection,omitempty"`
	Text       string          `json:"text,omitempty" doc:"In the words of who says so."`
	Now        bool            `json:"now,omitempty" doc:"It is so at the time of the plan, and may be otherwise when it is run."`
	Verify     bool            `json:"verify,omitempty" doc:"It is with a condition of the step's verify, and not of its gate: a run would find it when the action is done."`
	Between    bool            `json:"between,omitempty" doc:"It is with a condition that must hold after each batch of the step."`
	Behind     string          `json:"behind,omitempty" doc:"The last step before it that changes something: an action says so of how things are now, which may be otherwise by then."`
	Others     int             `json:"others,omitempty" doc:"Of how many more instances of the step it is so."`
	Condition  *plan.Condition `json:"-"` // of a gate, a verify or a between
}

// problems finds them, the worst first, and of one kind in the plan's order.
func problems(p *plan.Plan, behind map[string]string, takes Time, limits []Limited) []Problem {
	found := append(overLimits(limits), uncounted(p)...)
	for _, c := range p.Connections {
		if c.TargetError != "" {
			found = append(found, Problem{Kind: Unreachable, Connection: c.Called(), Text: c.TargetError})
		}
	}
	for _, s := range p.Steps {
		var of []Problem
		switch {
		case s.Skipped():
		case s.Loop != nil:
			of = problemsOfLoop(s)
		default:
			of = problemsOf(s)
		}
		for i := range of {
			if k := of[i].Kind; k == Blocked || k == Warned || k == Unseen {
				of[i].Behind = behind[s.ID]
			}
		}
		found = append(found, of...)
	}
	if fits, known := takes.Fits(); known && !fits {
		found = append(found, Problem{Kind: TooLong, Text: fmt.Sprintf("where all goes well it takes about %s, and may take %s", layout.Elapsed(takes.Takes), layout.Span(takes.RTO))})
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
		if problem, is := problemOf(c); is {
			problem.Step = s.ID
			found = append(found, problem)
		}
	}
	for _, c := range s.Verify {
		if problem, is := problemOf(c); is {
			if problem.Kind == GateClosed || problem.Kind == GateBroken {
				problem.Kind = Unverified
			}
			problem.Step, problem.Verify = s.ID, true
			found = append(found, problem)
		}
	}
	if s.Seen != nil && s.Seen.Error != "" {
		found = append(found, Problem{Kind: unseen(s.Seen), Step: s.ID, Text: s.Seen.Error, Now: true})
	}
	if s.PreviewError != "" {
		add(unforeseen(&s.Use), s.PreviewError)
	}
	if s.Preview != nil {
		for _, text := range s.Preview.Blockers {
			add(Blocked, text)
		}
		for _, text := range s.Preview.Warnings {
			add(Warned, text)
		}
	}
	if WayBack(s) == Lost {
		add(NoWayBack, "")
	}
	return found
}

// unseen is what it means that a look failed: what a run asks for again is only not so yet.
func unseen(s *plan.Seen) Kind {
	switch {
	case s.Cut:
		return CutOff
	case s.Waits:
		return NotYet
	default:
		return LookFailed
	}
}

// unforeseen is what it means that an action has not said what it would do.
func unforeseen(u *plan.Use) Kind {
	if u.PreviewCut {
		return CutOff
	}
	return Unseen
}

// problemOf is what stands in the way with a condition, by what is known before the
// run, or else by what is so now.
func problemOf(c *plan.Condition) (problem Problem, is bool) {
	switch c.State.Truth {
	case expr.False.String():
		return Problem{Kind: GateClosed, Text: c.Message, Condition: c}, true
	case expr.Failed.String():
		return Problem{Kind: GateBroken, Text: c.State.Detail, Condition: c}, true
	}
	if c.Now == nil {
		return Problem{}, false
	}
	problem = Problem{Text: c.Now.Detail, Now: true, Condition: c}
	switch truth := c.Now.Truth; {
	case c.Now.Observed != nil && c.Now.Observed.Error != "":
		problem.Kind = unseen(c.Now.Observed)
	case truth != expr.False.String() && truth != expr.Failed.String():
		return Problem{}, false
	case c.Within > 0:
		problem.Kind, problem.Text = NotYet, c.Message
	case c.Closes():
		problem.Kind, problem.Text = GateClosed, c.Message
	default:
		problem.Kind = GateBroken
	}
	return problem, true
}
