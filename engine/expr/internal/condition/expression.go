package condition

import (
	"slices"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
)

// expression is a CEL expression with its text: it knows where in the text each part of a CEL expression stands. CEL itself
// keeps one token of each part: the operator, the dot, the bracket.
type expression struct {
	tree  *celast.AST
	words *token.List
}

// own returns the token that CEL keeps of a part.
func (s expression) own(id int64) (int, token.Token) {
	r, _ := s.tree.SourceInfo().GetOffsetRange(id)
	i := s.words.At(s.words.Offset(int(r.Start)))
	if i < 0 {
		end := len(s.words.Text)
		return -1, token.Token{Start: end, End: end, Mate: -1}
	}
	return i, s.words.Tokens[i]
}

// span returns the range of a part in the text, without brackets around it.
func (s expression) span(x celast.Expr) (start, end int) {
	if macro, ok := s.tree.SourceInfo().GetMacroCall(x.ID()); ok {
		return s.callSpan(x.ID(), macro.AsCall())
	}
	i, tok := s.own(x.ID())
	start, end = tok.Start, tok.End
	switch x.Kind() {
	case celast.LiteralKind:
		if tok.Kind == token.Sign && i+1 < len(s.words.Tokens) { // "-1" is one literal
			end = s.words.Tokens[i+1].End
		}
	case celast.SelectKind:
		start, _ = s.span(x.AsSelect().Operand())
		_, end = s.field(x)
		return s.words.Balance(start, end)
	case celast.CallKind:
		return s.callSpan(x.ID(), x.AsCall())
	case celast.ListKind, celast.MapKind, celast.StructKind:
		return s.words.Balance(start, end)
	}
	return start, end
}

// callSpan returns the range of an operator with its operands, or of a call.
func (s expression) callSpan(id int64, call celast.CallExpr) (start, end int) {
	i, tok := s.own(id)
	start, end = tok.Start, tok.End
	parts := call.Args()
	switch {
	case call.IsMemberFunction():
		parts = append([]celast.Expr{call.Target()}, parts...)
	case tok.Kind == token.Open && s.words.Text[tok.Start] == '(':
		start = s.functionStart(i)
	}
	for _, part := range parts {
		from, to := s.span(part)
		start, end = min(start, from), max(end, to)
	}
	return s.words.Balance(start, end)
}

// functionStart returns where the name before the bracket i begins: "semver.compare(".
func (s expression) functionStart(i int) int {
	start := s.words.Tokens[max(i, 0)].Start
	for i--; i >= 0; i-- {
		tok := s.words.Tokens[i]
		if tok.Kind != token.Name && s.words.Text[tok.Start:tok.End] != "." {
			break
		}
		start = tok.Start
	}
	return start
}

// field returns the range of the name behind the dot of a selection.
func (s expression) field(x celast.Expr) (start, end int) {
	i, tok := s.own(x.ID())
	if i >= 0 && i+1 < len(s.words.Tokens) {
		tok = s.words.Tokens[i+1]
	}
	return tok.Start, tok.End
}

func (s expression) text(x celast.Expr) string {
	start, end := s.span(x)
	return s.words.Line(start, end)
}

// loops reports whether the expression goes over the items of something.
func (s expression) loops() bool {
	found := false
	celast.PreOrderVisit(s.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		found = found || x.Kind() == celast.ComprehensionKind
	}))
	return found
}

// folds reports whether CEL works on constants when it makes the program, so that what
// is wrong with them is found then.
func (s expression) folds() bool {
	found := false
	celast.PreOrderVisit(s.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.Kind() == celast.CallKind {
			name := x.AsCall().FunctionName()
			found = found || name == overloads.Matches || overloads.IsTypeConversionFunction(name)
		}
	}))
	return found
}

// find returns the part with the id.
func (s expression) find(id int64) celast.Expr {
	var found celast.Expr
	celast.PreOrderVisit(s.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.ID() == id && found == nil {
			found = x
		}
	}))
	return found
}

// chain returns the reference that a part is, if it is one: a name with fields and
// constant indexes behind it.
func (s expression) chain(x celast.Expr, t *names.Types) (names.Ref, bool) {
	var path []string
	whole := x
	for {
		switch x.Kind() {
		case celast.IdentKind:
			root := x.AsIdent()
			if !t.Has(root) {
				return names.Ref{}, false
			}
			slices.Reverse(path)
			start, end := s.span(whole)
			return names.Ref{Root: root, Path: path, Start: start, End: end}, true
		case celast.SelectKind:
			path = append(path, x.AsSelect().FieldName())
			x = x.AsSelect().Operand()
		case celast.CallKind:
			of, name, ok := constantIndex(x.AsCall())
			if !ok {
				return names.Ref{}, false
			}
			path = append(path, name)
			x = of
		default:
			return names.Ref{}, false
		}
	}
}

// constantIndex takes apart a["b"], a[?"b"] and a.?b.
func constantIndex(call celast.CallExpr) (of celast.Expr, name string, ok bool) {
	switch call.FunctionName() {
	case operators.Index, operators.OptIndex, operators.OptSelect:
	default:
		return nil, "", false
	}
	args := call.Args()
	if len(args) != 2 || args[1].Kind() != celast.LiteralKind {
		return nil, "", false
	}
	text, ok := args[1].AsLiteral().(types.String)
	return args[0], string(text), ok
}

// refs returns everything that the expression refers to, in the order of the text.
func (s expression) refs(t *names.Types) []names.Ref {
	var found []names.Ref
	s.visitRefs(s.tree.Expr(), t, nil, &found)
	slices.SortStableFunc(found, func(a, b names.Ref) int { return a.Start - b.Start })
	return found
}

// visitRefs collects references; bound are the names that comprehensions around x
// have made, which hide roots of the same name.
func (s expression) visitRefs(x celast.Expr, t *names.Types, bound []string, found *[]names.Ref) {
	if r, ok := s.chain(x, t); ok {
		if !slices.Contains(bound, r.Root) {
			*found = append(*found, r)
		}
		return
	}
	parts := children(x)
	if x.Kind() == celast.ComprehensionKind {
		c := x.AsComprehension()
		s.visitRefs(c.IterRange(), t, bound, found)
		s.visitRefs(c.AccuInit(), t, bound, found)
		bound = append(slices.Clone(bound), c.IterVar(), c.IterVar2(), c.AccuVar())
		parts = []celast.Expr{c.LoopCondition(), c.LoopStep(), c.Result()}
	}
	for _, part := range parts {
		s.visitRefs(part, t, bound, found)
	}
}

// children returns the parts of x, but for a comprehension's only what it goes over.
func children(x celast.Expr) []celast.Expr {
	switch x.Kind() {
	case celast.SelectKind:
		return []celast.Expr{x.AsSelect().Operand()}
	case celast.CallKind:
		call := x.AsCall()
		if call.IsMemberFunction() {
			return append([]celast.Expr{call.Target()}, call.Args()...)
		}
		return call.Args()
	case celast.ListKind:
		return x.AsList().Elements()
	case celast.MapKind:
		var parts []celast.Expr
		for _, entry := range x.AsMap().Entries() {
			parts = append(parts, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return parts
	case celast.ComprehensionKind:
		return []celast.Expr{x.AsComprehension().IterRange()}
	default:
		return nil
	}
}
