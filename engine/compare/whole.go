package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
)

// whole compares what a runbook says before its steps.
func (c *comparer) whole() {
	c.says(Change{Risk: Same, Aspect: TheMetadata, What: "the title has changed"}, "metadata", "title")
	c.says(Change{Risk: Same, Aspect: TheMetadata, What: "it needs another version of gatebook"}, "requires", "gatebook")
	c.lock(strings.Join(c.Before.Plan.LockNames(), ", "), strings.Join(c.After.Plan.LockNames(), ", "))
	c.limits(c.Before.Plan, c.After.Plan)
	c.objective("rto", c.Before.Plan.RTO, c.After.Plan.RTO)
	c.objective("rpo", c.Before.Plan.RPO, c.After.Plan.RPO)
	c.dataLoss()
	c.entries(Change{Risk: Undecided, Aspect: AConnection, What: "the plugin"}, "plugins")
	c.entries(Change{Risk: Undecided, Aspect: AConnection, What: "the connection"}, "connections")
	c.inputs()
	c.entries(Change{Risk: Same, Aspect: AVar, What: "the var"}, "vars")
	c.modes()
	c.files()
}

// files compares the runbooks that are taken in: what a change of one means is told of its
// steps, and of a calendar, of the windows.
func (c *comparer) files() {
	before := map[string]string{}
	for _, file := range c.Before.Plan.Runbook.Files {
		before[file.Name] = file.Digest
	}
	for _, file := range c.After.Plan.Runbook.Files {
		if was, had := before[file.Name]; had && file.Runbook {
			c.differs(Change{Risk: Same, Aspect: TheMetadata, What: "the runbook " + file.Name + " has changed, which it takes in", Before: was, After: file.Digest})
		}
	}
}

// says compares what the files say in one place.
func (c *comparer) says(change Change, keys ...string) {
	b, a := c.Before.Section(keys...), c.After.Section(keys...)
	change.Before, change.After, change.At = inFile(b, b, !b.IsNull()), inFile(a, a, !a.IsNull()), c.After.At(keys...)
	c.differs(change)
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

// inputs compares what the caller gives.
func (c *comparer) inputs() {
	const section = "inputs"
	before, after := c.Before.Section(section), c.After.Section(section)
	isSecret := func(input value.Value) bool {
		secret, _ := input.Get("secret")
		is, _ := secret.AsBool()
		return is
	}
	for _, name := range names(before, after) {
		was, had := before.Get(name)
		is, has := after.Get(name)
		change := Change{Risk: Undecided, Aspect: AnInput, What: "the input " + name + " has changed", At: c.place(section, name), Before: inFile(was, was, had), After: inFile(is, is, has)}
		switch {
		case !has:
			change.Risk, change.What = Same, "the input "+name+" is gone"
		case !had:
			change.Risk, change.What = Same, "the input "+name+" is new"
			if _, optional := is.Get("default"); !optional {
				change.What += ", and must be given"
			}
		case was.Equal(is):
			continue
		case isSecret(was) && !isSecret(is):
			change.Risk, change.What = Higher, "the input "+name+" is no secret any more: its value is shown and written down"
		}
		c.add(change)
	}
}

// entries compares what has a name in a section of the files.
func (c *comparer) entries(change Change, section string) {
	before, after := c.Before.Section(section), c.After.Section(section)
	for _, name := range names(before, after) {
		was, had := before.Get(name)
		is, has := after.Get(name)
		if had == has && was.Equal(is) {
			continue
		}
		said := change
		said.Before, said.After, said.At = inFile(was, was, had), inFile(is, is, has), c.place(section, name)
		switch said.What += " " + name; {
		case !had:
			said.What += " is new"
		case !has:
			said.What += " is gone"
		default:
			said.What += " has changed"
		}
		c.add(said)
	}
}

// place is where something stands in the new file, or did in the old one.
func (c *comparer) place(keys ...string) string {
	return cmp.Or(c.After.At(keys...), c.Before.At(keys...))
}

// results compares what follows from the steps together.
func (c *comparer) results(of kin) {
	c.entries(Change{Risk: Same, Aspect: AnOutput, What: "the output"}, "outputs")
	c.entries(Change{Risk: Same, Aspect: AnOutput, What: "the record of the"}, "record")
	before, after := c.reviews[0], c.reviews[1]
	c.noReturn(before.NoReturn, after.NoReturn, of)
	c.time(before.Time, after.Time, of)
	c.promise(before.Time, after.Time, of)
	if c.asked() {
		c.radius(before.Radius, after.Radius)
	}
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// noReturn compares from which step on not everything can be taken back.
func (c *comparer) noReturn(before, after string, of kin) {
	change := Change{Aspect: NoReturn, Before: before, After: after}
	switch {
	case before == "" && after == "", before != "" && after == of.is[before] && after != "":
		return // perhaps under another name
	case before == "":
		change.Risk, change.What = Higher, "there is a point of no return now"
	case after == "":
		change.Risk, change.What = Lower, "there is no point of no return any more"
	default:
		change.Risk, change.What = Undecided, "the point of no return is another one"
		if here, ok := c.After.Plan.Step(after); ok {
			if there, ok := c.After.Plan.Step(of.is[before]); ok && there.Index > here.Index {
				change.Risk, change.What = Higher, "the point of no return comes earlier"
			} else if ok {
				change.Risk, change.What = Lower, "the point of no return comes later"
			}
		}
	}
	c.add(change)
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
			c.add(Change{Risk: Higher, Aspect: TheRadius, What: fmt.Sprintf("%d more: %s", len(more), what), After: layout.Names(layout.Counted(more, layout.Line))})
		}
		if len(less) > 0 {
			c.add(Change{Risk: Lower, Aspect: TheRadius, What: fmt.Sprintf("%d fewer: %s", len(less), what), Before: layout.Names(layout.Counted(less, layout.Line))})
		}
	}
}

// without is what there is more in one list than in the other: of an act that there are two of
// and was one, it is one.
func without(all, these []string) []string {
	had := map[string]int{}
	for _, one := range these {
		had[one]++
	}
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool {
		had[one]--
		return had[one] >= 0
	})
}
