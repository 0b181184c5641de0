package condition

import (
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
)

// residual is what is left of an unknown expression: what is known drops out of
// && and ||, and the branch that is not taken out of a choice.
func (c *Condition) residual(scope names.Scope) string {
	t, ok := c.trace(scope)
	if !ok {
		return c.text
	}
	return t.residual(c.source.tree.Expr())
}

func (t *trace) residual(x celast.Expr) string {
	if x.Kind() != celast.CallKind {
		return t.c.source.text(x)
	}
	call := x.AsCall()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr:
		sign, neutral := " && ", types.True
		if name == operators.LogicalOr {
			sign, neutral = " || ", types.False
		}
		var left []string
		for _, part := range t.parts(x) {
			if t.valueOf(part) != neutral {
				left = append(left, t.bracketed(part, sign))
			}
		}
		return strings.Join(left, sign)
	case operators.Conditional:
		switch t.valueOf(call.Args()[0]) {
		case types.True:
			return t.residual(call.Args()[1])
		case types.False:
			return t.residual(call.Args()[2])
		}
	}
	return t.c.source.text(x)
}

// bracketed is the residual of an operand, in brackets where it is a choice or the
// other of && and ||.
func (t *trace) bracketed(x celast.Expr, sign string) string {
	text := t.residual(x)
	if x.Kind() != celast.CallKind {
		return text
	}
	switch x.AsCall().FunctionName() {
	case operators.Conditional, operators.LogicalAnd, operators.LogicalOr:
		if strings.Contains(text, " ? ") || strings.Contains(text, "&&") != (sign == " && ") || strings.Contains(text, "||") != (sign == " || ") {
			if strings.ContainsAny(text, "&|?") {
				return "(" + text + ")"
			}
		}
	}
	return text
}
