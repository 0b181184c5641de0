package condition

import (
	"fmt"
	"slices"
	"strings"

	celast "cel.dev/cel-go/common/ast"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
)

// Drills returns the runbooks whose last drill the condition asks for, each once.
func (c *Condition) Drills() []string { return c.drills }

// letters are those that the name of a runbook is made of.
const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// eachDrill goes over the drills that the expression asks for.
func (s expression) eachDrill(each func(argument celast.Expr, name string, constant bool)) {
	celast.PreOrderVisit(s.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.Kind() != celast.CallKind || x.AsCall().FunctionName() != operand.LastDrill || len(x.AsCall().Args()) != 1 {
			return
		}
		name, constant := literalText(x.AsCall().Args()[0])
		each(x.AsCall().Args()[0], name, constant)
	}))
}

func (s expression) drills() []string {
	var found []string
	s.eachDrill(func(_ celast.Expr, name string, _ bool) { found = append(found, name) })
	slices.Sort(found)
	return slices.Compact(found)
}

// badDrills finds what can be the name of no runbook. The names are constants, so that it is
// known before the run which drills are to be looked up.
func badDrills(source expression, t *names.Types) []names.Fault {
	var faults []names.Fault
	source.eachDrill(func(argument celast.Expr, name string, constant bool) {
		fault := names.Fault{Rule: diag.ExprBadDrill}
		fault.Start, fault.End = source.span(argument)
		switch {
		case !t.Has(names.RootRun):
			fault.Detail = "Here nobody looks up when a runbook was last drilled."
		case !constant:
			fault.Detail = "The name of the runbook is a text in quotes, and nothing that is computed."
		case name == "" || strings.Trim(name, letters) != "":
			fault.Detail = fmt.Sprintf("No runbook can be called %q.", diag.Clean(name))
			fault.Hint = "write the metadata.name of the runbook, such as \"recover-database\""
		default:
			return
		}
		faults = append(faults, fault)
	})
	return faults
}

func (t *trace) noteOfDrill(args []celast.Expr) string {
	name, ok := literalText(args[0])
	if !ok {
		return ""
	}
	said, _ := t.e.SaidOfDrill(name)
	return said
}
