package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Violation is one fault of a value.
type Violation struct {
	// Path leads to the faulty part: names, and indices as numbers in text. A
	// superfluous property's path ends with its name; a missing one's with the
	// object that lacks it.
	Path []string
	// Keyword is the word of JSON Schema that is broken, such as "maximum".
	Keyword string
	// Property is the name of the missing or superfluous property.
	Property string
	// Known holds what may stand there instead, by which a suggestion can be made:
	// the names of the declared properties, or the texts of an enum.
	Known []string
	// Message says it without a full stop: "replicas must be at most 5, got 7".
	Message string
}

// Field returns the path of the faulty part for people, such as "nodes[2].name";
// that of a missing property is where it should be.
func (v Violation) Field() string {
	if v.Keyword == "required" {
		return FieldPath(append(slices.Clip(v.Path), v.Property))
	}
	return FieldPath(v.Path)
}

// fault reports a broken keyword; text follows the name of the part.
func (r *run) fault(keyword, text string) verdict {
	if r.report {
		r.add(Violation{Keyword: keyword, Message: r.subject() + " " + text})
	}
	return invalid
}

func (r *run) missing(name string) verdict {
	if !r.report {
		return invalid
	}
	field := FieldPath(append(slices.Clip(r.path), name))
	r.add(Violation{Keyword: "required", Property: name, Message: field + " is required"})
	return invalid
}

func (r *run) superfluous(n *node, name string) verdict {
	if !r.report {
		return invalid
	}
	known := make([]string, len(n.properties))
	for i := range n.properties {
		known[i] = n.properties[i].name
	}
	r.path = append(r.path, name)
	message := r.subject() + " is not a known field"
	if len(known) > 0 {
		message += "; known are " + list(known, "and")
	}
	r.add(Violation{Keyword: "additionalProperties", Property: name, Known: known, Message: message})
	r.path = r.path[:len(r.path)-1]
	return invalid
}

func (r *run) checkSize(size int, least, most *int, noun, thing string) verdict {
	if least != nil && size < *least {
		return r.fault("min"+noun, "must have at least "+count(*least, thing)+", has "+fmt.Sprint(size))
	}
	if most != nil && size > *most {
		return r.fault("max"+noun, "must have at most "+count(*most, thing)+", has "+fmt.Sprint(size))
	}
	return valid
}

func (r *run) add(v Violation) {
	if len(r.found) >= maxViolations {
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
	return FieldPath(r.path)
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
	return ", got " + show(data)
}

// show writes a value for a message: short, and strings as they stand where that
// is clear.
func show(data any) string {
	const most = 60
	if s, ok := data.(string); ok && isPlain(s) && len(s) <= most {
		return s
	}
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Sprintf("a %T", data)
	}
	if len(text) <= most {
		return string(text)
	}
	for most := most; ; most-- {
		if utf8.RuneStart(text[most]) {
			return string(text[:most]) + "…"
		}
	}
}

func isPlain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == ',' || c == '"' || c >= 0x7f
	})
}

func mustBeType(want string, data any) string { return mustBeTypes([]string{want}, data) }

func mustBeTypes(want []string, data any) string {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = article(w)
	}
	return "must be " + list(names, "or") + ", got " + article(typeName(data))
}

func article(typeName string) string {
	switch typeName {
	case TypeNull:
		return typeName
	case TypeArray:
		return "a list"
	case TypeInteger, TypeObject:
		return "an " + typeName
	default:
		return "a " + typeName
	}
}

func oneOf(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = show(v)
	}
	return list(texts, "or")
}

// list joins texts as people do: "a, b or c".
func list(texts []string, word string) string {
	last := len(texts) - 1
	if last < 1 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " " + word + " " + texts[last]
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

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
