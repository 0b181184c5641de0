package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/compare/sides"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// group is the conditions over one observation, or over none: only what is said of the same
// thing can be compared.
type group struct{ before, after []sides.Condition }

// groups come in the order of the file.
func groups(before, after []sides.Condition) []*group {
	var groups []*group
	places := map[string]*group{}
	of := func(key string) *group {
		if places[key] == nil {
			places[key] = &group{}
			groups = append(groups, places[key])
		}
		return places[key]
	}
	for _, b := range before {
		g := of(b.Observed)
		g.before = append(g.before, b)
	}
	for _, a := range after {
		g := of(a.Observed)
		g.after = append(g.after, a)
	}
	return groups
}

// conditions compares what must hold before or after a step.
func (c *comparer) conditions(step string, aspect Aspect, before, after []sides.Condition) {
	for _, g := range groups(before, after) {
		change := Change{Aspect: aspect, Step: step, Before: texts(g.before), After: texts(g.after)}
		switch {
		case len(g.after) == 0:
			change.Risk, change.At = Higher, g.before[0].At
			change.What = fmt.Sprintf("the %s no longer asks for something", aspect)
			c.add(change)
		case len(g.before) == 0:
			change.Risk, change.At = Lower, g.after[0].At
			change.What = fmt.Sprintf("the %s asks for something more", aspect)
			c.add(change)
		default:
			change.At = g.after[0].At
			c.strength(change, senses(g.before), senses(g.after))
			c.waits(Change{Aspect: aspect, Step: step, At: change.At}, g)
		}
	}
}

func texts(conditions []sides.Condition) string {
	made := make([]string, len(conditions))
	for i, of := range conditions {
		made[i] = of.Expr
		if of.Observe != nil {
			made[i] += " (of " + of.Observe.Action + ")"
		}
	}
	return strings.Join(made, ", and ")
}

func senses(conditions []sides.Condition) []expr.Sense {
	made := make([]expr.Sense, len(conditions))
	for i, of := range conditions {
		made[i] = of.Sense
	}
	return made
}

// strength says whether conditions ask for more or for less than before. That they ask for
// less is said where what was asked implies what is, and an example passes that did not.
func (c *comparer) strength(change Change, before, after []expr.Sense) {
	less, more := expr.Follows(before, after), expr.Follows(after, before)
	if less && more {
		change.What = "the " + string(change.Aspect)
		c.same(change, before, after)
		return
	}
	passes, isLess := expr.Where(after, before)
	fails, isMore := expr.Where(before, after)
	name := string(change.Aspect)
	switch {
	case less && isLess:
		change.Risk, change.What = Higher, "the "+name+" is weaker"
	case more && isMore:
		change.Risk, change.What = Lower, "the "+name+" is stronger"
	case less:
		change.Risk, change.What = Undecided, "the "+name+" is no stronger, and may be weaker"
	case more:
		change.Risk, change.What = Lower, "the "+name+" is no weaker, and may be stronger"
	default:
		change.Risk, change.What = Undecided, "the "+name+" has changed"
	}
	if change.Before == change.After {
		change.What += ", by what its names mean"
	}
	switch {
	case isLess:
		change.Example = "it holds now, and did not, " + inWords(passes)
	case isMore:
		change.Example = "it held, and does not now, " + inWords(fails)
	}
	c.add(change)
}

// same adds a change where conditions are the same only for what these inputs are, and not
// however they are written.
func (c *comparer) same(change Change, before, after []expr.Sense) {
	b, a := c.Before.Anyhow(before), c.After.Anyhow(after)
	if change.Before != change.After && (!expr.Follows(b, a) || !expr.Follows(a, b)) {
		change.Risk = Same
		change.What += " has changed, and is the same with these inputs"
		c.add(change)
	}
}

// inWords says in which case an example is.
func inWords(world expr.Example) string {
	if len(world) == 0 {
		return "with these inputs"
	}
	parts := make([]string, len(world))
	for i, m := range world {
		parts[i] = m.Name + " is " + m.Value.String()
		if text, ok := m.Value.AsString(); ok {
			parts[i] = fmt.Sprintf("%s is %q", m.Name, text)
		}
	}
	return "where " + strings.Join(parts, " and ")
}

// waits compares for how long conditions are waited for, and must hold, and how often they
// are looked at: of each with what it was before.
func (c *comparer) waits(change Change, g *group) {
	paired, old, now := pairs(g.before, g.after)
	name := string(change.Aspect)
	for _, p := range paired {
		said := change
		said.At = p[1].At
		c.span(said, p[0].Hold, p[1].Hold, outcome{Lower, "the " + name + " must hold for longer"}, outcome{Higher, "the " + name + " must hold for a shorter time"})
		if p[0].Hold > 0 && p[1].Hold > 0 {
			c.span(said, p[0].Every, p[1].Every, outcome{Higher, "while the " + name + " must hold, it is looked at less often"}, outcome{Lower, "while the " + name + " must hold, it is looked at more often"})
		}
		waited := outcome{Same, "for how long the " + name + " is waited for has changed"}
		c.span(said, p[0].Within, p[1].Within, waited, waited)
	}
	if b, a := holds(old), holds(now); b != a {
		change.Risk, change.What, change.Before, change.After = Undecided, "for how long the "+name+" must hold has changed", b, a
		c.add(change)
	}
}

// outcome is what a change means.
type outcome struct {
	risk Risk
	what string
}

// span adds a change where a time has become longer or shorter.
func (c *comparer) span(change Change, before, after time.Duration, longer, shorter outcome) {
	means := longer
	if after < before {
		means = shorter
	}
	change.Risk, change.What, change.Before, change.After = means.risk, means.what, layout.Span(before), layout.Span(after)
	c.differs(change)
}

// pairs finds the conditions that stay: by what they say, else by their name, else as the one
// that is left. What is left of both after that has no counterpart.
func pairs(before, after []sides.Condition) (paired [][2]sides.Condition, old, now []sides.Condition) {
	old, now = slices.Clone(before), slices.Clone(after)
	for _, same := range []func(b, a sides.Condition) bool{
		func(b, a sides.Condition) bool { return b.Expr == a.Expr },
		func(b, a sides.Condition) bool { return b.Name == a.Name && b.Name != "" },
		func(_, _ sides.Condition) bool { return len(old) == 1 && len(now) == 1 },
	} {
		for i := 0; i < len(old); {
			j := slices.IndexFunc(now, func(a sides.Condition) bool { return same(old[i], a) })
			if j < 0 {
				i++
				continue
			}
			paired = append(paired, [2]sides.Condition{old[i], now[j]})
			old, now = slices.Delete(old, i, i+1), slices.Delete(now, j, j+1)
		}
	}
	return paired, old, now
}

// holds says how long conditions must hold that must.
func holds(conditions []sides.Condition) string {
	var spans []time.Duration
	for _, of := range conditions {
		if of.Hold > 0 {
			spans = append(spans, of.Hold)
		}
	}
	slices.Sort(spans)
	texts := make([]string, len(spans))
	for i, span := range spans {
		texts[i] = layout.Span(span)
	}
	return strings.Join(texts, ", ")
}
