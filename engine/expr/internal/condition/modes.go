package condition

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
)

// badModes finds modes that the runbook has not, where run.mode is compared with them: such a
// comparison always comes out the same, and the gate that it is in is gone.
func badModes(source expression, t *names.Types) []names.Fault {
	var faults []names.Fault
	at := map[int]bool{} // where run.mode stands, and is no name of a comprehension
	for _, ref := range source.refs(t) {
		at[ref.Start] = ref.IsMode()
	}
	isMode := func(x celast.Expr) bool {
		ref, ok := source.chain(x, t)
		return ok && at[ref.Start]
	}
	celast.PostOrderVisit(source.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.Kind() != celast.CallKind || len(x.AsCall().Args()) != 2 {
			return
		}
		args := x.AsCall().Args()
		if isMode(args[1]) {
			args = []celast.Expr{args[1], args[0]}
		}
		for _, with := range comparedWith(x.AsCall().FunctionName(), args[1]) {
			name, constant := literalText(with)
			if fault := t.UnknownMode(name); constant && fault != nil && isMode(args[0]) {
				fault.Start, fault.End = source.span(with)
				faults = append(faults, *fault)
			}
		}
	}))
	return faults
}

// comparedWith is what a comparison compares with, or each of what it is looked for in.
func comparedWith(function string, operand celast.Expr) []celast.Expr {
	switch {
	case function == operators.Equals, function == operators.NotEquals:
		return []celast.Expr{operand}
	case function == operators.In && operand.Kind() == celast.ListKind:
		return operand.AsList().Elements()
	default:
		return nil
	}
}
