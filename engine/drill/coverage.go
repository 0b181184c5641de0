package drill

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
)

// coverage is what rehearsals came to. Of a step that is done for many it is that one of its
// instances was.
type coverage struct {
	plan   *plan.Plan
	ran    map[string]bool
	undone map[string]bool
	again  map[retried]bool     // parts that were tried once more
	gates  map[outcome]struct{} // conditions of gates, and what they came to
}

type retried struct {
	step string
	part event.Part
}

type outcome struct {
	step  string
	index int
	truth string
}

func newCoverage(p *plan.Plan) *coverage {
	return &coverage{
		plan: p, ran: map[string]bool{}, undone: map[string]bool{}, again: map[retried]bool{}, gates: map[outcome]struct{}{},
	}
}

// take takes in a rehearsal.
func (c *coverage) take(s *rehearsal.Story) {
	for _, e := range s.Journal {
		if e.Op == nil {
			continue
		}
		id := event.Template(e.Op.Step)
		switch {
		case e.Type == event.AttemptStarted && e.Op.Attempt > 1:
			c.again[retried{id, e.Op.Part}] = true
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do, e.Type == event.AskOpened && e.Op.Part == event.Do:
			c.ran[id] = true
		case e.Type == event.StepDecided && e.Status == event.Undone:
			c.undone[id] = true
		case e.Type == event.ConditionMet && e.Op.Part == event.Gate:
			c.gates[outcome{id, e.Op.Index, e.Verdict.Truth}] = struct{}{}
		}
	}
}

// sums are the numbers, and what was not come to.
func (c *coverage) sums() ([]proof.Coverage, []proof.Uncovered) {
	s := sums{coverage: c}
	for _, step := range c.plan.Steps {
		if step.Runbook != nil {
			continue // what it takes in is counted
		}
		if !step.Skipped() {
			s.count("steps", c.ran[step.ID], step, "step", "No rehearsal came to it.")
			continue
		}
		s.missing = append(s.missing, proof.Uncovered{What: "step", Step: step.ID, Why: "With these inputs it is skipped."})
	}
	for _, step := range c.plan.Steps {
		if !step.Skipped() {
			s.gates(step)
		}
	}
	for _, step := range c.plan.Steps {
		s.rollback(step)
	}
	for _, step := range c.plan.Steps {
		if !step.Skipped() {
			s.retries(step)
		}
	}
	return s.numbers, s.missing
}

// sums counts.
type sums struct {
	*coverage
	numbers []proof.Coverage
	missing []proof.Uncovered
}

func (s *sums) count(what string, covered bool, step *plan.Step, one, why string) {
	place := len(s.numbers) - 1
	if place < 0 || s.numbers[place].What != what {
		s.numbers = append(s.numbers, proof.Coverage{What: what})
		place++
	}
	s.numbers[place].Of++
	if covered {
		s.numbers[place].Covered++
		return
	}
	s.missing = append(s.missing, proof.Uncovered{What: one, Step: step.ID, Why: why})
}

// gates counts both outcomes of each condition of a gate.
func (s *sums) gates(step *plan.Step) {
	for k, condition := range step.Gate {
		for _, truth := range []string{"true", "false"} {
			_, came := s.coverage.gates[outcome{step.ID, k, truth}]
			why := fmt.Sprintf("Condition %d was never %s.", k+1, truth)
			if known := condition.State.Truth; known == "true" || known == "false" {
				why = fmt.Sprintf("Condition %d was never %s: what is known before a run decides it.", k+1, truth)
			}
			s.count("gates", came, step, "gate", why)
		}
	}
}

// retries counts the second attempts of the step's action, and of what takes it back.
func (s *sums) retries(step *plan.Step) {
	if step.Retry.Attempts > 1 && !step.Describe.Asks {
		s.count("retries", s.again[retried{step.ID, event.Do}], step, "retry", "Its action was never tried once more.")
	}
	back := step.Rollback
	if step.Finally || step.Closing || back == nil || back.None != "" || back.Retry.Attempts < 2 || back.Use != nil && back.Use.Describe.Asks {
		return
	}
	s.count("retries", s.again[retried{step.ID, event.Undo}], step, "retry", "What takes it back was never tried once more.")
}

// rollback counts the way back of a step that changes something.
func (s *sums) rollback(step *plan.Step) {
	back := step.Rollback
	switch {
	case !step.Changes() || step.Finally || step.Closing || step.Skipped(), back != nil && back.None != "":
	case back == nil:
		s.count("rollbacks", false, step, "rollback", "There is nothing that takes it back.")
	default:
		s.count("rollbacks", s.undone[step.ID], step, "rollback", "No rehearsal took it back.")
	}
}
