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

func (s shape) say(b box) said {
	of := s.headed(b)
	of.title = layout.Cut(of.title, widest)
	if b.single() || b.alike {
		of.below = layout.Cut(of.below, longest) // else it counts, and the worst comes last
	}
	of.badges = s.badges(b)
	of.closed = slices.ContainsFunc(b.steps, func(step int) bool { return s.Nodes[step].Closed > 0 })
	return of
}

// lines are all that a box says, for who writes it as lines. Where it has at most so many
// steps it names them, so many on a line.
func (s shape) lines(b box, most, beside int) []string {
	of := s.say(b)
	names := !b.single() && len(b.steps) <= most
	lines := []string{of.title, of.below, strings.Join(append([]string{of.tag}, of.badges...), " · ")}
	if names && b.alike {
		lines = slices.Delete(lines, 1, 2) // which says from which to which
	}
	if !names {
		return lines
	}
	for steps := range slices.Chunk(b.steps, beside) {
		names := make([]string, len(steps))
		for i, step := range steps {
			names[i] = s.Nodes[step].ID
		}
		lines = append(lines, strings.Join(names, ", "))
	}
	return lines
}

// leftOut is said where not all lines are drawn.
const leftOut = "what follows from other lines is left out"

func (s shape) headed(b box) said {
	first := s.Nodes[b.steps[0]]
	switch {
	case b.single() && first.Title == "":
		return said{title: first.ID, tag: string(first.Effect), below: first.Action, code: true}
	case b.single():
		return said{title: layout.Line(first.Title), tag: string(first.Effect), below: first.ID + " · " + first.Action}
	case b.alike:
		return said{
			title: fmt.Sprintf("%s × %d", first.Action, len(b.steps)), tag: string(first.Effect),
			below: s.fromTo(b),
		}
	default:
		return said{title: s.fromTo(b), tag: string(s.worst(b)), below: s.span(b) + s.effects(b)}
	}
}

// title is what a box of many steps is called where it is listed.
func (s shape) title(b box) string {
	of := s.headed(b)
	return strings.Join(append([]string{of.title, of.below}, s.badges(b)...), " · ")
}

// fromTo names the first and the last step of a box.
func (s shape) fromTo(b box) string {
	return s.Nodes[b.steps[0]].ID + " … " + s.Nodes[b.steps[len(b.steps)-1]].ID
}

// span is which part of the runbook a box of whole levels is.
func (s shape) span(b box) string {
	steps := layout.Plural(len(b.steps), "step")
	switch {
	case s.Nodes[b.steps[0]].Finally:
		return steps + " of finally"
	case b.first == b.last:
		return fmt.Sprintf("%s on level %d", steps, b.first+1)
	default:
		return fmt.Sprintf("%s on levels %d–%d", steps, b.first+1, b.last+1)
	}
}

// effects counts the steps of a box by what they do, those that are skipped left out.
func (s shape) effects(b box) string {
	counts := map[sdk.Effect]int{}
	for _, step := range b.steps {
		if !s.Nodes[step].Skip.never() {
			counts[s.Nodes[step].Effect]++
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
func (s shape) skip(b box) Skip {
	skip := s.Nodes[b.steps[0]].Skip
	for _, step := range b.steps {
		if s.Nodes[step].Skip != skip {
			return ""
		}
	}
	return skip
}

// worst is the effect of a box that reaches furthest, of those steps that are not skipped.
func (s shape) worst(b box) sdk.Effect {
	worst, all := sdk.Read, s.skip(b).never()
	for _, step := range b.steps {
		n := s.Nodes[step]
		if n.Skip.never() && !all {
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
func (s shape) badges(b box) []string {
	var gates, closed, asks int
	var noReturn []string
	for _, step := range b.steps {
		n := s.Nodes[step]
		if n.Skip.never() {
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
	badges := append(s.skips(b), s.times(b)...)
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

// times says of a box which of its steps are done for many.
func (s shape) times(b box) []string {
	if b.single() {
		if times := s.Nodes[b.steps[0]].times(); times != "" {
			return []string{times}
		}
		return nil
	}
	many := 0
	for _, step := range b.steps {
		if s.Nodes[step].Each {
			many++
		}
	}
	if many == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d for each of many", many)}
}

// skips says of a box which of its steps may not be done.
func (s shape) skips(b box) []string {
	if skip := s.skip(b); skip != "" {
		return []string{string(skip)}
	}
	counts := map[Skip]int{}
	for _, step := range b.steps {
		counts[s.Nodes[step].Skip]++
	}
	var all []string
	for _, skip := range skips() {
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
	if times := n.times(); times != "" {
		parts = append(parts, times)
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
func (l joint) reasons() string {
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
