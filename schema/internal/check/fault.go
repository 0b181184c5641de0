package check

import (
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/schema/internal/datum"
	"github.com/gatebook/gatebook/schema/internal/words"
)

// Fault is one fault of a value, as schema.Violation describes it.
type Fault struct {
	Path     []string
	Keyword  string
	Property string
	Known    []string
	Message  string
}

// fault reports a broken keyword; text follows the name of the part.
func (r *run) fault(keyword, text string) datum.Verdict {
	if r.report {
		r.add(Fault{Keyword: keyword, Message: r.subject() + " " + text})
	}
	return datum.Invalid
}

func (r *run) missing(name string) datum.Verdict {
	if !r.report {
		return datum.Invalid
	}
	field := words.Path(append(slices.Clip(r.path), name))
	r.add(Fault{Keyword: "required", Property: name, Message: field + " is required"})
	return datum.Invalid
}

func (r *run) superfluous(n *Shape, name string) datum.Verdict {
	if !r.report {
		return datum.Invalid
	}
	known := make([]string, len(n.Members))
	for i := range n.Members {
		known[i] = n.Members[i].Name
	}
	r.path = append(r.path, name)
	message := r.subject() + " is not a known field"
	if len(known) > 0 {
		message += "; known are " + words.List(known, "and")
	}
	r.add(Fault{Keyword: "additionalProperties", Property: name, Known: known, Message: message})
	r.path = r.path[:len(r.path)-1]
	return datum.Invalid
}

func (r *run) checkSize(size int, least, most *int, noun, thing string) datum.Verdict {
	if least != nil && size < *least {
		return r.fault("min"+noun, "must have at least "+words.Count(*least, thing)+", has "+fmt.Sprint(size))
	}
	if most != nil && size > *most {
		return r.fault("max"+noun, "must have at most "+words.Count(*most, thing)+", has "+fmt.Sprint(size))
	}
	return datum.Valid
}

func (r *run) add(v Fault) {
	if len(r.found) >= maxFaults {
		return
	}
	v.Path = slices.Clone(r.path)
	r.found = append(r.found, v)
}

// know adds to the last fault what may stand there instead.
func (r *run) know(known []string) {
	if r.report && len(r.found) > 0 {
		r.found[len(r.found)-1].Known = known
	}
}

func (r *run) subject() string {
	if len(r.path) == 0 {
		return "the value"
	}
	return words.Path(r.path)
}

// got shows the value, except where it is secret.
func (r *run) got(data any) string {
	if !r.report || r.hidden {
		return ""
	}
	switch data.(type) {
	case []any, map[string]any:
		return ""
	}
	return ", got " + words.Show(data)
}

func mustBeType(want string, data any) string { return mustBeTypes([]string{want}, data) }

func mustBeTypes(want []string, data any) string {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = article(w)
	}
	return "must be " + words.List(names, "or") + ", got " + article(datum.TypeOf(data))
}

func article(typeName string) string {
	switch typeName {
	case datum.Null:
		return typeName
	case datum.Array:
		return "a list"
	case datum.Integer, datum.Object:
		return "an " + typeName
	default:
		return "a " + typeName
	}
}

func names(values []any) []string {
	var names []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			names = append(names, s)
		}
	}
	return names
}
