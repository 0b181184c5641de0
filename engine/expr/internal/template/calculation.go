package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// calculation is the expression of one `${{ }}`.
type calculation struct {
	text    string      // trimmed
	refs    []names.Ref // offsets in the template
	shape   *schema.Schema
	types   *names.Types
	taken   []place     // of lists, in any case
	program *vm.Program // nil: the expression is one reference and needs no program
}

// source is a `${{ }}` while it is compiled.
type source struct {
	t        *names.Types
	language *Language
	words    *token.List
	faults   []names.Fault
	refs     []names.Ref // offsets in the expression
	taken    []place
}

// compileCalculation compiles text[from:to].
func compileCalculation(text string, from, to int, t *names.Types, language *Language) (*calculation, []names.Fault) {
	list, fault := names.Scan(text[from:to])
	s := &source{t: t, language: language, words: list}
	var tree *parser.Tree
	if fault != nil {
		s.faults = []names.Fault{*fault}
	} else {
		tree = s.parse()
	}
	if tree != nil {
		s.visit(tree.Node, nil)
	}
	made := &calculation{text: strings.TrimSpace(text[from:to]), types: t}
	if len(s.faults) == 0 {
		s.finish(made, tree)
	}
	if len(s.faults) > 0 {
		for i := range s.faults {
			s.faults[i].Start += from
			s.faults[i].End += from
		}
		return nil, names.Distinct(s.faults)
	}
	made.refs = slices.Clone(s.refs)
	for i := range made.refs {
		made.refs[i].Start += from
		made.refs[i].End += from
	}
	return made, nil
}

func (s *source) parse() *parser.Tree {
	text := s.words.Text
	if len(s.words.Tokens) == 0 {
		s.faults = append(s.faults, names.Fault{Rule: diag.ExprSyntax, Start: 0, End: len(text), Detail: "There is nothing between ${{ and }}."})
		return nil
	}
	tree, err := parser.ParseWithConfig(text, s.language.config())
	if err != nil {
		s.fault(diag.ExprSyntax, err)
		return nil
	}
	renameFunctions(&tree.Node)
	return tree
}

// finish checks types and makes the program, or finds that none is needed.
func (s *source) finish(made *calculation, tree *parser.Tree) {
	if ref, ok := s.wholeRef(tree.Node); ok {
		found, _, _ := s.t.Follow(ref)
		made.shape = orAny(found.Schema())
		return
	}
	config := s.language.config()
	config.WithEnv(envTypes(s.t, s.refs))
	if _, err := checker.Check(tree, config); err != nil {
		s.fault(diag.ExprType, err)
		return
	}
	s.checkMethods(&tree.Node)
	if len(s.faults) > 0 {
		return
	}
	made.shape = shapeOfNode(tree.Node)
	s.places(tree.Node)
	made.taken = s.taken
	ast.Walk(&tree.Node, meter{})
	program, err := compiler.Compile(tree, config)
	if err != nil {
		s.fault(diag.ExprType, errors.New(strings.SplitN(err.Error(), "\n", 2)[0]))
		return
	}
	made.program = program
}

// wholeRef reports whether the expression is one plain reference: no program is
// needed then, and marks of unknown and secret parts stay where they are.
func (s *source) wholeRef(node ast.Node) (names.Ref, bool) {
	if len(s.refs) != 1 || strings.Contains(s.words.Text, "?.") {
		return names.Ref{}, false
	}
	_, path, ok := staticPath(node)
	return s.refs[0], ok && len(path) == len(s.refs[0].Path)
}

func orAny(s *schema.Schema) *schema.Schema {
	if s == nil {
		return &schema.Schema{}
	}
	return s
}

// eval computes the value within the limit.
func (c *calculation) eval(scope names.Scope, limit *cost.Budget) (value.Value, error) {
	if c.program == nil {
		return c.lookup(scope)
	}
	env := make(map[string]any, len(c.refs)+1)
	var unknown []value.Value
	secret := false
	for _, r := range c.refs {
		v, _ := names.Resolve(scope, r)
		secret = secret || v.HasSecret()
		if v.HasUnknown() {
			unknown = append(unknown, v)
			continue
		}
		project(env, r, v)
	}
	mark := func(v value.Value) value.Value {
		if secret {
			return v.Secret()
		}
		return v
	}
	if len(unknown) > 0 {
		if err := c.outOfRange(scope); err != nil {
			return value.Value{}, c.failure(scope, err, secret)
		}
		return mark(value.Unknown(value.List(unknown...).Causes()...)), nil
	}
	env[cost.Name] = limit
	machine := vm.VM{MemoryBudget: cost.MaxItems}
	out, err := machine.Run(c.program, env)
	if err == nil {
		var result value.Value
		if result, err = fromCalc(out, limit); err == nil {
			return mark(result), nil
		}
	}
	return value.Value{}, c.failure(scope, err, secret)
}

// lookup returns the value of a calculation that is one reference.
func (c *calculation) lookup(scope names.Scope) (value.Value, error) {
	r := c.refs[0]
	v, path, done := value.Value{}, r.Path, r.Root
	sh, _ := c.types.Root(r.Root)
	if id, ok := r.Step(); ok {
		v, path, done = names.StepOf(scope, id), path[1:], r.Root+"."+id
		sh, _ = c.types.Step(id)
	} else {
		v = names.RootOf(scope, r.Root)
	}
	for i, name := range path {
		member, ok := v.Get(name)
		optional := false
		if sh.IsRecord() {
			sh, optional, _ = sh.Field(name)
		} else {
			sh, _ = sh.Member(done, name)
		}
		if !ok && (!optional || i < len(path)-1) {
			return value.Value{}, names.Absent(v, done, name)
		}
		v, done = member, done+"."+name
	}
	return v, nil
}

// failure says why a calculation failed, in our words and without secrets.
func (c *calculation) failure(scope names.Scope, err error, secret bool) error {
	message := err.Error()
	if located, ok := errors.AsType[*file.Error](err); ok {
		message = located.Message
	}
	missing := names.Missing(scope, c.refs)
	switch {
	case errors.Is(err, cost.ErrTooMuch) || strings.Contains(message, "memory budget"):
		return fmt.Errorf("%s: %w", c.text, cost.ErrTooMuch)
	case missing != "":
		return fmt.Errorf("%s: %s", c.text, missing)
	case secret:
		return fmt.Errorf("%s: the evaluation failed; the reason may hold a secret and is not shown", c.text)
	default:
		return fmt.Errorf("%s: %s", c.text, strings.SplitN(message, "\n", 2)[0])
	}
}
