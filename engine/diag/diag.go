// Package diag is what gatebook says about a file: a diagnostic has a stable
// code, a constant summary, a detail for this one case, and a place.
//
// Every user-facing error about a file is a diagnostic; a Go error is for the
// environment and for bugs. How findings are written is the business of
// engine/diag/render. Floor 1.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/source"
)

// Severity says whether a runbook with this finding may run.
type Severity string

// The severities, from worst to mildest.
const (
	Error   Severity = "error"   // the runbook is invalid
	Warning Severity = "warning" // it may run; somebody should look
)

// Rule is one kind of finding. Rules are declared as data, one table a room
// (rules_*.go in this package), and docs/diagnostics.md is generated from them.
type Rule struct {
	Code     string   // "GB0123", never reused
	Severity Severity // of every finding of this rule
	Summary  string   // constant and terse: what is wrong, no full stop
	Why      string   // whole sentences: why gatebook minds
	Mend     string   // whole sentences: how to mend it
	Bad      string   // a snippet that has the fault
	Good     string   // the same snippet, mended
}

// Markdown returns why the rule is there and how to mend what breaks it.
func (r *Rule) Markdown() string {
	return fmt.Sprintf("%s\n\n%s\n\nWrong:\n\n```yaml\n%s\n```\n\nRight:\n\n```yaml\n%s\n```\n",
		r.Why, r.Mend, strings.TrimRight(r.Bad, "\n"), strings.TrimRight(r.Good, "\n"))
}

// At makes a finding of the rule at a place. The format and its arguments make
// the detail: whole sentences about this one case.
func (r *Rule) At(where source.Range, format string, args ...any) Diagnostic {
	return Diagnostic{Rule: r, Range: where, Detail: fmt.Sprintf(format, args...)}
}

// Diagnostic is one finding.
type Diagnostic struct {
	Rule    *Rule
	Range   source.Range
	Detail  string    // what is wrong here, and why
	Hint    string    // how to mend it here: "did you mean \"replicas\"?"
	Related []Related // other places that belong to it
	Hides   bool      // whether a secret stands at the place: no finding quotes its lines
}

// Related is another place that a finding speaks of, such as the first of two
// duplicate keys.
type Related struct {
	Range   source.Range
	Message string
}

// WithHint returns d with a hint on how to mend it.
func (d Diagnostic) WithHint(format string, args ...any) Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// WithRelated returns d with one more related place.
func (d Diagnostic) WithRelated(where source.Range, format string, args ...any) Diagnostic {
	d.Related = append(slices.Clone(d.Related), Related{Range: where, Message: fmt.Sprintf(format, args...)})
	return d
}

// Hiding returns d for a place where a secret can be read, which is shown no further.
func (d Diagnostic) Hiding() Diagnostic {
	d.Hides = true
	return d
}

// List is what a function over user input returns beside its result: all
// findings of one pass.
type List []Diagnostic

// HasErrors reports whether any finding is an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Rule.Severity == Error })
}

// Count returns how many findings have the severity.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Rule.Severity == s {
			n++
		}
	}
	return n
}

// Cut returns at most so many findings of a sorted list, errors before warnings, and
// how many it left out. Those that it returns are still sorted.
func (l List) Cut(most int) (shown List, left int) {
	if len(l) <= most {
		return l, 0
	}
	room := map[Severity]int{Error: min(l.Count(Error), most)}
	room[Warning] = most - room[Error]
	shown = make(List, 0, most)
	for _, d := range l {
		if room[d.Rule.Severity] > 0 {
			room[d.Rule.Severity]--
			shown = append(shown, d)
		}
	}
	return shown, len(l) - len(shown)
}

// Sorted returns the findings by place, then code, then detail, without exact
// repetitions. It is for the edge: a room returns its findings as they come.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool { return compare(a, b) == 0 })
}

// ByFile returns the findings of one file after the other, in the order in which the files come
// first, and those of each as [List.Sorted] does. It is for lists in which that order means
// something: what a runbook takes in comes behind it.
func (l List) ByFile() List {
	place := map[string]int{}
	for _, d := range l {
		if name := d.file(); name != "" && place[name] == 0 {
			place[name] = len(place) + 1
		}
	}
	sorted := l.Sorted()
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int { return place[a.file()] - place[b.file()] })
	return sorted
}

// file is the name of the file that the finding is of; empty: it is of none.
func (d Diagnostic) file() string {
	if d.Range.IsZero() {
		return ""
	}
	return d.Range.File.Name()
}

func compare(a, b Diagnostic) int {
	return cmp.Or(
		a.Range.Compare(b.Range),
		cmp.Compare(a.Rule.Code, b.Rule.Code),
		cmp.Compare(a.Detail, b.Detail),
	)
}
