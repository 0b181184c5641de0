package compare

import (
	"slices"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// time compares how long a run takes. What is known of that is the least that it takes: it is
// no shorter where nobody knows any more how long some step takes, and no longer where nobody
// knew.
func (c *comparer) time(before, after review.Time, of kin) {
	change := Change{Risk: Same, Aspect: TheTime, Before: about(before), After: about(after)}
	came, went := unknowns(before, after, of)
	switch longer := after.Takes - before.Takes; {
	case longer > 0 && len(went) == 0:
		change.What = "the critical path is " + layout.Elapsed(longer) + " longer"
	case longer < 0 && len(came) == 0:
		change.What = "the critical path is " + layout.Elapsed(-longer) + " shorter"
	case longer != 0 && len(came) > 0:
		change.What = "the critical paths cannot be compared: nobody knows how long " + takes(came) + " now"
	case longer != 0:
		change.What = "the critical paths cannot be compared: nobody knew how long " + takes(went)
	default:
		return
	}
	c.add(change)
}

// promise compares whether a run takes longer than it may, be it that it takes another time or
// that it may take another.
func (c *comparer) promise(before, after review.Time, of kin) {
	kept, told := after.Fits()
	did, wasTold := before.Fits()
	_, went := unknowns(before, after, of)
	change := Change{Risk: Higher, Aspect: TheTime, Before: against(before), After: against(after)}
	switch {
	case after.RTO == 0 || wasTold && !did: // nothing is promised, or was kept
		return
	case told && !kept:
		change.What = "it takes longer than the rto of " + layout.Span(after.RTO)
		if before.RTO > 0 && !wasTold && len(went) > 0 {
			change.Risk = Undecided
			change.What += ", and nobody knew whether it did"
		}
	case !told && wasTold:
		change.Risk = Undecided
		change.What = "nobody knows any more whether it takes longer than the rto of " + layout.Span(after.RTO)
	default:
		return
	}
	c.add(change)
}

// unknowns are the steps of which nobody knows how long they take and it was known, or they
// were not there; and those of which it was the other way round.
func unknowns(before, after review.Time, of kin) (came, went []string) {
	return missing(after.Unknown, of.was, before.Unknown), missing(before.Unknown, of.is, after.Unknown)
}

// missing are those of some steps that are not among others, by what they are called there.
func missing(steps []string, called map[string]string, others []string) []string {
	among := map[string]bool{}
	for _, id := range others {
		among[id] = true
	}
	return slices.DeleteFunc(slices.Clone(steps), func(id string) bool { return among[called[id]] })
}

func takes(steps []string) string {
	if len(steps) == 1 {
		return steps[0] + " takes"
	}
	return layout.Steps(steps) + " take"
}

func about(t review.Time) string {
	said := layout.Elapsed(t.Takes)
	if len(t.Unknown) > 0 {
		said += " and what " + takes(t.Unknown)
	}
	return said
}

// against says how long a run takes, of how long it may.
func against(t review.Time) string {
	if t.RTO == 0 {
		return about(t) + ", with no rto"
	}
	return about(t) + ", of " + layout.Span(t.RTO)
}
