package schema

import (
	"slices"

	"github.com/gatebook/gatebook/schema/internal/words"
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

// FieldPath writes a path for people: "nodes[2].name".
func FieldPath(path []string) string { return words.Path(path) }
