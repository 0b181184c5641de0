package dossier

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// summary is what a plan comes to, part by part.
func (out *page) summary(p *plan.Plan, r *review.Review) []string {
	c := p.Counts
	effects := []string{fmt.Sprintf("%d read", c.Read), fmt.Sprintf("%d change", c.Change)}
	if c.Destroy > 0 {
		effects = append(effects, out.Bad(fmt.Sprintf("%d destroy", c.Destroy)))
	}
	if skipped := c.Skipped - c.LeftOut; skipped > 0 {
		effects = append(effects, fmt.Sprintf("%d skipped", skipped))
	}
	if c.LeftOut > 0 {
		effects = append(effects, out.Warn(fmt.Sprintf("%d left out", c.LeftOut)))
	}
	if c.Open > 0 {
		effects = append(effects, out.Warn(fmt.Sprintf("%d of them nobody knows how often", c.Open)))
	}
	parts := []string{layout.Plural(c.Steps, "step") + ": " + strings.Join(effects, ", ")}
	if kinds := kindsOf(r); kinds != "" {
		parts = append(parts, kinds)
	}
	if c.Asks > 0 {
		parts = append(parts, layout.Plural(c.Asks, "question")+" for people")
	}
	if at := noReturnAt(p, r); at != "" {
		parts = append(parts, out.Warn(at))
	}
	return append(parts, out.span(r.Time))
}

// noReturnAt says where a plan has no return any more. Of a step of which the runbook says why
// nothing takes it back its words tell whether it is one.
func noReturnAt(p *plan.Plan, r *review.Review) string {
	perhaps := ""
	if s, ok := p.Step(r.Perhaps); ok {
		perhaps = s.ID + " (" + layout.Line(s.Rollback.None) + ")"
	}
	switch {
	case perhaps == "" && r.NoReturn == "":
		return ""
	case perhaps == "":
		return "point of no return at " + r.NoReturn
	case r.NoReturn == "":
		return "perhaps a point of no return at " + perhaps
	default:
		return "point of no return at " + r.NoReturn + ", perhaps at " + perhaps
	}
}

// kindsOf counts what would be touched, by kind: "3 Nodes, 1 Deployment".
func kindsOf(r *review.Review) string {
	var kinds []string
	counts := map[string]int{}
	for _, o := range r.Radius {
		if counts[o.Kind] == 0 {
			kinds = append(kinds, o.Kind)
		}
		counts[o.Kind] += len(o.Targets)
	}
	for i, kind := range kinds {
		kinds[i] = layout.Plural(counts[kind], kind)
	}
	return strings.Join(kinds, ", ")
}

// firstToLookAt stands over what stands in the way of a run.
const firstToLookAt = "look at this first"

// problems are what stands in the way of a run, and what else a reviewer should look at.
func (out *page) problems(r *review.Review) section {
	var nodes []layout.Node
	for _, p := range r.Problems {
		node := layout.Node{Text: out.problem(p)}
		if p.Condition != nil {
			node.Parts = out.conditionParts(p.Condition)
		}
		nodes = append(nodes, node)
	}
	if len(nodes) == 0 {
		return section{}
	}
	return section{title: out.Bold(firstToLookAt), nodes: nodes}
}

func (out *page) problem(p review.Problem) string {
	dress := out.Warn
	if p.Kind.Stops() {
		dress = out.Bad
	}
	said, part := layout.Line(p.Text), "gate"
	switch {
	case p.Verify:
		part = "verify"
	case p.Between:
		part = "between"
	}
	if p.Behind != "" {
		said += out.Dim(" (" + asIsNow(p.Behind) + ")")
	}
	if p.Others > 0 {
		p.Step += fmt.Sprintf(" and %d more", p.Others)
	}
	switch p.Kind {
	case review.GateClosed, review.GateBroken, review.Unverified, review.LookFailed, review.NotYet:
		if p.Condition != nil {
			return p.Step + ": " + out.condition(part, p.Condition)
		}
		return p.Step + ": " + dress(failing(p.Kind == review.NotYet)) + said
	case review.Unreachable:
		return "on " + p.Connection + ": " + dress("it cannot be told what it reaches: ") + said
	case review.Unseen:
		return p.Step + ": " + dress("preview failed: ") + said
	case review.TooLong:
		return dress("longer than its objective: ") + said
	case review.Uncounted:
		return dress("limits nothing: ") + said
	case review.OverLimit:
		return dress("over the limit, so that no run begins: ") + said
	case review.NoWayBack:
		return p.Step + ": " + dress("nothing takes it back")
	default:
		return p.Step + ": " + dress(string(p.Kind)+": ") + said
	}
}

// chains says what happens when a step fails. Steps that follow each other and end alike
// are one line.
func (out *page) chains(p *plan.Plan, r *review.Review) section {
	if len(r.Chains) == 0 {
		return section{}
	}
	var nodes []layout.Node
	why := reasons{plan: p, said: map[string]bool{}}
	for i := 0; i < len(r.Chains); {
		from := r.Chains[i]
		failing := []string{from.Step}
		for i++; i < len(r.Chains) && alike(from, r.Chains[i]); i++ {
			failing = append(failing, r.Chains[i].Step)
		}
		nodes = append(nodes, layout.Node{Text: layout.Steps(failing) + out.Dim(": ") + out.chain(from, why)})
	}
	if r.Unlisted > 0 {
		nodes = append(nodes, layout.Node{Text: out.Dim(fmt.Sprintf("and %s more", layout.Plural(r.Unlisted, "step")))})
	}
	return section{title: out.Bold("if a step fails"), nodes: nodes}
}

func alike(a, b review.Chain) bool {
	a.Step = b.Step
	return reflect.DeepEqual(a, b)
}

// reasons says why steps stay, in words of the runbook or of their actions: of each once.
type reasons struct {
	plan *plan.Plan
	said map[string]bool
}

// named are steps that stay, for the middle of a sentence.
func (r reasons) named(ids []string) string {
	named := slices.Clone(ids)
	for i, id := range ids {
		s, ok := r.plan.Step(id)
		if !ok || r.said[id] || s.Rollback == nil || !layout.IsListed(i, len(ids)) {
			continue
		}
		r.said[id] = true
		named[i] += " (" + layout.Line(s.Rollback.None) + ")"
	}
	return layout.Steps(named)
}

func (out *page) chain(c review.Chain, why reasons) string {
	switch c.Policy {
	case plan.Stop:
		return "it stops; nothing is taken back"
	case plan.Pause:
		return "it pauses, to be resumed or taken back"
	case plan.Continue:
		return "it goes on"
	case plan.Rollback:
	}
	var parts []string
	switch {
	case len(c.Undo) > 0:
		parts = append(parts, "takes back "+layout.Steps(c.Undo))
	case len(c.Beside.Undo) == 0:
		parts = append(parts, "nothing is to be taken back")
	}
	if len(c.Stays) > 0 {
		parts = append(parts, out.Warn("stays "+why.named(c.Stays)))
	}
	if len(c.Left) > 0 {
		parts = append(parts, out.Bad("leaves "+layout.Steps(c.Left)))
	}
	if perhaps := out.perhaps(c, why); perhaps != "" {
		parts = append(parts, out.Dim("if done by then, ")+perhaps)
	}
	return strings.Join(parts, out.Dim("; "))
}

// perhaps is what becomes of steps that may be done by then or not.
func (out *page) perhaps(c review.Chain, why reasons) string {
	var parts []string
	if len(c.Beside.Undo) > 0 {
		parts = append(parts, "takes back "+layout.Steps(c.Beside.Undo))
	}
	if len(c.Beside.Stays) > 0 {
		parts = append(parts, out.Warn("stays "+why.named(c.Beside.Stays)))
	}
	var left, ground []string
	for _, id := range c.Beside.Left {
		if slices.Contains(c.Undo, id) || slices.Contains(c.Beside.Undo, id) {
			ground = append(ground, id) // it would be taken back otherwise
			continue
		}
		left = append(left, id)
	}
	if len(left) > 0 {
		text := "leaves " + layout.Steps(left)
		switch {
		case len(ground) > 0 && len(left) == 1:
			text += " and what it was built on: " + layout.Steps(ground)
		case len(ground) > 0:
			text += " and what each was built on, of " + layout.Steps(ground)
		}
		parts = append(parts, out.Bad(text))
	}
	return strings.Join(parts, " and ")
}

// radius is what would be touched.
func (out *page) radius(p *plan.Plan, r *review.Review) section {
	if p.Offline || len(r.Radius)+len(r.Silent) == 0 {
		return section{}
	}
	var nodes []layout.Node
	for _, o := range r.Radius {
		nodes = append(nodes, layout.Node{
			Text:  fmt.Sprintf("%s%s%s", layout.Line(o.Op+" "+layout.Plural(len(o.Targets), o.Kind)), over(o.Connection), out.Dim(":")),
			Lines: layout.Wrap(strings.Join(layout.Counted(o.Targets, out.Brief), ", "), 90),
		})
	}
	if len(r.Silent) > 0 {
		nodes = append(nodes, layout.Node{Text: out.Dim("what cannot be told before: ") + layout.Steps(r.Silent)})
	}
	return section{title: out.Bold("what it touches"), nodes: nodes}
}
