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
		return // the same, however it is written
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
	switch {
	case isLess:
		change.Example = "it holds now, and did not, " + inWords(passes)
	case isMore:
		change.Example = "it held, and does not now, " + inWords(fails)
	}
	c.add(change)
}

// inWords says in which case an example is.
func inWords(world expr.Example) string {
	if len(world) == 0 {
		return "with these inputs"
	}
	parts := make([]string, len(world))
	for i, m := range world {
		parts[i] = m.Name + " is " + m.Value.String()
	}
	return "where " + strings.Join(parts, " and ")
}

// waits compares for how long conditions are waited for, and must hold.
func (c *comparer) waits(change Change, g *group) {
	hold := func(of sides.Condition) time.Duration { return of.Hold }
	within := func(of sides.Condition) time.Duration { return of.Within }
	if b, a := spans(g.before, hold), spans(g.after, hold); !slices.Equal(b, a) {
		held := change
		held.Before, held.After = shown(b), shown(a)
		held.Risk, held.What = Undecided, fmt.Sprintf("for how long the %s must hold has changed", change.Aspect)
		if len(b) == 1 && len(a) == 1 {
			held.Risk, held.What = Lower, fmt.Sprintf("the %s must hold for longer", change.Aspect)
			if a[0] < b[0] {
				held.Risk, held.What = Higher, fmt.Sprintf("the %s must hold for a shorter time", change.Aspect)
			}
		}
		c.add(held)
	}
	if b, a := spans(g.before, within), spans(g.after, within); !slices.Equal(b, a) {
		change.Before, change.After = shown(b), shown(a)
		change.Risk, change.What = Same, fmt.Sprintf("for how long the %s is waited for has changed", change.Aspect)
		c.add(change)
	}
}

// spans are the times of conditions, each once, in order.
func spans(conditions []sides.Condition, of func(sides.Condition) time.Duration) []time.Duration {
	made := make([]time.Duration, len(conditions))
	for i := range conditions {
		made[i] = of(conditions[i])
	}
	slices.Sort(made)
	return slices.Compact(made)
}

func shown(spans []time.Duration) string {
	made := make([]string, len(spans))
	for i, span := range spans {
		made[i] = layout.Span(span)
	}
	return strings.Join(made, ", ")
}
