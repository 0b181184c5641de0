package dossier

import (
	"fmt"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// span is how long a plan takes, in words, against how long it may: where all goes well, and
// at most.
func (out *page) span(t review.Time) string {
	objective := ""
	if t.RTO > 0 {
		objective = " of an objective of " + layout.Span(t.RTO)
	}
	most := out.most(t)
	text := "about " + about(t.Takes) + objective
	switch {
	case t.Takes == 0 && t.RTO > 0:
		text = "nobody knows how long it takes; the objective is " + layout.Span(t.RTO)
	case t.Takes == 0:
		text = "nobody knows how long it takes"
	case len(t.Unknown) > 0:
		text = about(t.Takes) + " and more" + objective + ", as nothing is known of " + layout.Plural(len(t.Unknown), "step")
	case t.Takes == t.Most:
		text, most = "at most "+about(t.Takes)+objective, ""
	case t.ByTimeout > 0:
		text = "up to " + about(t.Takes) + objective + " if all goes well"
	}
	if fits, known := t.Fits(); known && !fits {
		text = out.Bad(text)
	}
	return text + most
}

// most is how long a plan takes at most, or that it has no bound; of what nobody knows how long
// it takes that need not be said.
func (out *page) most(t review.Time) string {
	text := "at most " + ceiling(t.Most)
	switch {
	case t.Most == 0 && len(t.Unknown) > 0:
		return ""
	case t.Most == 0:
		text = "with no bound"
	}
	if t.RTO > 0 && !t.FitsAtMost() {
		text = out.Warn(text)
	}
	return ", " + text
}

// about rounds a span to what an estimate is worth.
func about(d time.Duration) string { return layout.Elapsed(d.Round(worth(d))) }

// ceiling rounds a span up: what is said to be the most is no less.
func ceiling(d time.Duration) string {
	if down := d.Truncate(worth(d)); down < d {
		d = down + worth(d)
	}
	return layout.Elapsed(d)
}

// worth is to what a span is rounded.
func worth(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Minute:
		return time.Minute
	case d >= time.Second:
		return time.Second
	default:
		return time.Nanosecond
	}
}

// time is the critical path.
func (out *page) time(r *review.Review) section {
	t := r.Time
	if len(t.Path) == 0 {
		return section{}
	}
	text := out.span(t)
	if t.P95 > 0 {
		text += out.Dim(" (with slow steps " + about(t.P95) + ")")
	}
	var nodes []layout.Node
	for _, l := range t.Path {
		nodes = append(nodes, layout.Node{Text: l.Step + "  " + about(l.Takes) + "  " + out.Dim(basis(l)+inARow(l)+inAll(l))})
	}
	isUnknown := func(id string) bool { return slices.Contains(t.Unknown, id) }
	for _, line := range []struct {
		says  string
		steps []string
	}{
		{"it takes the most by ", t.Longest},
		{"nothing is known of ", t.Unknown},
		{"nothing bounds ", slices.DeleteFunc(slices.Clone(t.Unbounded), isUnknown)},
	} {
		if len(line.steps) > 0 {
			nodes = append(nodes, layout.Node{Text: out.Dim(line.says + layout.Steps(line.steps))})
		}
	}
	return section{title: out.Bold("how long it takes") + "  " + text, nodes: nodes}
}

// basis says what an estimate is made from.
func basis(l review.Lasting) string {
	switch {
	case l.Basis == review.History:
		return fmt.Sprintf("the median of %s, 95%% took at most %s", layout.Plural(l.Runs, "run"), about(l.P95))
	case l.Basis == review.Estimate:
		return "by its action's estimate"
	case l.Basis == review.Timeout && l.Most == l.Takes:
		return "at most, by its timeout"
	case l.Basis == review.Timeout:
		return "by the timeout of one attempt"
	default:
		return "by what its conditions must hold"
	}
}

// inARow says how often a step is done that is done for many.
func inARow(l review.Lasting) string {
	if l.Rounds == 0 {
		return ""
	}
	return ", " + layout.Plural(l.Rounds, "time") + " in a row"
}

// inAll says how long a step takes at most, where that is more than what is said of it.
func inAll(l review.Lasting) string {
	if l.Most == 0 || l.Most == l.Takes {
		return ""
	}
	return ", in all at most " + ceiling(l.Most)
}
