package dossier

import (
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/value"
)

// state is what a condition comes to: in every run of the plan, or else as things are now, or
// else why that is not known.
func (out *page) state(c *plan.Condition) string {
	switch c.State.Truth {
	case "true":
		return out.Good("true")
	case "false":
		return out.Bad("false")
	case "failed":
		return out.Bad("cannot be judged")
	}
	if c.Now != nil && c.Now.Truth != "unknown" {
		return out.stateNow(c)
	}
	if len(c.State.Causes) == 0 {
		return out.Warn("unknown")
	}
	if cause := c.State.Causes[0]; cause.Step == "" {
		return out.Warn("unknown, " + cause.Reason)
	}
	return out.Warn("unknown until " + c.State.Causes[0].Step)
}

// stateNow is what a condition comes to as things are now. One that is waited for may be
// false without harm.
func (out *page) stateNow(c *plan.Condition) string {
	switch truth := c.Now.Truth; {
	case truth == "true":
		return out.Good("true now")
	case c.Now.Observed != nil && c.Now.Observed.Cut:
		return out.Warn("unknown, the look at it was cut off")
	case c.Now.Observed != nil && c.Now.Observed.Error != "" && !c.Now.Observed.Waits:
		return out.Warn("unknown, the look at it failed")
	case c.Within > 0, c.Now.Observed != nil && c.Now.Observed.Waits:
		return out.Warn("not true yet")
	case truth == "false":
		return out.Bad("false now")
	default:
		return out.Bad("cannot be judged now")
	}
}

// nowParts says why a condition is what it is now.
func (out *page) nowParts(c *plan.Condition) []layout.Node {
	if c.Now == nil {
		return nil
	}
	var parts []layout.Node
	if c.Message != "" && c.Now.Truth == "false" {
		parts = append(parts, layout.Node{Text: layout.Line(c.Message)})
	}
	if c.Now.Detail != "" {
		parts = append(parts, layout.Node{Text: layout.Line(c.Now.Detail)})
	}
	return append(parts, out.Explanation(c.Now.Explain)...)
}

// observed is what was observed for a condition.
func (out *page) observed(c *plan.Condition) []layout.Node {
	if c.Now == nil || c.Now.Observed == nil || c.Now.Observed.Outputs == nil {
		return nil
	}
	return []layout.Node{{Text: out.Dim("observed now: ") + out.outputs(*c.Now.Observed.Outputs)}}
}

// seen is what the action of a step that reads says now.
func (out *page) seen(s *plan.Step) []layout.Node {
	switch {
	case s.Unlooked != "":
		return []layout.Node{{Text: out.Dim("not looked at: ") + layout.Line(s.Unlooked)}}
	case s.Seen == nil:
		return nil
	case s.Seen.Cut:
		return []layout.Node{{Text: out.Dim("not looked at to its end: ") + layout.Line(s.Seen.Error)}}
	case s.Seen.Outputs == nil:
		return []layout.Node{{Text: out.Warn(failing(s.Seen.Waits)) + layout.Line(s.Seen.Error)}}
	default:
		return []layout.Node{{Text: out.Dim("reads now: ") + out.outputs(*s.Seen.Outputs)}}
	}
}

// failing says before why a look failed what that means: what a run asks for again is only
// not true yet.
func failing(waits bool) string {
	if waits {
		return "not true yet: "
	}
	return "fails now: "
}

const (
	// outputWidth is how many columns one of several outputs takes at most on their line.
	outputWidth = 30
	// outputsWidth is how many the line has for all of them.
	outputsWidth = 60
)

// outputs are those of an action on one line, those first that have no parts, as many as it
// has room for.
func (out *page) outputs(v value.Value) string {
	var simple, rest []string
	for _, m := range v.Members() {
		text := layout.Plain(m.Value)
		if !out.Wide {
			text = layout.Cut(text, outputWidth)
		}
		text = m.Name + " = " + text
		if m.Value.Kind() == value.KindObject || m.Value.Kind() == value.KindList {
			rest = append(rest, text)
			continue
		}
		simple = append(simple, text)
	}
	var shown []string
	all, room := append(simple, rest...), outputsWidth
	for _, text := range all {
		if takes := layout.Width(text + ", "); out.Wide || len(shown) == 0 || takes <= room {
			shown, room = append(shown, text), room-takes
		}
	}
	switch left := len(all) - len(shown); {
	case len(all) == 0:
		return "nothing"
	case left > 0:
		return strings.Join(shown, ", ") + out.Dim(", and "+layout.Plural(left, "more output"))
	default:
		return strings.Join(shown, ", ")
	}
}

// lookedAt says of when all is that the plan says of now.
func (out *page) lookedAt(p *plan.Plan) []string {
	if p.LookedAt == nil {
		return nil
	}
	return []string{out.Dim("looked at " + layout.Stamp(*p.LookedAt) + "; what is so now is looked at again in a run")}
}
