package schema

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// Limits on one validation.
const (
	maxSteps      = 1_000_000 // visits of a schema to a value; more is an attack
	maxViolations = 100
)

// verdict is what is known of a value; the smaller of two is that of both.
type verdict int

const (
	invalid verdict = iota
	undecided
	valid
)

func verdictOf(ok bool) verdict {
	if ok {
		return valid
	}
	return invalid
}

// Validate returns the faults of data, in the order of the schema, and nothing
// where there are none. Data is decoded JSON: nil, bool, string, []any,
// map[string]any, and numbers as int, int64, float64 or [json.Number].
//
// Where a part is [Unknown], only what is wrong whatever that part turns out to be
// is reported: a missing or superfluous property, a fault in a part that is known.
// A value that the schema calls secret, or that is [Masked], is in no message.
func (v *Validator) Validate(data any) []Violation {
	r := run{path: make([]string, 0, 8), report: true}
	r.check(v.root, data)
	if r.steps > maxSteps {
		r.found = append(r.found, Violation{Message: "The value is too large or its schema too complex to be checked."})
	}
	return r.found
}

// run is one validation.
type run struct {
	path   []string
	report bool // false: only the verdict is wanted
	hidden bool // inside a secret
	steps  int
	found  []Violation
}

// check holds data against n.
func (r *run) check(n *node, data any) verdict {
	if r.steps++; r.steps > maxSteps {
		return undecided
	}
	if n.ref != nil {
		return r.check(n.ref, data)
	}
	if n.anything {
		return valid
	}
	if isUnknown(data) {
		return undecided
	}
	masked, isMasked := data.(Masked)
	if hides := n.Secret || isMasked; hides && !r.hidden {
		r.hidden = true
		defer func() { r.hidden = false }()
	}
	if isMasked {
		return r.check(n, masked.Value)
	}
	if !hasType(n.Type, data) {
		if !r.report {
			return invalid // most tries of a choice end here; no words are lost on them
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
		if n.hasNumberWords() {
			result = min(result, r.checkNumber(n, d))
		}
	}
	return min(result, r.checkInPlace(n, data))
}

func hasType(want string, data any) bool {
	switch want {
	case "":
		return true
	case TypeString:
		_, ok := data.(string)
		return ok
	case TypeObject:
		_, ok := data.(map[string]any)
		return ok
	case TypeNumber:
		got := typeName(data)
		return got == TypeInteger || got == TypeNumber
	default:
		return typeName(data) == want
	}
}

func (r *run) checkSelf(n *node, data any) verdict {
	result := valid
	if n.Const != nil {
		if result = equal(data, n.Const); result == invalid {
			r.fault("const", "must be "+show(n.Const))
		}
	}
	if n.Enum == nil {
		return result
	}
	best := invalid
	for _, allowed := range n.Enum {
		best = max(best, equal(data, allowed))
	}
	if best == invalid {
		r.fault("enum", "must be "+oneOf(n.Enum)+r.got(data))
		r.know(names(n.Enum))
	}
	return min(result, best)
}

func (r *run) checkString(n *node, s string) verdict {
	result := valid
	if n.MinLength != nil || n.MaxLength != nil {
		length := utf8.RuneCountInString(s)
		result = min(result, r.checkSize(length, n.MinLength, n.MaxLength, "Length", "character"))
	}
	if n.pattern != nil && !n.pattern.MatchString(s) {
		result = r.fault("pattern", "must match "+n.Pattern+r.got(s))
	}
	if n.format != nil && !n.format(s) {
		result = r.fault("format", "must be "+formatText(n.Format)+r.got(s))
	}
	return result
}

func (r *run) checkNumber(n *node, data any) verdict {
	result := valid
	limit := func(keyword string, bound *float64, broken bool, text string) {
		if bound != nil && broken {
			result = r.fault(keyword, text+show(*bound)+r.got(data))
		}
	}
	order := func(bound *float64) int {
		if bound == nil {
			return 0
		}
		return compare(data, *bound)
	}
	limit("minimum", n.Minimum, order(n.Minimum) < 0, "must be at least ")
	limit("maximum", n.Maximum, order(n.Maximum) > 0, "must be at most ")
	limit("exclusiveMinimum", n.ExclusiveMinimum, order(n.ExclusiveMinimum) <= 0, "must be more than ")
	limit("exclusiveMaximum", n.ExclusiveMaximum, order(n.ExclusiveMaximum) >= 0, "must be less than ")
	if n.MultipleOf != nil && !isMultiple(data, *n.MultipleOf) {
		result = r.fault("multipleOf", "must be a multiple of "+show(*n.MultipleOf)+r.got(data))
	}
	return result
}

func (r *run) checkList(n *node, list []any) verdict {
	result := r.checkSize(len(list), n.MinItems, n.MaxItems, "Items", "item")
	if n.UniqueItems {
		result = min(result, r.checkUnique(list))
	}
	if n.items == nil || n.items.anything {
		return result
	}
	for i := range list {
		result = min(result, r.at(strconv.Itoa(i), n.items, list[i]))
	}
	return result
}

func (r *run) checkUnique(list []any) verdict {
	result := valid
	for i := range list {
		for j := range i {
			if r.steps++; r.steps > maxSteps {
				return undecided
			}
			switch equal(list[i], list[j]) {
			case valid:
				return r.fault("uniqueItems", "must not repeat an item, but items "+
					strconv.Itoa(j)+" and "+strconv.Itoa(i)+" are equal")
			case undecided:
				result = undecided
			case invalid:
			}
		}
	}
	return result
}

func (r *run) checkObject(n *node, object map[string]any) verdict {
	result := r.checkSize(len(object), n.MinProperties, n.MaxProperties, "Properties", "field")
	declared := 0
	for i := range n.properties {
		p := &n.properties[i]
		part, given := object[p.name]
		switch {
		case given:
			declared++
			result = min(result, r.at(p.name, p.node, part))
		case p.required:
			result = r.missing(p.name)
		}
	}
	for _, name := range n.Required {
		if _, given := object[name]; !given && !n.declares(name) {
			result = r.missing(name)
		}
	}
	if declared == len(object) || (!n.Closed && n.additional == nil) {
		return result
	}
	return min(result, r.checkOthers(n, object))
}

func (n *node) declares(name string) bool {
	return slices.ContainsFunc(n.properties, func(m member) bool { return m.name == name })
}

// checkOthers is about the properties that are not declared, by name so that the
// order of the findings is stable.
func (r *run) checkOthers(n *node, object map[string]any) verdict {
	var others []string
	for name := range object {
		if !n.declares(name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	result := valid
	for _, name := range others {
		if n.additional != nil {
			result = min(result, r.at(name, n.additional, object[name]))
			continue
		}
		result = r.superfluous(n, name)
	}
	return result
}

// at goes one step into the value.
func (r *run) at(part string, n *node, data any) verdict {
	r.path = append(r.path, part)
	result := r.check(n, data)
	r.path = r.path[:len(r.path)-1]
	return result
}
