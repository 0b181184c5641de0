package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// step compares two versions of one step.
func (c *comparer) step(before, after *plan.Step) {
	at := func(aspect Aspect) Change { return Change{Aspect: aspect, Step: after.ID, At: after.At} }
	c.use(at, before, after)
	c.closing(at(AStep), before, after)
	c.loop(at, before, after)
	c.when(at(AWhen), before, after)
	c.conditions(after.ID, AGate, c.Before.Gate(before), c.After.Gate(after))
	c.conditions(after.ID, AVerify, c.Before.Verify(before), c.After.Verify(after))
	c.differs(retries(at(ARetry), before.Retry, after.Retry))
	c.differs(timeouts(at(ATimeout), before.Timeout, after.Timeout))
	if !after.Finally || before.OnFailure == plan.Continue || after.OnFailure == plan.Continue { // behind finally nothing follows
		c.differs(failures(at(AFailure), before.OnFailure, after.OnFailure))
	}
	c.rollback(at, before, after)
}

// closing compares whether a step is done however the run went.
func (c *comparer) closing(change Change, before, after *plan.Step) {
	switch {
	case before.Cleans() && !after.Cleans():
		change.Risk, change.What = Higher, "it is done no longer where the run fails before it"
	case !before.Cleans() && after.Cleans():
		change.Risk, change.What = Undecided, "it is done at the end, however the run went"
	default:
		return
	}
	change.Before, change.After = part(before), part(after)
	c.add(change)
}

// part is the part of a runbook that a step is in.
func part(step *plan.Step) string {
	if step.Cleans() {
		return "finally"
	}
	return "steps"
}

// use compares which action is used, over what, and with what.
func (c *comparer) use(at func(Aspect) Change, before, after *plan.Step) {
	action := at(AnAction)
	action.Risk, action.What, action.Before, action.After = Undecided, "it uses another action", before.Action, after.Action
	if asked, asks := before.Describe.Asks, after.Describe.Asks; asked != asks {
		action.Risk, action.What = Higher, "it asks people no more"
		if asks {
			action.Risk, action.What = Lower, "it asks people now"
		}
		if asks && after.Changes() { // they are asked to do what another action did
			action.Risk, action.What = Undecided, "people are asked to do it now"
		}
	}
	c.differs(action)
	effect := at(AnEffect)
	effect.Before, effect.After = string(before.Effect), string(after.Effect)
	effect.Risk, effect.What = Higher, "it does more to the world"
	if severity(after.Effect) < severity(before.Effect) {
		effect.Risk, effect.What = Lower, "it does less to the world"
	}
	c.differs(effect)
	over := at(AConnection)
	over.Risk, over.What, over.Before, over.After = Undecided, "it is done over another connection", before.On, after.On
	c.differs(over)
	if before.Action == after.Action {
		c.parameters(at(AParameter), c.Before.Given(before), c.After.Given(after))
	}
}

func severity(e sdk.Effect) int {
	return slices.Index([]sdk.Effect{sdk.Read, sdk.Change, sdk.Destroy}, e)
}

// when compares when a step is skipped.
func (c *comparer) when(change Change, before, after *plan.Step) {
	b, a := c.Before.When(before), c.After.When(after)
	change.Before, change.After = text(whenOf(before)), text(whenOf(after))
	less, more := expr.Follows(b, a), expr.Follows(a, b)
	switch {
	case less && more:
		change.What = "when it is done"
		c.same(change, b, a)
		return
	case less && after.Changes():
		change.Risk, change.What = Higher, "it is done in more cases"
	case less:
		change.Risk, change.What = Lower, "it is done in more cases"
	case more && !after.Changes():
		change.Risk, change.What = Higher, "it is done in fewer cases"
	case more:
		change.Risk, change.What = Undecided, "it is done in fewer cases"
	default:
		change.Risk, change.What = Undecided, "when it is done has changed"
	}
	if example, ok := expr.Where(a, b); ok {
		change.Example = "it is done now, and was not, " + inWords(example)
	} else if example, ok := expr.Where(b, a); ok {
		change.Example = "it was done, and is not now, " + inWords(example)
	}
	c.add(change)
}

func text(when *plan.Condition) string {
	if when == nil {
		return ""
	}
	return when.Expr
}

// rollback compares what takes a step back.
func (c *comparer) rollback(at func(Aspect) Change, before, after *plan.Step) {
	change := at(ARollback)
	change.Before, change.After = wayBack(before.Rollback), wayBack(after.Rollback)
	b, a := before.Rollback, after.Rollback
	was, is := review.WayBack(before), review.WayBack(after)
	switch {
	case was == review.NoNeed || is == review.NoNeed: // why that has changed is said elsewhere
		return
	case was != review.TakenBack && is != review.TakenBack:
		change.Risk, change.What = Same, "why nothing takes it back is said otherwise"
		c.differs(change)
		return
	case is != review.TakenBack:
		change.Risk, change.What = Higher, "nothing takes it back any more"
		c.add(change)
		return
	case was != review.TakenBack:
		change.Risk, change.What = Lower, "something takes it back now"
		c.add(change)
		return
	}
	change.Risk, change.What = Undecided, "something else takes it back"
	c.differs(change)
	if b.Use != nil && a.Use != nil && b.Use.Action == a.Use.Action {
		params := at(AParameter)
		params.What = "of what takes it back"
		c.parameters(params, c.Before.GivenBack(before), c.After.GivenBack(after))
	}
	back := at(ARetry)
	back.What = "how often taking it back is tried has changed"
	c.differs(retries(back, b.Retry, a.Retry))
	late := at(ATimeout)
	late.What = "how long taking it back may take has changed"
	c.differs(timeouts(late, b.Timeout, a.Timeout))
}

// wayBack says in a word what takes a step back.
func wayBack(back *plan.Compensation) string {
	switch {
	case back == nil:
		return "nothing"
	case back.None != "":
		return "nothing: " + back.None
	case back.Use != nil:
		return strings.TrimSpace(back.Use.Action + " " + back.Use.On)
	default:
		return "its own undo"
	}
}

// retries compares how often something is tried. That it is tried otherwise makes a run no
// riskier: what must hold is said elsewhere.
func retries(change Change, before, after plan.Retry) Change {
	if change.Risk = Same; change.What == "" {
		change.What = "how often it is tried has changed"
	}
	change.Before, change.After = tries(before), tries(after)
	return change
}

func tries(r plan.Retry) string {
	if r.Attempts <= 1 {
		return "once"
	}
	said := fmt.Sprintf("%d times, %s to %s between, each %g times as long as the one before", r.Attempts, layout.Span(r.Delay), layout.Span(r.MaxDelay), r.Factor)
	if r.IfExpr != "" {
		said += ", if " + r.IfExpr
	}
	return said
}

// timeouts compares how long something may take. What may hang is a risk.
func timeouts(change Change, before, after time.Duration) Change {
	change.Risk, change.Before, change.After = Same, lasting(before), lasting(after)
	if change.What == "" {
		change.What = "how long an attempt may take has changed"
	}
	switch {
	case after == 0 && before > 0:
		change.Risk = Higher
	case before == 0 && after > 0:
		change.Risk = Lower
	}
	return change
}

// lasting is how long something may take.
func lasting(d time.Duration) string {
	if d == 0 {
		return "no limit"
	}
	return layout.Span(d)
}

// failures compares what follows from a failure: the sooner a run is taken back, the less is
// left half done.
func failures(change Change, before, after plan.Policy) Change {
	order := []plan.Policy{plan.Rollback, plan.Pause, plan.Stop, plan.Continue}
	change.Before, change.After = string(before), string(after)
	change.Risk, change.What = Higher, "its failure is met with less"
	if slices.Index(order, after) < slices.Index(order, before) {
		change.Risk, change.What = Lower, "its failure is met with more"
	}
	return change
}
