package condition

import (
	celast "cel.dev/cel-go/common/ast"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
)

// badWindows finds windows that are not there. Their names are constants, so that it is known
// before the run which are meant.
func badWindows(source expression, t *names.Types) []names.Fault {
	var faults []names.Fault
	source.eachWindow(func(argument celast.Expr, name string, constant bool) {
		fault := &names.Fault{Rule: diag.ExprUnknownWindow, Detail: "The name of a window is a text in quotes, and nothing that is computed."}
		if constant {
			if _, known := t.Window(name); known {
				return
			}
			fault = t.UnknownWindow(name)
		}
		fault.Start, fault.End = source.span(argument)
		faults = append(faults, *fault)
	})
	return faults
}

// eachWindow goes over the windows that the expression asks for.
func (s expression) eachWindow(each func(argument celast.Expr, name string, constant bool)) {
	celast.PreOrderVisit(s.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.Kind() != celast.CallKind || !operand.IsOfWindow(x.AsCall().FunctionName()) || len(x.AsCall().Args()) == 0 {
			return
		}
		argument := x.AsCall().Args()[0]
		name, constant := literalText(argument)
		each(argument, name, constant)
	}))
}

// Windows returns the names of the windows that the condition asks for, in no order and
// each as often as it does.
func (c *Condition) Windows() []string {
	var found []string
	c.source.eachWindow(func(_ celast.Expr, name string, _ bool) { found = append(found, name) })
	return found
}

// note says of a part that asks for a window how that stands.
func (t *trace) note(x celast.Expr) string {
	if x.Kind() != celast.CallKind || !operand.IsOfWindow(x.AsCall().FunctionName()) {
		return ""
	}
	args := x.AsCall().Args()
	name, ok := literalText(args[0])
	if at := t.valueOf(args[1]); ok && at != nil {
		said, _ := t.e.Said(name, at)
		return said
	}
	return ""
}
