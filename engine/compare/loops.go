package compare

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/compare/sides"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// loop compares what a step is done for, and how it goes through that.
func (c *comparer) loop(at func(Aspect) Change, before, after *plan.Step) {
	change := at(ALoop)
	b, a := before.Loop, after.Loop
	switch {
	case b == nil && a == nil:
		return
	case b == nil:
		change.Risk, change.What, change.After = Undecided, "it is done for many, and was done once", c.forWhat(c.After, after)
		c.add(change)
		return
	case a == nil:
		change.Risk, change.What, change.Before = Undecided, "it is done once, and was done for many", c.forWhat(c.Before, before)
		c.add(change)
		return
	}
	c.items(change, before, after)
	c.shares(at(ABatch), b.Shares(), a.Shares(), "the batches are larger", "the batches are smaller", "the batches have changed")
	c.atOnce(at(ABatch), b.MaxParallel, a.MaxParallel)
	c.budgets(at(ABatch), b, a)
	c.pause(at(ABatch), b.Pause, a.Pause)
	c.conditions(after.ID, ABetween, c.Before.Between(before), c.After.Between(after))
}

// items compares what a step is done for.
func (c *comparer) items(change Change, before, after *plan.Step) {
	b, a := before.Loop, after.Loop
	if !b.Known() || !a.Known() {
		if !c.SameItems(before, after) {
			change.Risk, change.What = Undecided, "what it is done for has changed"
			change.Before, change.After = c.forWhat(c.Before, before), c.forWhat(c.After, after)
			if change.Before == change.After {
				change.What += ", by what its names mean"
			}
			c.add(change)
		}
		return
	}
	more, fewer := without(a.Names(), b.Names()), without(b.Names(), a.Names())
	if len(more) > 0 {
		change.Risk, change.What, change.After = Lower, fmt.Sprintf("it is done for %d more", len(more)), layout.Names(more)
		if after.Changes() {
			change.Risk = Higher
		}
		c.add(change)
	}
	if len(fewer) > 0 {
		change.Risk, change.What, change.Before, change.After = Undecided, fmt.Sprintf("it is done for %d fewer", len(fewer)), layout.Names(fewer), ""
		if !after.Changes() {
			change.Risk = Higher
		}
		c.add(change)
	}
}

// shares compares sizes or budgets, each a number or a percentage, of which the last holds
// for all after it: those of one kind can be told apart, whatever they are of.
func (c *comparer) shares(change Change, before, after []plan.Share, more, less, other string) {
	if change.Before, change.After = inShares(before), inShares(after); change.Before == change.After {
		return
	}
	var greater, smaller, apart bool
	for i := range max(len(before), len(after)) {
		b, a := before[min(i, len(before)-1)], after[min(i, len(after)-1)]
		apart = apart || b.Percent != a.Percent
		greater, smaller = greater || a.Count > b.Count, smaller || a.Count < b.Count
	}
	switch {
	case apart || greater && smaller:
		change.Risk, change.What = Undecided, other
	case greater:
		change.Risk, change.What = Higher, more
	case smaller:
		change.Risk, change.What = Lower, less
	default:
		return
	}
	c.add(change)
}

func inShares(shares []plan.Share) string {
	texts := make([]string, len(shares))
	for i, s := range shares {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", ")
}

// atOnce compares how many may be under way at once; 0: all of a batch.
func (c *comparer) atOnce(change Change, before, after int) {
	change.Before, change.After = most(before), most(after)
	change.Risk, change.What = Lower, "fewer are under way at once"
	if after == 0 || before != 0 && after > before {
		change.Risk, change.What = Higher, "more are under way at once"
	}
	c.differs(change)
}

func most(n int) string {
	if n == 0 {
		return "a batch"
	}
	return fmt.Sprint(n)
}

// budgets compares how many may fail.
func (c *comparer) budgets(change Change, before, after *plan.Loop) {
	const more, less, other = "more of them may fail", "fewer of them may fail", "how many of them may fail has changed"
	total, batch := before.Allowance()
	totalNow, batchNow := after.Allowance()
	c.shares(change, []plan.Share{total}, []plan.Share{totalNow}, more, less, other)
	switch {
	case batch == nil && batchNow == nil:
	case batch == nil:
		change.Risk, change.What, change.After = Lower, "fewer of a batch may fail", batchNow.String()
		c.add(change)
	case batchNow == nil:
		change.Risk, change.What, change.Before = Higher, "more of a batch may fail", batch.String()
		c.add(change)
	default:
		c.shares(change, []plan.Share{*batch}, []plan.Share{*batchNow}, "more of a batch may fail", "fewer of a batch may fail", "how many of a batch may fail has changed")
	}
}

// pause compares how long a batch is left alone before it is looked at.
func (c *comparer) pause(change Change, before, after time.Duration) {
	c.span(change, before, after, outcome{Lower, "the pause after a batch is longer"}, outcome{Higher, "the pause after a batch is shorter"})
}

// whenOf is the condition that may skip a step, or its instances.
func whenOf(s *plan.Step) *plan.Condition {
	if s.Loop != nil && s.Loop.When != nil {
		return s.Loop.When
	}
	return s.When
}

// forWhat says for what a step is done, as the file does where it is not known.
func (c *comparer) forWhat(side *sides.Side, s *plan.Step) string {
	if s.Loop.Known() {
		return layout.Names(s.Loop.Names())
	}
	return plain(side.Items(s))
}
