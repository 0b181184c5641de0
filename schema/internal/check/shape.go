// Package check holds values against compiled schemas, and says in words what is wrong
// with them. What a schema is and how it is compiled it leaves to package schema.
// Floor 0, as a part of schema.
package check

import (
	"regexp"
	"slices"

	"github.com/gatebook/gatebook/schema/internal/datum"
)

// Shape is a compiled schema: its references are resolved and its patterns compiled. The
// fields are those of a schema.
type Shape struct {
	Ref *Shape // every other field is then ignored

	Type   string
	Enum   []any
	Const  any
	Secret bool

	Minimum, Maximum                   *float64
	ExclusiveMinimum, ExclusiveMaximum *float64
	MultipleOf                         *float64
	MinLength, MaxLength               *int
	MinItems, MaxItems                 *int
	MinProperties, MaxProperties       *int
	UniqueItems                        bool

	Pattern  *regexp.Regexp
	Format   string
	IsFormat func(string) bool // nil: every text is of the format

	FormatMinimum, FormatMaximum string

	Items      *Shape
	Members    []Member
	Required   []string
	Closed     bool
	Additional *Shape
	AnyOf      []*Shape
	OneOf      []*Shape
	AllOf      []*Shape

	anything, numbers bool // see Finish
}

// Member is one declared property.
type Member struct {
	Name     string
	Shape    *Shape
	Required bool
}

// Finish notes what each check would otherwise have to find out, once all else is there.
func (n *Shape) Finish() {
	n.numbers = n.Minimum != nil || n.Maximum != nil || n.ExclusiveMinimum != nil ||
		n.ExclusiveMaximum != nil || n.MultipleOf != nil
	n.anything = n.Type == "" && n.Enum == nil && n.Const == nil && n.Pattern == nil && n.IsFormat == nil &&
		!n.numbers && n.MinLength == nil && n.MaxLength == nil &&
		n.MinItems == nil && n.MaxItems == nil && n.Items == nil && !n.UniqueItems &&
		n.MinProperties == nil && n.MaxProperties == nil && len(n.Required) == 0 &&
		n.Members == nil && n.Additional == nil && !n.Closed && len(n.InPlace()) == 0
}

// InPlace returns the shapes that apply to the same value as n.
func (n *Shape) InPlace() []*Shape {
	if n.Ref != nil {
		return []*Shape{n.Ref}
	}
	return slices.Concat(n.AnyOf, n.OneOf, n.AllOf)
}

func (n *Shape) declares(name string) bool {
	return slices.ContainsFunc(n.Members, func(m Member) bool { return m.Name == name })
}

// target follows references; those that go in a circle are not compiled.
func (n *Shape) target() *Shape {
	for n.Ref != nil {
		n = n.Ref
	}
	return n
}

// hasConstantsOf reports whether the object has the constants that n wants, such
// as a kind's name, and at least one of them.
func (n *Shape) hasConstantsOf(object map[string]any) bool {
	has := false
	for i := range n.Members {
		constant := n.Members[i].Shape.target().Const
		if constant == nil {
			continue
		}
		if datum.Equal(object[n.Members[i].Name], constant) != datum.Valid {
			return false
		}
		has = true
	}
	return has
}
