package drill

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/plan"
)

// proof says what the drill found.
func (e *explorer) proof(p *plan.Plan) *proof.Proof {
	e.counts.States = len(e.seen)
	made := &proof.Proof{
		Format:  proof.Format,
		Runbook: proof.Runbook{Name: p.Runbook.Name, Version: p.Runbook.Version, Mode: p.Choice.ModeName(), File: p.Runbook.File, Digest: p.Runbook.Digest, Test: e.options.Test},
		Bounds:  proof.Bounds{Failures: 1, Pairs: e.options.Pairs}, Counts: e.counts,
		Violations: []proof.Violation{}, Uncovered: []proof.Uncovered{}, Coverage: []proof.Coverage{},
	}
	if e.options.Pairs > 0 {
		made.Bounds.Failures = 2
	}
	coverage, uncovered := e.covered.sums()
	made.Coverage, made.Uncovered = append(made.Coverage, coverage...), append(made.Uncovered, uncovered...)
	for _, v := range e.violations() {
		told := proof.Violation{
			Invariant: v.invariant, Says: v.says, Step: v.shows, Detail: v.detail,
			Times: v.times, Events: len(v.story.Journal), Failures: []string{}, Trace: traceOf(v.story),
		}
		if step, ok := p.Step(v.shows); ok {
			told.At = step.At
		}
		for _, d := range v.story.Deviations {
			told.Failures = append(told.Failures, d.String())
		}
		made.Violations = append(made.Violations, told)
	}
	made.Unexplored = e.unexplored()
	if e.stopped != nil {
		made.Stopped = e.stopped.Error()
	}
	return made
}

// unmade says what was not rehearsed, as the drill was stopped.
func (e *explorer) unmade() string {
	text := fmt.Sprintf("The drill was %v: at most %d of %d runs were not rehearsed.", e.stopped, e.left, e.left+e.counts.Rehearsals)
	if e.counts.Pairs == 0 && e.options.Pairs > 0 {
		text += " Those in which two things go wrong were not counted."
	}
	return text
}

// unexplored says what was not looked at, and why.
func (e *explorer) unexplored() []string {
	var said []string
	if e.stopped != nil {
		said = append(said, e.unmade())
	}
	said = append(
		said,
		"What outputs are was not explored, but where the test file says it: conditions over them were true and false, each for itself and one at a time.",
		"The time was not explored: windows were taken as open and as closed, and everything takes a second.",
		"Of steps side by side one order was explored: that in which the plan has them.",
		"Of gatebook's deaths those were explored that come while a step or its rollback is at work, or while people are asked; what else was at work then was taken as not done.",
		"A condition that is false was so until a person saw to the run: that it is false for a while, and then true, was not explored.",
		"An action that does not end when it is asked to was not explored, and a retry.if that nothing known decides was true.",
		"That people pause or cancel a run was not explored, but where it had paused by itself and nothing else helped.",
	)
	switch {
	case e.options.Pairs == 0:
		said = append(said, "Failures in pairs were not explored, as --pairs is 0: rollbacks that fail are among them.")
	case e.beyond > 0:
		said = append(said, fmt.Sprintf("%d pairs of failures were not explored: --pairs bounds them to %d.", e.beyond, e.options.Pairs))
	}
	if e.options.Pairs > 0 {
		said = append(said, "Three failures and more in one run were not explored.")
	}
	said = append(said, e.world.Assumed()...)
	for _, s := range e.world.Plan().Steps {
		if s.Loop != nil {
			said = append(said, fmt.Sprintf(
				"Of step %s, where it is done for more than six, failures were explored in the first and the last instance of the first, the second and the last batch.", s.ID))
		}
	}
	return said
}
