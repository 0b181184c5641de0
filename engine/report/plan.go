package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// PlanJSON writes a plan as one JSON document.
func PlanJSON(w io.Writer, p *plan.Plan) error { return writeJSON(w, p) }

// Plan writes a plan as a tree, what stands in its way first.
func Plan(w io.Writer, p *plan.Plan, style Style) error {
	out := &page{Style: style}
	out.planHead(p)
	out.problems(p)
	for i, s := range p.Steps {
		if s.Finally && (i == 0 || !p.Steps[i-1].Finally) {
			out.line("\n%s", out.Bold("finally, however it went"))
		}
		out.line("")
		out.planStep(p, s)
	}
	out.bindings("outputs", p.Outputs)
	out.bindings("record", p.Record)
	out.line("\n%s", out.Dim("plan "+p.Digest))
	return out.writeTo(w)
}

// PlanSummary writes the head of a plan and what stands in its way: what a person
// looks at before saying yes to a run.
func PlanSummary(w io.Writer, p *plan.Plan, style Style) error {
	out := &page{Style: style}
	out.planHead(p)
	out.problems(p)
	return out.writeTo(w)
}

func (out *page) planHead(p *plan.Plan) {
	title := out.Bold(p.Runbook.Name + " " + p.Runbook.Version)
	if p.Runbook.Title != "" {
		title += "  " + Line(p.Runbook.Title)
	}
	out.line("%s  %s", title, out.Dim(p.Runbook.File))
	out.line("%s", out.counts(p))
	facts := []string{"on failure: " + string(p.OnFailure)}
	if p.RTO > 0 {
		facts = append(facts, "objective: "+short(p.RTO))
	}
	if p.Lock != "" {
		facts = append(facts, "lock: "+p.Lock)
	}
	out.line("%s", strings.Join(facts, "; "))
	for _, m := range p.Inputs.Members() {
		out.line("  %s = %s", m.Name, out.value(m.Value))
	}
}

func (out *page) counts(p *plan.Plan) string {
	c := p.Counts
	parts := []string{fmt.Sprintf("%d read", c.Read), fmt.Sprintf("%d change", c.Change)}
	if c.Destroy > 0 {
		parts = append(parts, out.Bad(fmt.Sprintf("%d destroy", c.Destroy)))
	}
	text := plural(c.Steps, "step") + ": " + strings.Join(parts, ", ")
	if c.Asks > 0 {
		text += fmt.Sprintf("; %s for people", plural(c.Asks, "question"))
	}
	return text
}

// problems writes what would stop the run now: conditions that are false or broken,
// and what actions say stands in their way.
func (out *page) problems(p *plan.Plan) {
	var found []node
	for _, s := range p.Steps {
		for _, c := range s.Gate {
			if c.State.Truth == "false" || c.State.Truth == "failed" {
				found = append(found, node{s.ID + ": " + out.condition("gate", c), out.conditionParts(c)})
			}
		}
		if s.PreviewError != "" {
			found = append(found, node{text: s.ID + ": " + out.Bad("preview failed: ") + Line(s.PreviewError)})
		}
		if s.Preview == nil {
			continue
		}
		for _, b := range s.Preview.Blockers {
			found = append(found, node{text: s.ID + ": " + out.Bad("blocked: ") + Line(b)})
		}
		for _, b := range s.Preview.Warnings {
			found = append(found, node{text: s.ID + ": " + out.Warn("warning: ") + Line(b)})
		}
	}
	if len(found) > 0 {
		out.line("\n%s", out.Bold("look at this first"))
		out.tree("", found)
	}
}

func (out *page) planStep(p *plan.Plan, s *plan.Step) {
	effect := out.Dim(string(s.Effect))
	switch s.Effect {
	case sdk.Change:
		effect = out.Warn(string(s.Effect))
	case sdk.Destroy:
		effect = out.Bad("destroy, point of no return")
	case sdk.Read:
	}
	head := out.Bold(s.ID) + "  " + s.Action + "  " + effect
	if s.Title != "" {
		head += "  " + Line(s.Title)
	}
	out.line("%s  %s", head, out.Dim(s.At))
	var parts []node
	parts = append(parts, out.edges(p, s)...)
	if s.When != nil {
		parts = append(parts, node{out.condition("when", s.When), out.conditionParts(s.When)})
	}
	for _, c := range s.Gate {
		parts = append(parts, node{out.condition("gate", c), out.conditionParts(c)})
	}
	parts = append(parts, out.params(s.Params)...)
	if s.Preview != nil && s.Preview.Summary != "" {
		parts = append(parts, node{text: Line(s.Preview.Summary)})
	}
	for _, c := range s.Verify {
		parts = append(parts, node{out.condition("verify", c), out.conditionParts(c)})
	}
	parts = append(parts, out.manner(p, s)...)
	out.tree("", parts)
}

// edges names what a step waits for, unless it is the step before it in the plan for
// no other reason than its place.
func (out *page) edges(p *plan.Plan, s *plan.Step) []node {
	if len(s.Needs) == 1 && s.Needs[0].Reason == plan.InOrder && s.Needs[0].From == s.Index-1 {
		return nil
	}
	if len(s.Needs) == 0 {
		if s.Index == 0 || s.Finally && !p.Steps[s.Index-1].Finally {
			return nil
		}
		return []node{{text: out.Dim("after nothing: it starts at once")}}
	}
	names := make([]string, 0, len(s.Needs))
	for _, e := range s.Needs {
		name := e.Step
		if e.Reason != plan.Needed {
			name += out.Dim(" (" + reasonWords(e.Reason) + ")")
		}
		names = append(names, name)
	}
	return []node{{text: out.Dim("after ") + strings.Join(names, ", ")}}
}

func reasonWords(r plan.Reason) string {
	if r == plan.Referenced {
		return "it is referred to"
	}
	return string(r)
}

func (out *page) params(params value.Value) []node {
	var nodes []node
	for _, m := range params.Members() {
		nodes = append(nodes, node{text: m.Name + out.Dim(" = ") + out.value(m.Value)})
	}
	return nodes
}

// value shows a value on one line, secrets masked and what is unknown in words.
func (out *page) value(v value.Value) string {
	text := Cut(shown(v), maxValue)
	if v.IsUnknown() || v.IsSecret() {
		return out.Dim(text)
	}
	return text
}

// shown is a value as people read it: a string as it is, anything else as JSON.
func shown(v value.Value) string {
	data := v.Redacted()
	if text, ok := data.(string); ok {
		return Line(text)
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return Line(v.String())
	}
	return Line(b.String())
}

// maxValue is how many columns a value takes at most; the JSON form has the whole.
const maxValue = 160

func (out *page) condition(part string, c *plan.Condition) string {
	state := out.Warn("unknown")
	switch c.State.Truth {
	case "true":
		state = out.Good("true")
	case "false":
		state = out.Bad("false")
	case "failed":
		state = out.Bad("cannot be judged")
	case "unknown":
		if len(c.State.Causes) > 0 {
			state = out.Warn("unknown, " + c.State.Causes[0].String())
		}
	}
	text := part + " " + state + ": " + Line(c.Expr)
	if c.Observe != nil {
		text += out.Dim(" over " + c.Observe.Action)
	}
	if c.Within > 0 {
		text += out.Dim(" within " + short(c.Within) + ", every " + short(c.Every))
	}
	if c.Hold > 0 {
		text += out.Dim(", held " + short(c.Hold))
	}
	return text
}

func (out *page) conditionParts(c *plan.Condition) []node {
	var parts []node
	if c.Message != "" && c.State.Truth == "false" {
		parts = append(parts, node{text: Line(c.Message)})
	}
	if c.State.Residual != "" && c.State.Residual != c.Expr {
		parts = append(parts, node{text: out.Dim("what is left to know: ") + Line(c.State.Residual)})
	}
	if c.State.Detail != "" {
		parts = append(parts, node{text: Line(c.State.Detail)})
	}
	return append(parts, out.explanation(c.State.Explain)...)
}

// manner is how the step is tried, and how it is taken back.
func (out *page) manner(p *plan.Plan, s *plan.Step) []node {
	var facts []string
	if s.Timeout > 0 {
		facts = append(facts, "timeout "+short(s.Timeout))
	}
	if s.Retry.Attempts > 1 {
		facts = append(facts, fmt.Sprintf("up to %d attempts from %s apart", s.Retry.Attempts, short(s.Retry.Delay)))
	}
	if s.OnFailure != p.OnFailure {
		facts = append(facts, "on failure: "+string(s.OnFailure))
	}
	var nodes []node
	if len(facts) > 0 {
		nodes = append(nodes, node{text: out.Dim(strings.Join(facts, "; "))})
	}
	if back := out.wayBack(s); back != "" {
		nodes = append(nodes, node{text: back})
	}
	return nodes
}

func (out *page) wayBack(s *plan.Step) string {
	switch r := s.Rollback; {
	case r != nil && r.None != "":
		return out.Dim("not taken back: ") + Line(r.None)
	case r != nil && r.Own:
		return out.Dim("taken back by its own undo")
	case r != nil && r.Use != nil:
		text := out.Dim("taken back by ") + r.Use.Action
		for _, m := range r.Use.Params.Members() {
			text += out.Dim(" "+m.Name+"=") + out.value(m.Value)
		}
		return text
	case s.Effect == sdk.Change && s.Describe.NothingToUndo == "":
		return out.Warn("nothing takes it back")
	default:
		return ""
	}
}

func (out *page) bindings(title string, bindings []plan.Binding) {
	if len(bindings) == 0 {
		return
	}
	out.line("\n%s", out.Bold(title))
	for _, b := range bindings {
		out.line("  %s = %s", b.Name, out.value(b.Value))
	}
}
