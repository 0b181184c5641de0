package check

import (
	"strings"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
)

// site is the kind of place at which an expression stands: what it may refer to there.
type site struct {
	step *Step  // nil: it belongs to no step
	what string // "gate", for people
	// own says that the step has run by then, so that its own result may be used.
	own bool
	// ended says that the steps are done by then, so that the outcome is known.
	ended bool
	// vars says that the place is a var, before any step.
	vars bool
	// judges says that it is a condition of a step, which is told how long the run takes from there.
	judges bool
}

func stepSite(step *Step, what string, own bool) site {
	return site{step: step, what: what, own: own, ended: step.Finally}
}

func judgingSite(step *Step, what string, own bool) site {
	at := stepSite(step, what, own)
	at.judges = true
	return at
}

// refer follows one reference: it marks what is used, notes what a step must wait
// for, and reports what the place cannot refer to.
func (c *checker) refer(at site, ref data.Reference) {
	switch ref.Root {
	case expr.RootInputs:
		c.inputs.use(ref.Path)
	case expr.RootVars:
		c.vars.use(ref.Path)
	case expr.RootRun, expr.RootNow:
		c.referRun(at, ref)
	case expr.RootSteps:
		c.referStep(at, ref)
	}
}

func (c *checker) referRun(at site, ref data.Reference) {
	switch {
	case at.vars:
		c.add(diag.VarUsesRun.At(ref.Range, "In %s nothing is known of the run yet.", at))
	case len(ref.Path) > 0 && ref.Path[0] == "outcome" && !at.ended:
		c.add(diag.OutcomeTooEarly.At(ref.Range, "In %s nobody knows yet how the run goes.", at))
	case len(ref.Path) > 0 && ref.Path[0] == "remaining" && !at.judges:
		c.add(diag.RemainingElsewhere.At(ref.Range, "In %s nobody is told how long the run takes from there.", at))
	}
}

func (c *checker) referStep(at site, ref data.Reference) {
	if at.vars {
		c.add(diag.VarUsesStep.At(ref.Range, "In %s no step has run yet.", at))
		return
	}
	id, ok := ref.Step()
	if !ok {
		return
	}
	place, known := c.places[id]
	if !known || at.step == nil {
		return // a fault of the expression, reported by it; or the end, when all is done
	}
	target := c.runbook.Steps[place]
	switch {
	case place == at.step.Index:
		if !at.own {
			c.add(diag.OwnOutputs.At(ref.Range, "In %s the step has no result yet.", at))
		}
	case target.Finally && !at.step.Finally:
		c.add(diag.FinallyTooLate.At(ref.Range, "The step %q is in finally, and runs after the step %q.", id, at.step.ID()).
			WithRelated(target.Model.ID.Range(), "%q stands here", id))
	case target.Finally == at.step.Finally:
		c.waits = append(c.waits, wait{place, ref.Range})
	}
}

// String names the place for people.
func (s site) String() string {
	if s.step == nil {
		return s.what
	}
	return s.what + " of the step " + s.step.ID()
}

// findTemplate returns where the first ${{ }} of a text stands.
func findTemplate(text string) (start, end int, ok bool) {
	start = strings.Index(text, "${{")
	if start < 0 {
		return 0, 0, false
	}
	length := strings.Index(text[start:], "}}")
	if length < 0 {
		return 0, 0, false
	}
	return start, start + length + len("}}"), true
}
