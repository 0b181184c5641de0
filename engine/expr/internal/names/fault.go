package names

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
	"github.com/gatebook/gatebook/schema"
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

// UnknownField is the fault of a field that something has not, without its place.
func UnknownField(of, name string, fields []string) *Fault {
	fault := &Fault{Rule: diag.ExprUnknownField, Detail: fmt.Sprintf("%s has no field %s; it has %s.", of, name, Listing(fields))}
	fault.Suggest(name, fields)
	return fault
}

func unknownStep(id string, steps map[string]*schema.Schema) *Fault {
	fault := &Fault{Rule: diag.ExprUnknownStep, Detail: fmt.Sprintf("This runbook has no step %s.", id)}
	ids := make([]string, 0, len(steps))
	for known := range steps {
		ids = append(ids, known)
	}
	fault.Suggest(id, ids)
	return fault
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

// TooComplex finds what no compiler should be asked to read.
func TooComplex(list *token.List) *Fault {
	text := list.Text
	fault := Fault{Rule: diag.ExprTooComplex, Start: 0, End: len(text)}
	switch {
	case len(text) > cost.MaxText:
		fault.Detail = fmt.Sprintf("The expression has %d bytes; the limit is %d.", len(text), cost.MaxText)
	case !utf8.ValidString(text):
		fault.Rule, fault.Detail = diag.ExprSyntax, "The expression is not valid UTF-8."
	case list.Depth > cost.MaxNesting:
		fault.Detail = fmt.Sprintf("Brackets are nested %d deep; the limit is %d.", list.Depth, cost.MaxNesting)
	default:
		return nil
	}
	return &fault
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
