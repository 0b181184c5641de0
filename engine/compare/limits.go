package compare

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
)

// limits compare how much a run may do.
func (c *comparer) limits(before, after *plan.Plan) {
	was, is := review.Bounds(before), review.Bounds(after)
	for _, name := range slices.Sorted(maps.Keys(merged(was, is))) {
		old, had := was[name]
		now, has := is[name]
		change := Change{Aspect: ALimit, Before: old.Words, After: now.Words, At: c.place(now.Keys...)}
		switch {
		case !has:
			change.Risk, change.What, change.At = Higher, "nothing limits "+name+" any more", c.place(old.Keys...)
		case !had:
			change.Risk, change.What = Lower, name+" is limited now"
		case now.Max > old.Max:
			change.Risk, change.What = Higher, name+" is raised"
		default:
			change.Risk, change.What = Lower, name+" is lowered"
		}
		c.differs(change)
	}
}
