package expr

// Compiler compiles expressions, each distinct text once for each Types. It is
// safe for concurrent use; so is everything that it returns. The zero Compiler is
// not ready: use [NewCompiler].
type Compiler struct{}

// NewCompiler returns a compiler with nothing cached. It is cheap: the environment
// of a language is built when the first expression needs it.
func NewCompiler() *Compiler { return &Compiler{} }

// Condition compiles a CEL expression that must be boolean. With faults the
// condition is nil.
func (c *Compiler) Condition(text string, t *Types) (*Condition, []Fault) {
	return &Condition{text: text}, nil
}

// Template compiles a string in which `${{ }}` are expr expressions. A string
// without any is a literal. With faults the template is nil.
func (c *Compiler) Template(text string, t *Types) (*Template, []Fault) {
	return &Template{text: text}, nil
}
