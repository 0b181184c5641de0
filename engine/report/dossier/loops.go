package dossier

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// times says how often a step is done that is done for many; empty: it is not.
func times(s *plan.Step) string {
	switch {
	case s.Loop == nil || s.Skipped():
		return ""
	case s.Loop.Known():
		return "for each of " + strconv.Itoa(len(s.Loop.Instances))
	default:
		return "for each, nobody knows how many yet"
	}
}

// loop is what a step is done for, and how it goes through that.
func (out *page) loop(s *plan.Step) []layout.Node {
	l := s.Loop
	if l == nil {
		return nil
	}
	nodes := []layout.Node{{Text: out.forWhat(l)}}
	if l.Now != nil {
		nodes = append(nodes, layout.Node{Text: out.Dim("as things are now, for ") + named(l.Now.Keys)})
	}
	nodes = append(nodes, layout.Node{Text: out.Dim(batches(l))})
	for _, c := range l.Between {
		nodes = append(nodes, layout.Node{Text: out.condition("after each batch", c), Parts: out.conditionParts(c)})
	}
	if len(l.LeftOut) > 0 && !l.Known() {
		for _, key := range slices.Sorted(maps.Keys(l.LeftOut)) {
			nodes = append(nodes, layout.Node{Text: layout.Line(s.Instance(key).ID) + "  " + out.Warn(layout.Line(l.LeftOut[key].Words()))})
		}
	}
	if l.When != nil {
		nodes = append(nodes, layout.Node{Text: out.Dim("each, when ") + layout.Line(l.When.Expr)})
	}
	return nodes
}

// forWhat says for what a step is done, or why that is not known.
func (out *page) forWhat(l *plan.Loop) string {
	switch {
	case l.Known() && len(l.Instances) == 0:
		return out.Dim("for each of ") + "none"
	case l.Known():
		return out.Dim("for each of ") + named(l.Names())
	default:
		return out.Dim("for each of ") + out.Value(l.Over)
	}
}

// named are the names of what a step is done for.
func named(keys []string) string { return layout.Line(layout.Names(keys)) }

// batches says how a step goes through what it is done for.
func batches(l *plan.Loop) string {
	text := "in batches of " + strings.Join(l.Sizes, ", ")
	switch {
	case len(l.Sizes) == 1 && l.Sizes[0] == "1":
		text = "one after the other"
	case l.Known() && len(l.Batches) == 1:
		text = "all in one batch"
	case l.Known():
		text = fmt.Sprintf("in %s of %s", layout.Plural(len(l.Batches), "batch"), sizes(l.Batches))
	}
	if l.MaxParallel > 0 {
		text += fmt.Sprintf(", at most %d at once", l.MaxParallel)
	}
	if l.Pause > 0 {
		text += ", " + layout.Span(l.Pause) + " after each batch"
	}
	return text + "; " + failures(l)
}

// failures says how many instances may fail.
func failures(l *plan.Loop) string {
	may, text := l.MaxFailures, "none may fail"
	switch {
	case may.Total == "":
	case !l.Known() || l.Allowed(len(l.Instances)) > 0:
		text = may.Total + " may fail"
	case strings.HasSuffix(may.Total, "%"):
		text += " (" + may.Total + " of them is none)"
	}
	if may.Batch != "" {
		text += ", " + may.Batch + " of a batch"
	}
	return text
}

// sizes writes the sizes of batches, of which many follow each other that are alike.
func sizes(batches []int) string {
	var parts []string
	for i := 0; i < len(batches); {
		n := 1
		for i+n < len(batches) && batches[i+n] == batches[i] {
			n++
		}
		part := fmt.Sprint(batches[i])
		if n == len(batches) {
			return part
		}
		if n > 2 {
			part = fmt.Sprintf("%d (%d times)", batches[i], n)
			i += n
		} else {
			i++
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// shownInstances is how many instances of a step are shown where lines fold.
const shownInstances = 10

// instances are the instances of a step, each with what is its own.
func (out *page) instances(s *plan.Step, behind string) []layout.Node {
	all := s.Each()
	if len(all) == 1 && all[0] == s {
		return nil
	}
	shown := all
	if !out.Wide && len(all) > shownInstances+1 {
		shown = all[:shownInstances]
	}
	var nodes []layout.Node
	gate, verify := holding(s, gateOf), holding(s, verifyOf)
	for _, one := range shown {
		nodes = append(nodes, out.instance(s, one, behind, gate, verify))
	}
	if left := len(all) - len(shown); left > 0 {
		nodes = append(nodes, layout.Node{Text: out.Dim(fmt.Sprintf("… and %d more; --wide shows all", left))})
	}
	return nodes
}

// instance is one of them: what it is given that others are not, what it would do, and what
// does not hold for it.
func (out *page) instance(s, one *plan.Step, behind string, gate, verify []tally) layout.Node {
	node := layout.Node{Text: out.Bold(layout.Line(one.ID))}
	if one.On != s.On {
		node.Text += over(layout.Line(one.On))
	}
	if one.When != nil {
		node.Text += "  " + out.condition("when", one.When)
	}
	if one.LeftOut != nil {
		node.Text += "  " + out.Warn(layout.Line(one.LeftOut.Words()))
	}
	if one.Skipped() {
		return node
	}
	node.Parts = append(node.Parts, out.own("gate", s.Gate, one.Gate, gate)...)
	all := given(s)
	for _, m := range given(one).Members() {
		if of, ok := all.Get(m.Name); !ok || of.HasUnknown() {
			node.Parts = append(node.Parts, out.named(m))
		}
	}
	node.Parts = append(node.Parts, out.foreseen(one.Preview, behind)...)
	node.Parts = append(node.Parts, out.seen(one)...)
	node.Parts = append(node.Parts, out.own("verify", s.Verify, one.Verify, verify)...)
	return node
}

func gateOf(s *plan.Step) []*plan.Condition   { return s.Gate }
func verifyOf(s *plan.Step) []*plan.Condition { return s.Verify }

// conditions are those of a gate or a verify. Of a step that is done for many it is said for
// how many each is true.
func (out *page) conditions(part string, s *plan.Step, of func(*plan.Step) []*plan.Condition) []layout.Node {
	var nodes []layout.Node
	tallies := holding(s, of)
	for i, c := range of(s) {
		text := out.condition(part, c)
		switch t := tallies[i]; t.holding {
		case 0:
		case t.all:
			text = out.judged(part, out.Good("true for each"), c)
		default:
			text = out.judged(part, out.Warn(fmt.Sprintf("true for %d of %d", t.holding, t.all)), c)
		}
		nodes = append(nodes, layout.Node{Text: text, Parts: append(out.conditionParts(c), out.observed(c)...)})
	}
	return nodes
}

// own are the conditions of an instance that come to something else than those of all.
func (out *page) own(part string, all, own []*plan.Condition, tallies []tally) []layout.Node {
	var nodes []layout.Node
	for i, c := range own {
		if c.Holds() || tallies[i].holding == 0 && c.Now == nil && c.State.Truth == all[i].State.Truth {
			continue
		}
		nodes = append(nodes, layout.Node{Text: out.condition(part, c), Parts: append(out.conditionParts(c), out.observed(c)...)})
	}
	return nodes
}

// tally is of how many instances a condition is true.
type tally struct{ holding, all int }

// holding counts for each condition of a step of how many instances that are known it is true.
func holding(s *plan.Step, of func(*plan.Step) []*plan.Condition) []tally {
	tallies := make([]tally, len(of(s)))
	if s.Loop == nil {
		return tallies
	}
	for _, one := range s.Loop.Instances {
		for i, c := range of(one) {
			if one.Skipped() {
				continue
			}
			tallies[i].all++
			if c.Holds() {
				tallies[i].holding++
			}
		}
	}
	return tallies
}
