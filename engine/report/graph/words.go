package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// said is what a box says.
type said struct {
	title  string
	tag    string // the effect, in the corner
	below  string
	badges []string // what else a reviewer must see
	code   bool     // the title is the name of a step
	closed bool     // a gate is closed now
}

func (d *drawing) say(b box) said {
	s := d.headed(b)
	s.title, s.below = layout.Cut(s.title, widest), layout.Cut(s.below, longest)
	s.badges = d.badges(b)
	s.closed = slices.ContainsFunc(b.steps, func(step int) bool { return d.Nodes[step].Closed > 0 })
	return s
}

func (d *drawing) headed(b box) said {
	first := d.Nodes[b.steps[0]]
	switch {
	case b.single() && first.Title == "":
		return said{title: first.ID, tag: string(first.Effect), below: first.Action, code: true}
	case b.single():
		return said{title: layout.Line(first.Title), tag: string(first.Effect), below: first.ID + " · " + first.Action}
	case b.alike:
		return said{
			title: fmt.Sprintf("%s × %d", first.Action, len(b.steps)), tag: string(first.Effect),
			below: d.fromTo(b),
		}
	default:
		return said{title: d.fromTo(b), tag: string(d.worst(b)), below: d.span(b) + d.effects(b)}
	}
}

// title is what a box of many steps is called where it is listed.
func (d *drawing) title(b drawn) string {
	s := d.headed(b.box)
	return strings.Join(append([]string{s.title, s.below}, d.badges(b.box)...), " · ")
}

// fromTo names the first and the last step of a box.
func (d *drawing) fromTo(b box) string {
	return d.Nodes[b.steps[0]].ID + " … " + d.Nodes[b.steps[len(b.steps)-1]].ID
}

// span is which part of the runbook a box of whole levels is.
func (d *drawing) span(b box) string {
	steps := layout.Plural(len(b.steps), "step")
	switch {
	case d.Nodes[b.steps[0]].Finally:
		return steps + " of finally"
	case b.first == b.last:
		return fmt.Sprintf("%s on level %d", steps, b.first+1)
	default:
		return fmt.Sprintf("%s on levels %d–%d", steps, b.first+1, b.last+1)
	}
}

// effects counts the steps of a box by what they do, those that are skipped left out.
func (d *drawing) effects(b box) string {
	counts := map[sdk.Effect]int{}
	for _, step := range b.steps {
		if d.Nodes[step].Skip != Skipped {
			counts[d.Nodes[step].Effect]++
		}
	}
	var parts []string
	for _, effect := range []sdk.Effect{sdk.Read, sdk.Change, sdk.Destroy} {
		if counts[effect] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[effect], effect))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// skip is what becomes of all steps of a box by their `when`; empty: that differs.
func (d *drawing) skip(b box) Skip {
	skip := d.Nodes[b.steps[0]].Skip
	for _, step := range b.steps {
		if d.Nodes[step].Skip != skip {
			return ""
		}
	}
	return skip
}

// worst is the effect of a box that reaches furthest, of those steps that are not skipped.
func (d *drawing) worst(b box) sdk.Effect {
	worst, all := sdk.Read, d.skip(b) == Skipped
	for _, step := range b.steps {
		n := d.Nodes[step]
		if n.Skip == Skipped && !all {
			continue
		}
		switch effect := n.Effect; effect {
		case sdk.Destroy:
			return effect
		case sdk.Change:
			worst = effect
		case sdk.Read:
		}
	}
	return worst
}

// badges are what a reviewer must see of a box beside its name.
func (d *drawing) badges(b box) []string {
	var gates, closed, asks int
	var noReturn []string
	for _, step := range b.steps {
		n := d.Nodes[step]
		if n.Skip == Skipped {
			continue // it asks nothing, and nobody looks at its gates
		}
		gates, closed = gates+n.Gates, closed+n.Closed
		if n.Asks {
			asks++
		}
		switch {
		case n.NoReturn != "" && b.single():
			noReturn = append(noReturn, n.NoReturn)
		case n.NoReturn != "":
			noReturn = append(noReturn, n.NoReturn+" at "+n.ID)
		}
	}
	badges := d.skips(b)
	if gates > 0 {
		text := layout.Plural(gates, "gate")
		if closed > 0 {
			text += fmt.Sprintf(", %d closed now", closed)
		}
		badges = append(badges, text)
	}
	switch {
	case asks == 1 && b.single():
		badges = append(badges, "asks people")
	case asks > 0:
		badges = append(badges, layout.Plural(asks, "question")+" for people")
	}
	return append(badges, noReturn...)
}

// skips says of a box which of its steps may not be done.
func (d *drawing) skips(b box) []string {
	if skip := d.skip(b); skip != "" {
		return []string{string(skip)}
	}
	counts := map[Skip]int{}
	for _, step := range b.steps {
		counts[d.Nodes[step].Skip]++
	}
	var all []string
	for _, skip := range []Skip{MayBeSkipped, Skipped} {
		if counts[skip] > 0 {
			all = append(all, fmt.Sprintf("%d %s", counts[skip], skip))
		}
	}
	return all
}

// describe says all of a step, for whoever hovers over it or has it read out.
func describe(n Node) string {
	parts := []string{n.ID, n.Action, string(n.Effect)}
	if title := layout.Line(n.Title); title != "" {
		parts = append([]string{title}, parts...)
	}
	if n.Skip != "" {
		parts = append(parts, n.Skip.why())
	}
	if n.Gates > 0 {
		text := layout.Plural(n.Gates, "gate")
		if n.Closed > 0 {
			text += fmt.Sprintf(", %d closed now", n.Closed)
		}
		parts = append(parts, text)
	}
	if n.Asks {
		parts = append(parts, "asks people")
	}
	if n.NoReturn != "" {
		parts = append(parts, n.NoReturn)
	}
	if n.Finally {
		parts = append(parts, "finally")
	}
	return strings.Join(parts, " · ")
}

// because says why one waits for another.
func because(r check.Reason) string {
	switch r {
	case check.Referenced:
		return "a value of it is used"
	case check.Needed:
		return "needs names it"
	default:
		return "it stands before it in the file"
	}
}

// maxReasons is how many edges of a line are told one by one.
const maxReasons = 8

// reasons says what a line stands for.
func (d *drawing) reasons(l joint) string {
	var all []string
	for i, e := range l.edges {
		if i == maxReasons {
			all = append(all, fmt.Sprintf("and %d more", len(l.edges)-maxReasons))
			break
		}
		all = append(all, fmt.Sprintf("%s waits for %s: %s", e.To, e.From, because(e.Reason)))
	}
	return strings.Join(all, "\n")
}

// follows reports whether a line is there only because values are used.
func (l joint) follows() bool {
	for _, e := range l.edges {
		if e.Reason != check.Referenced {
			return false
		}
	}
	return true
}
