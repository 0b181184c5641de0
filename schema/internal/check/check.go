package check

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/gatebook/gatebook/schema/internal/datum"
	"github.com/gatebook/gatebook/schema/internal/format"
	"github.com/gatebook/gatebook/schema/internal/words"
)

// Limits on one validation.
const (
	maxSteps  = 1_000_000 // visits of a schema to a value; more is an attack
	maxFaults = 100
)

// Value returns the faults of a value, in the order of the shape, and nothing where
// there are none.
func Value(shape *Shape, data any) []Fault {
	r := run{path: make([]string, 0, 8), report: true}
	r.check(shape, data)
	if r.steps > maxSteps {
		r.found = append(r.found, Fault{Message: "The value is too large or its schema too complex to be checked."})
	}
	return r.found
}

// run is one validation.
type run struct {
	path   []string
	report bool // false: only the verdict is wanted
	hidden bool // inside a secret
	steps  int
	found  []Fault
}

// check holds data against n.
func (r *run) check(n *Shape, data any) datum.Verdict {
	if r.steps++; r.steps > maxSteps {
		return datum.Undecided
	}
	if n.Ref != nil {
		return r.check(n.Ref, data)
	}
	if n.anything {
		return datum.Valid
	}
	if datum.IsUnknown(data) {
		return datum.Undecided
	}
	masked, isMasked := data.(datum.Masked)
	if hides := n.Secret || isMasked; hides && !r.hidden {
		r.hidden = true
		defer func() { r.hidden = false }()
	}
	if isMasked {
		return r.check(n, masked.Value)
	}
	if !hasType(n.Type, data) {
		if !r.report {
			return datum.Invalid // most tries of a choice end here; no words are lost on them
		}
		return r.fault("type", mustBeType(n.Type, data))
	}
	result := r.checkSelf(n, data)
	switch d := data.(type) {
	case string:
		result = min(result, r.checkString(n, d))
	case []any:
		result = min(result, r.checkList(n, d))
	case map[string]any:
		result = min(result, r.checkObject(n, d))
	case nil, bool:
	default:
		if n.numbers {
			result = min(result, r.checkNumber(n, d))
		}
	}
	return min(result, r.checkInPlace(n, data))
}

func hasType(want string, data any) bool {
	switch want {
	case "":
		return true
	case datum.String:
		_, ok := data.(string)
		return ok
	case datum.Object:
		_, ok := data.(map[string]any)
		return ok
	case datum.Number:
		got := datum.TypeOf(data)
		return got == datum.Integer || got == datum.Number
	default:
		return datum.TypeOf(data) == want
	}
}

func (r *run) checkSelf(n *Shape, data any) datum.Verdict {
	result := datum.Valid
	if n.Const != nil {
		if result = datum.Equal(data, n.Const); result == datum.Invalid {
			r.fault("const", "must be "+words.Show(n.Const))
		}
	}
	if n.Enum == nil {
		return result
	}
	best := datum.Invalid
	for _, allowed := range n.Enum {
		best = max(best, datum.Equal(data, allowed))
	}
	if best == datum.Invalid {
		r.fault("enum", "must be "+words.OneOf(n.Enum)+r.got(data))
		r.know(names(n.Enum))
	}
	return min(result, best)
}

func (r *run) checkString(n *Shape, s string) datum.Verdict {
	result := datum.Valid
	if n.MinLength != nil || n.MaxLength != nil {
		length := utf8.RuneCountInString(s)
		result = min(result, r.checkSize(length, n.MinLength, n.MaxLength, "Length", "character"))
	}
	if n.Pattern != nil && !n.Pattern.MatchString(s) {
		result = r.fault("pattern", "must match "+n.Pattern.String()+r.got(s))
	}
	if n.IsFormat != nil && !n.IsFormat(s) {
		return r.fault("format", "must be "+format.Wanted(n.Format)+r.got(s))
	}
	if order, ok := format.Order(n.Format, s, n.FormatMinimum); ok && order < 0 {
		result = r.fault("formatMinimum", "must be at least "+n.FormatMinimum+r.got(s))
	}
	if order, ok := format.Order(n.Format, s, n.FormatMaximum); ok && order > 0 {
		result = r.fault("formatMaximum", "must be at most "+n.FormatMaximum+r.got(s))
	}
	return result
}

func (r *run) checkNumber(n *Shape, data any) datum.Verdict {
	result := datum.Valid
	limit := func(keyword string, bound *float64, broken bool, text string) {
		if bound != nil && broken {
			result = r.fault(keyword, text+words.Show(*bound)+r.got(data))
		}
	}
	order := func(bound *float64) int {
		if bound == nil {
			return 0
		}
		return datum.Compare(data, *bound)
	}
	limit("minimum", n.Minimum, order(n.Minimum) < 0, "must be at least ")
	limit("maximum", n.Maximum, order(n.Maximum) > 0, "must be at most ")
	limit("exclusiveMinimum", n.ExclusiveMinimum, order(n.ExclusiveMinimum) <= 0, "must be more than ")
	limit("exclusiveMaximum", n.ExclusiveMaximum, order(n.ExclusiveMaximum) >= 0, "must be less than ")
	if n.MultipleOf != nil && !datum.IsMultiple(data, *n.MultipleOf) {
		result = r.fault("multipleOf", "must be a multiple of "+words.Show(*n.MultipleOf)+r.got(data))
	}
	return result
}

func (r *run) checkList(n *Shape, list []any) datum.Verdict {
	result := r.checkSize(len(list), n.MinItems, n.MaxItems, "Items", "item")
	if n.UniqueItems {
		result = min(result, r.checkUnique(list))
	}
	if n.Items == nil || n.Items.anything {
		return result
	}
	for i := range list {
		result = min(result, r.at(strconv.Itoa(i), n.Items, list[i]))
	}
	return result
}

func (r *run) checkUnique(list []any) datum.Verdict {
	result := datum.Valid
	for i := range list {
		for j := range i {
			if r.steps++; r.steps > maxSteps {
				return datum.Undecided
			}
			switch datum.Equal(list[i], list[j]) {
			case datum.Valid:
				return r.fault("uniqueItems", "must not repeat an item, but items "+
					strconv.Itoa(j)+" and "+strconv.Itoa(i)+" are equal")
			case datum.Undecided:
				result = datum.Undecided
			case datum.Invalid:
			}
		}
	}
	return result
}

func (r *run) checkObject(n *Shape, object map[string]any) datum.Verdict {
	result := r.checkSize(len(object), n.MinProperties, n.MaxProperties, "Properties", "field")
	declared := 0
	for i := range n.Members {
		p := &n.Members[i]
		part, given := object[p.Name]
		switch {
		case given:
			declared++
			result = min(result, r.at(p.Name, p.Shape, part))
		case p.Required:
			result = r.missing(p.Name)
		}
	}
	for _, name := range n.Required {
		if _, given := object[name]; !given && !n.declares(name) {
			result = r.missing(name)
		}
	}
	if declared == len(object) || (!n.Closed && n.Additional == nil) {
		return result
	}
	return min(result, r.checkOthers(n, object))
}

// checkOthers is about the properties that are not declared, by name so that the
// order of the findings is stable.
func (r *run) checkOthers(n *Shape, object map[string]any) datum.Verdict {
	var others []string
	for name := range object {
		if !n.declares(name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	result := datum.Valid
	for _, name := range others {
		if n.Additional != nil {
			result = min(result, r.at(name, n.Additional, object[name]))
			continue
		}
		result = r.superfluous(n, name)
	}
	return result
}

// at goes one step into the value.
func (r *run) at(part string, n *Shape, data any) datum.Verdict {
	r.path = append(r.path, part)
	result := r.check(n, data)
	r.path = r.path[:len(r.path)-1]
	return result
}
