package dossier

import (
	"io"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Document is a plan with its review, as JSON.
type Document struct {
	*plan.Plan
	Review *review.Review `json:"review,omitempty" doc:"What there is to know of the plan as a whole; absent in what a run keeps of its plan."`
}

// JSON writes a plan as one JSON document, a [Document].
func JSON(w io.Writer, p *plan.Plan, r *review.Review) error {
	return layout.JSON(w, Document{p, r})
}

// Text writes a plan as a tree: what it comes to, what stands in its way, the steps, and then
// what happens when one fails, how long it takes, and what it touches.
func Text(w io.Writer, p *plan.Plan, r *review.Review, style layout.Style) error {
	out := newPage(style)
	for i, s := range out.plan(p, r) {
		out.section(s, i == 0)
	}
	return out.Print(w)
}

// Summary writes the head of a plan and what stands in its way: what a person
// looks at before saying yes to a run.
func Summary(w io.Writer, p *plan.Plan, r *review.Review, style layout.Style) error {
	out := newPage(style)
	out.section(out.planHead(p, r), true)
	if problems := out.problems(r); len(problems.nodes) > 0 {
		out.section(problems, false)
	}
	return out.Print(w)
}

// section is a part of a plan's document, whatever that is written as.
type section struct {
	title string
	step  *plan.Step // that it is about; nil: it is about no step
	lines []string
	nodes []layout.Node
}

// section writes a section as text.
func (out *page) section(s section, first bool) {
	if !first {
		out.Linef("")
	}
	if s.title != "" {
		out.Folded(s.title)
	}
	for _, line := range s.lines {
		out.Folded(line)
	}
	out.Tree("", s.nodes)
}

// plan is a plan as sections, in the order in which a reviewer wants them.
func (out *page) plan(p *plan.Plan, r *review.Review) []section {
	all := []section{out.planHead(p, r), out.problems(r)}
	for i, s := range p.Steps {
		if s.Finally && (i == 0 || !p.Steps[i-1].Finally) {
			all = append(all, section{title: out.Bold("finally, however it went")})
		}
		all = append(all, out.planStep(p, r, s))
	}
	all = append(all,
		out.bindings("outputs", p.Outputs), out.bindings("record", p.Record),
		out.chains(p, r), out.time(r), out.radius(p, r), out.digests(p))
	return slices.DeleteFunc(all, func(s section) bool { return s.title == "" })
}

// digests are by what the plan is known again.
func (out *page) digests(p *plan.Plan) section {
	known := section{title: out.Dim("plan " + p.Digest)}
	if p.Sealed != "" {
		known.lines = []string{out.Dim("sealed as " + p.Sealed)}
	}
	return known
}

func (out *page) planHead(p *plan.Plan, r *review.Review) section {
	title := out.Bold(p.Runbook.Name + " " + p.Runbook.Version)
	if p.Runbook.Title != "" {
		title += "  " + layout.Line(p.Runbook.Title)
	}
	head := section{title: title + "  " + out.Dim(p.Runbook.File)}
	add := func(line string) { head.lines = append(head.lines, line) }
	head.lines = append(head.lines, out.origin(p)...)
	add(strings.Join(out.summary(p, r), " · "))
	if limits := out.limits(r); limits != "" {
		add(limits)
	}
	facts := "on failure: " + string(p.OnFailure)
	if locks := p.LockNames(); len(locks) > 0 {
		facts += "; lock: " + strings.Join(locks, ", ")
	}
	facts += policyWords(p)
	add(facts)
	if said := layout.Line(lossWords(p)); said != "" {
		add(said)
	}
	if said := layout.Line(p.Choice.Words()); said != "" {
		add(out.Warn(said))
	}
	if said := wording.BeginsAltered(p.Begins()); said != "" {
		add(out.Warn(said))
	}
	if p.Mode != nil && p.IsIdle() {
		add(out.Warn("No step is done, but for those of finally."))
	}
	if p.Mode != nil && p.Mode.Title != "" {
		add(out.Dim("mode " + p.Mode.Name + ": " + layout.Line(p.Mode.Title)))
	}
	head.lines = append(head.lines, out.lookedAt(p)...)
	if p.Offline {
		add(out.Dim("offline: no action was asked what it would do, and nothing was looked at"))
	}
	for _, m := range p.Inputs.Members() {
		line := "  " + m.Name + " = " + out.Value(m.Value)
		if said := p.Mode.Of(m.Name); said != "" {
			line += "  " + out.Dim(said)
		}
		add(line)
	}
	for _, c := range p.Connections {
		add(out.connection(c))
		if reaches := out.target(c, p.Offline); reaches != "" {
			add("    " + reaches)
		}
	}
	return head
}

// origin says of which commit the runbook is, and which gatebook has read it.
func (out *page) origin(p *plan.Plan) (lines []string) {
	if of := p.Runbook.Revision; of != nil {
		text := "commit " + out.Bold(layout.Line(of.Commit))
		switch {
		case of.Untracked:
			text += ", " + out.Warn("without the file: git does not track it")
		case of.Absent:
			text += ", " + out.Warn("without the file: it is not committed yet")
		case of.Dirty:
			text += ", and " + out.Warn("the file is changed since")
		}
		lines = append(lines, text)
	}
	if p.Gatebook != "" {
		lines = append(lines, "planned by gatebook "+layout.Line(p.Gatebook))
	}
	return lines
}

// target is what a connection reaches, as far as that was asked; empty: its plugin cannot tell.
func (out *page) target(c *plan.Connection, offline bool) string {
	switch {
	case offline:
		return out.Dim("offline: what it reaches was not asked")
	case c.TargetError != "":
		return out.Bad("it cannot be told what it reaches")
	case c.Target != nil:
		return "reaches " + out.Bold(layout.Line(c.Target.Title))
	default:
		return ""
	}
}

// connection is by what a plugin reaches its target.
func (out *page) connection(c *plan.Connection) string {
	parts := []string{c.Source + " " + c.Version}
	for _, m := range c.Config.Members() {
		parts = append(parts, m.Name+" = "+out.Value(m.Value))
	}
	return "  on " + c.Called() + ": " + strings.Join(parts, ", ")
}

// over names the connection of a use, where it has one by name.
func over(connection string) string {
	if connection == "" {
		return ""
	}
	return " on " + connection
}

func (out *page) planStep(p *plan.Plan, r *review.Review, s *plan.Step) section {
	head := out.Bold(s.ID) + "  " + s.Action + over(s.On) + "  " + out.effect(r, s)
	if s.Runbook != nil {
		head = out.Bold(s.ID) + "  takes in " + out.takenIn(s)
	}
	if times := times(s); times != "" {
		head += "  " + times
	}
	if s.Finally {
		head += "  finally"
	}
	if s.Title != "" {
		head += "  " + layout.Line(s.Title)
	}
	parts := out.leftOut(s)
	parts = append(parts, out.edges(p, s)...)
	parts = append(parts, out.loop(s)...)
	if s.When != nil {
		parts = append(parts, layout.Node{Text: out.condition("when", s.When), Parts: out.conditionParts(s.When)})
	}
	parts = append(parts, out.conditions("gate", s, gateOf)...)
	parts = append(parts, out.params(given(s))...)
	parts = append(parts, out.foreseen(s.Preview, r.Behind[s.ID])...)
	parts = append(parts, out.seen(s)...)
	parts = append(parts, out.conditions("verify", s, verifyOf)...)
	parts = append(parts, out.manner(p, s)...)
	parts = append(parts, out.instances(s, r.Behind[s.ID])...)
	return section{title: head + "  " + out.Dim(s.At), step: s, nodes: parts}
}

// leftOut says by whose word a step is not done, and why.
func (out *page) leftOut(s *plan.Step) []layout.Node {
	if s.LeftOut == nil {
		return nil
	}
	return []layout.Node{{Text: out.Warn(layout.Line(s.LeftOut.Words()))}}
}

// effect is what a step does to the world, whether it is done at all, and whether all can be
// as it was then.
func (out *page) effect(r *review.Review, s *plan.Step) string {
	parts, dress := []string{string(s.Effect)}, out.Dim
	if skip := skip(s); skip != "" {
		parts = append(parts, string(skip))
	}
	switch at := noReturn(r, s); {
	case s.Skipped():
		return dress(strings.Join(parts, ", "))
	case at != "":
		parts = append(parts, at)
	case s.Effect == sdk.Destroy && review.WayBack(s) != review.TakenBack:
		parts = append(parts, "no way back")
	}
	switch s.Effect {
	case sdk.Change:
		dress = out.Warn
	case sdk.Destroy:
		dress = out.Bad
	case sdk.Read:
	}
	return dress(strings.Join(parts, ", "))
}

// noReturn says whether a step is where a plan has no return any more; empty: it is not.
func noReturn(r *review.Review, s *plan.Step) string {
	switch s.ID {
	case r.NoReturn:
		return "point of no return"
	case r.Perhaps:
		return "perhaps a point of no return"
	default:
		return ""
	}
}

// edges names what a step waits for, and why.
func (out *page) edges(p *plan.Plan, s *plan.Step) []layout.Node {
	if len(s.Needs) == 0 {
		switch outer := s.Outer(); {
		case outer != nil && s.Closing:
			return []layout.Node{{Text: out.Dim("when the other steps in " + outer.ID + " are done, however they went")}}
		case outer != nil:
			return []layout.Node{{Text: out.Dim("begins with " + outer.ID)}}
		case s.Index == 0 || s.Finally && !p.Steps[s.Index-1].Finally:
			return nil
		}
		return []layout.Node{{Text: out.Dim("after nothing: it starts at once")}}
	}
	names := make([]string, 0, len(s.Needs))
	for _, e := range s.Needs {
		names = append(names, e.Step+out.Dim(" ("+reasonWords(e.Reason)+")"))
	}
	return []layout.Node{{Text: out.Dim("after ") + strings.Join(names, ", ")}}
}

func reasonWords(r plan.Reason) string {
	if r == plan.Referenced {
		return "it is referred to"
	}
	return string(r)
}

func (out *page) params(params value.Value) []layout.Node {
	var nodes []layout.Node
	for _, m := range params.Members() {
		nodes = append(nodes, out.named(m))
	}
	return nodes
}

// named is a value behind its name; one of many lines stands below it, line by line.
func (out *page) named(m value.Member) layout.Node {
	if lines := layout.Block(m.Value); lines != nil {
		return layout.Node{Text: m.Name + out.Dim(" = "+layout.Plural(len(lines), "line")+":"), Lines: out.cut(lines)}
	}
	return layout.Node{Text: m.Name + out.Dim(" = ") + out.Value(m.Value)}
}

// cut is lines from outside, and where lines fold not more than a person looks at.
func (out *page) cut(lines []string) []string {
	if out.Columns == 0 {
		return lines
	}
	all := make([]diffLine, len(lines))
	for i, line := range lines {
		all[i] = diffLine{line, 1}
	}
	shown := []string{}
	for _, line := range cutLines(all) {
		shown = append(shown, line.text)
	}
	return shown
}

func (out *page) condition(part string, c *plan.Condition) string {
	return out.judged(part, out.state(c), c)
}

// judged is a condition that comes to something.
func (out *page) judged(part, state string, c *plan.Condition) string {
	text := part + " " + state + ": " + layout.Line(c.Expr)
	if c.Observe != nil {
		text += out.Dim(" over " + c.Observe.Action)
	}
	if c.Within > 0 {
		text += out.Dim(" within " + layout.Span(c.Within) + ", every " + layout.Span(c.Every))
	}
	if c.Hold > 0 {
		text += out.Dim(", held " + layout.Span(c.Hold))
	}
	return text
}

func (out *page) conditionParts(c *plan.Condition) []layout.Node {
	var parts []layout.Node
	if c.Message != "" && c.State.Truth == "false" {
		parts = append(parts, layout.Node{Text: layout.Line(c.Message)})
	}
	if c.State.Residual != "" && c.State.Residual != c.Expr {
		parts = append(parts, layout.Node{Text: out.Dim("what is left to know: ") + layout.Line(c.State.Residual)})
	}
	if c.State.Detail != "" {
		parts = append(parts, layout.Node{Text: layout.Line(c.State.Detail)})
	}
	return append(append(parts, out.Explanation(c.State.Explain)...), out.nowParts(c)...)
}

// manner is how the step is tried, and how it is taken back.
func (out *page) manner(p *plan.Plan, s *plan.Step) []layout.Node {
	var facts []string
	if s.Timeout > 0 {
		facts = append(facts, "timeout "+layout.Span(s.Timeout))
	}
	if s.Retry.Attempts > 1 {
		facts = append(facts, attempts(s.Retry))
	}
	if s.OnFailure != p.OnFailure {
		facts = append(facts, "on failure: "+string(s.OnFailure))
	}
	var nodes []layout.Node
	if len(facts) > 0 {
		nodes = append(nodes, layout.Node{Text: out.Dim(strings.Join(facts, "; "))})
	}
	if back := out.wayBack(s); back.Text != "" {
		nodes = append(nodes, back)
	}
	return nodes
}

func (out *page) bindings(title string, bindings []plan.Binding) section {
	if len(bindings) == 0 {
		return section{}
	}
	s := section{title: out.Bold(title)}
	for _, b := range bindings {
		s.lines = append(s.lines, "  "+b.Name+" = "+out.Value(b.Value))
	}
	return s
}
