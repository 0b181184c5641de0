package names

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/diag"
)

// Fault is one thing that is wrong with an expression, at a place in its text.
type Fault struct {
	Rule       *diag.Rule
	Start, End int    // byte offsets in the text; End is behind the last byte
	Detail     string // whole sentences about this one case
	Hint       string // how to mend it here, such as "did you mean evicted?"; may be empty
}

// longestListing is how many names a detail lists before it stops.
const longestListing = 12

// UnknownField is the fault of a field that an object has not, without its place.
func (sh Shape) UnknownField(of, name string) *Fault {
	fault := &Fault{Rule: diag.ExprUnknownField, Detail: fmt.Sprintf("%s has no field %s; it has %s.", of, name, Listing(sh.first(longestListing+1)))}
	fault.Suggest(name, sh.Near(name))
	return fault
}

// UnknownStep is the fault of a step that is not there, without its place.
func (t *Types) UnknownStep(id string) *Fault {
	fault := &Fault{Rule: diag.ExprUnknownStep, Detail: fmt.Sprintf("This runbook has no step %s.", id)}
	fault.Suggest(id, near(id, t.steps.sorted()))
	return fault
}

// UnknownRoot says that an expression cannot begin with a name here.
func (f *Fault) UnknownRoot(name string, roots []string) {
	f.Rule = diag.ExprUnknownName
	f.Detail = fmt.Sprintf("There is no %s here; an expression begins with %s.", name, Listing(roots))
	f.Suggest(name, roots)
	if name == RootEach {
		f.Hint = "each is there in a step that has foreach, but not in its foreach, its batch and its needs"
	}
}

// Suggest adds "did you mean", where a candidate is near.
func (f *Fault) Suggest(name string, candidates []string) {
	if near, ok := diag.Nearest(name, candidates); ok {
		f.Hint = fmt.Sprintf("did you mean %s?", near)
	}
}

// Listing writes names side by side, the first of them where they are many.
func Listing(names []string) string {
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > longestListing:
		return strings.Join(names[:longestListing], ", ") + ", …"
	default:
		return strings.Join(names, ", ")
	}
}

// Family returns what comes behind the prefix in the names that have it.
func Family(prefix string, names []string) []string {
	var family []string
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			family = append(family, rest)
		}
	}
	slices.Sort(family)
	return family
}

// Sentence makes a whole sentence of a message of Go's kind.
func Sentence(message string) string {
	message = strings.TrimRight(strings.TrimSpace(message), ".")
	if message == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(message)
	return strings.ToUpper(string(first)) + message[size:] + "."
}

// Distinct drops repetitions and sorts by place.
func Distinct(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Start - b.Start })
	return slices.CompactFunc(faults, func(a, b Fault) bool { return a.Start == b.Start && a.Rule == b.Rule })
}
