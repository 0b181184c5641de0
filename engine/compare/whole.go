package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/syntax"
)

// whole compares what a runbook says before its steps.
func (c *comparer) whole() {
	b, a := c.before.Runbook.Model, c.after.Runbook.Model
	title := Change{Risk: Same, Aspect: TheMetadata, What: "the title has changed", Before: b.Metadata.Title.Value, After: a.Metadata.Title.Value}
	c.differs(title)
	needs := Change{Risk: Same, Aspect: TheMetadata, What: "it needs another version of gatebook", Before: b.Requires.Gatebook.Value, After: a.Requires.Gatebook.Value}
	c.differs(needs)
	c.lock(b.Metadata.Lock.Value, a.Metadata.Lock.Value)
	c.objective(b.Objectives.RTO.Value, a.Objectives.RTO.Value)
	c.entries(Change{Risk: Undecided, Aspect: AConnection, What: "the plugin"}, b.Plugins.Node, a.Plugins.Node)
	c.entries(Change{Risk: Undecided, Aspect: AConnection, What: "the connection"}, b.Connections.Node, a.Connections.Node)
	c.inputs(b.Inputs, a.Inputs)
	c.entries(Change{Risk: Same, Aspect: AVar, What: "the var"}, b.Vars.Node, a.Vars.Node)
}

// lock compares on which name runs exclude each other.
func (c *comparer) lock(before, after string) {
	change := Change{Aspect: ALock, Risk: Undecided, What: "runs exclude others than before", Before: before, After: after}
	switch {
	case after == "":
		change.Risk, change.What = Higher, "nothing keeps two runs apart any more"
	case before == "":
		change.Risk, change.What = Lower, "two runs are kept apart now"
	}
	c.differs(change)
}

func (c *comparer) objective(before, after time.Duration) {
	change := Change{Aspect: AnObjective, Risk: Same, What: "a run may take another time (rto)", Before: limit(before), After: limit(after)}
	c.differs(change)
}

// inputs compares what the caller gives.
func (c *comparer) inputs(before, after model.Map[*model.Input]) {
	for _, entry := range after.Entries {
		name := entry.Key.Value
		was, there := before.Get(name)
		if !there {
			change := Change{Risk: Same, Aspect: AnInput, What: "the input " + name + " is new", At: entry.Key.Range().String()}
			if entry.Value.Default.Node == nil {
				change.What += ", and must be given"
			}
			c.add(change)
			continue
		}
		change := Change{Aspect: AnInput, At: entry.Key.Range().String(), Before: saying(was.Node), After: saying(entry.Value.Node)}
		switch change.Risk, change.What = Undecided, "the input "+name+" has changed"; {
		case was.Secret.Value && !entry.Value.Secret.Value:
			change.Risk, change.What = Higher, "the input "+name+" is no secret any more: its value is shown and written down"
		case written(was.Node).Equal(written(entry.Value.Node)):
			continue
		}
		c.add(change)
	}
	for _, entry := range before.Entries {
		if _, stays := after.Get(entry.Key.Value); !stays {
			c.add(Change{Risk: Same, Aspect: AnInput, What: "the input " + entry.Key.Value + " is gone", At: entry.Key.Range().String()})
		}
	}
}

// entries compares what has a name in the file, by what the file says.
func (c *comparer) entries(change Change, before, after *syntax.Node) {
	b, a := written(before), written(after)
	names := map[string]bool{}
	for _, m := range slices.Concat(b.Members(), a.Members()) {
		names[m.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, hadOne := b.Get(name)
		is, hasOne := a.Get(name)
		if hadOne == hasOne && was.Equal(is) {
			continue
		}
		said := change
		said.Before, said.After, said.At = inFile(was, was, hadOne), inFile(is, is, hasOne), at(after, before, name)
		switch said.What += " " + name; {
		case !hadOne:
			said.What += " is new"
		case !hasOne:
			said.What += " is gone"
		default:
			said.What += " has changed"
		}
		c.add(said)
	}
}

// at is the place of a name in the new file, or in the old one.
func at(after, before *syntax.Node, name string) string {
	for _, node := range []*syntax.Node{after, before} {
		if node == nil {
			continue
		}
		for key := range node.Entries() {
			if key.Text() == name {
				return key.Range().String()
			}
		}
	}
	return ""
}

// saying is what the file says at a node, on one line.
func saying(node *syntax.Node) string { return plain(written(node)) }

// results compares what follows from the steps together.
func (c *comparer) results() {
	b, a := c.before.Runbook.Model, c.after.Runbook.Model
	c.entries(Change{Risk: Same, Aspect: AnOutput, What: "the output"}, b.Outputs.Node, a.Outputs.Node)
	c.entries(Change{Risk: Same, Aspect: AnOutput, What: "the record of the"}, b.Record.Node, a.Record.Node)
	c.noReturn(c.before.Review.NoReturn, c.after.Review.NoReturn)
	c.time(c.before.Review.Time, c.after.Review.Time)
	if c.asked() {
		c.radius(c.before.Review.Radius, c.after.Review.Radius)
	}
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// noReturn compares from which step on not everything can be taken back.
func (c *comparer) noReturn(before, after string) {
	change := Change{Aspect: NoReturn, Before: before, After: after}
	switch {
	case before == after:
		return
	case before == "":
		change.Risk, change.What = Higher, "there is a point of no return now"
	case after == "":
		change.Risk, change.What = Lower, "there is no point of no return any more"
	default:
		change.Risk, change.What = Undecided, "the point of no return is another one"
		if here, ok := c.after.Plan.Step(after); ok {
			if there, ok := c.after.Plan.Step(before); ok && there.Index > here.Index {
				change.Risk, change.What = Higher, "the point of no return comes earlier"
			} else if ok {
				change.Risk, change.What = Lower, "the point of no return comes later"
			}
		}
	}
	c.add(change)
}

// time compares how long a run takes.
func (c *comparer) time(before, after review.Time) {
	change := Change{Risk: Same, Aspect: TheTime, Before: about(before), After: about(after)}
	switch longer := after.Takes - before.Takes; {
	case longer > 0:
		change.What = "the critical path is " + layout.Span(longer) + " longer"
	case longer < 0:
		change.What = "the critical path is " + layout.Span(-longer) + " shorter"
	default:
		change.What = "of other steps nobody knows how long they take"
	}
	did, _ := before.Fits()
	if fits, known := after.Fits(); known && !fits && (did || before.RTO == 0) {
		change.Risk = Higher
		change.What += fmt.Sprintf(", and so longer than the rto of %s", layout.Span(after.RTO))
	}
	c.differs(change)
}

func about(t review.Time) string {
	said := layout.Span(t.Takes)
	if len(t.Unknown) > 0 {
		said += " and what " + layout.Steps(t.Unknown) + " take"
	}
	return said
}

// radius compares what is touched.
func (c *comparer) radius(before, after []review.Objects) {
	key := func(o review.Objects) string {
		return strings.TrimSpace(strings.Join([]string{o.Op, o.Kind, "over", o.Connection}, " "))
	}
	was := map[string][]string{}
	for _, o := range before {
		was[key(o)] = o.Targets
	}
	is := map[string][]string{}
	for _, o := range after {
		is[key(o)] = o.Targets
	}
	for _, name := range slices.Sorted(maps.Keys(merged(was, is))) {
		more, less := without(is[name], was[name]), without(was[name], is[name])
		what := strings.TrimSuffix(name, " over")
		if len(more) > 0 {
			c.add(Change{Risk: Higher, Aspect: TheRadius, What: fmt.Sprintf("%d more: %s", len(more), what), After: layout.Steps(more)})
		}
		if len(less) > 0 {
			c.add(Change{Risk: Lower, Aspect: TheRadius, What: fmt.Sprintf("%d fewer: %s", len(less), what), Before: layout.Steps(less)})
		}
	}
}

func without(all, these []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(these, one) })
}
