package dossier

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

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
	if c.Skipped > 0 {
		effects = append(effects, fmt.Sprintf("%d skipped", c.Skipped))
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

// span is how long a plan takes, in words, against how long it may.
func (out *page) span(t review.Time) string {
	objective := ""
	if t.RTO > 0 {
		objective = " of an objective of " + layout.Span(t.RTO)
	}
	text := "about " + about(t.Takes) + objective
	switch {
	case t.Takes == 0 && t.RTO > 0:
		text = "nobody knows how long it takes; the objective is " + layout.Span(t.RTO)
	case t.Takes == 0:
		text = "nobody knows how long it takes"
	case len(t.Unknown) > 0:
		text = about(t.Takes) + " and more" + objective + ", as nothing is known of " + layout.Plural(len(t.Unknown), "step")
	case t.AtMost > 0:
		text = "at most " + about(t.Takes) + objective
	}
	if fits, known := t.Fits(); known && !fits {
		return out.Bad(text)
	}
	return text
}

// about rounds a span to what an estimate is worth.
func about(d time.Duration) string {
	switch {
	case d >= 10*time.Minute:
		d = d.Round(time.Minute)
	case d >= time.Second:
		d = d.Round(time.Second)
	}
	return layout.Elapsed(d)
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
	text := "nothing is to be taken back"
	if len(c.Undo) > 0 {
		text = "takes back " + layout.Steps(c.Undo)
	}
	if len(c.Beside.Undo) > 0 {
		text += out.Dim("; if done by then, ") + layout.Steps(c.Beside.Undo)
	}
	if len(c.Stays) > 0 {
		text += out.Warn("; stays " + why.named(c.Stays))
	}
	if len(c.Left) > 0 {
		text += out.Bad("; leaves " + layout.Steps(c.Left))
	}
	if others := out.beside(c.Beside, why); others != "" {
		text += "; if other branches are done by then, " + others
	}
	return text
}

// beside is what is not taken back where other branches are done too.
func (out *page) beside(b review.Beside, why reasons) string {
	var parts []string
	if len(b.Stays) > 0 {
		parts = append(parts, out.Warn("stays "+why.named(b.Stays)))
	}
	if len(b.Left) > 0 {
		parts = append(parts, out.Bad("leaves "+layout.Steps(b.Left)))
	}
	return strings.Join(parts, " and ")
}

// time is the critical path.
func (out *page) time(r *review.Review) section {
	if len(r.Time.Path) == 0 {
		return section{}
	}
	text := out.span(r.Time)
	if r.Time.P95 > 0 {
		text += out.Dim(" (with slow steps " + about(r.Time.P95) + ")")
	}
	var nodes []layout.Node
	for _, l := range r.Time.Path {
		nodes = append(nodes, layout.Node{Text: l.Step + "  " + about(l.Takes) + "  " + out.Dim(basis(l)+rounds(l))})
	}
	if len(r.Time.Unknown) > 0 {
		nodes = append(nodes, layout.Node{Text: out.Dim("nothing is known of " + layout.Steps(r.Time.Unknown))})
	}
	return section{title: out.Bold("how long it takes") + "  " + text, nodes: nodes}
}

// basis says what an estimate is made from.
func basis(l review.Lasting) string {
	switch l.Basis {
	case review.History:
		return fmt.Sprintf("the median of %s, 95%% took at most %s", layout.Plural(l.Runs, "run"), about(l.P95))
	case review.Estimate:
		return "by its action's estimate"
	case review.Timeout:
		return "at most, by its timeout"
	default:
		return "by what its conditions must hold"
	}
}

// rounds says how often a step is done that is done for many.
func rounds(l review.Lasting) string {
	if l.Rounds == 0 {
		return ""
	}
	return ", " + layout.Plural(l.Rounds, "time") + " in a row"
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
