package condition

import (
	"slices"

	celast "cel.dev/cel-go/common/ast"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
)

// manyStrangers is how many unknown names make an expression one that CEL is not asked
// about: it looks for what each may have been meant to be among all that it knows, which
// takes longer than all the rest, and people will not read so many findings.
const manyStrangers = 40

// strangers returns the faults of an expression with very many unknown names.
func (e *Env) strangers(source expression) []names.Fault {
	if len(source.words.Tokens) < manyStrangers {
		return nil
	}
	found := e.addStrangers(source, source.tree.Expr(), nil, nil)
	if len(found) < manyStrangers {
		return nil
	}
	var faults []names.Fault
	for _, x := range found[:mostFaults] {
		start, end := source.span(x)
		fault := names.Fault{Rule: diag.ExprUnknownName, Start: start, End: end}
		e.unknownWord(&fault, source, x, x.AsIdent())
		faults = append(faults, fault)
	}
	return names.Distinct(faults)
}

// addStrangers collects names that are no roots, of no comprehension around them, no
// types, and do not stand before a function, which may be a family such as semver.
func (e *Env) addStrangers(source expression, x celast.Expr, bound []string, found []celast.Expr) []celast.Expr {
	parts := children(x)
	switch x.Kind() {
	case celast.IdentKind:
		name := x.AsIdent()
		if _, isType := e.types.FindIdent(name); !isType && !e.types.Types().Has(name) && !slices.Contains(bound, name) {
			found = append(found, x)
		}
	case celast.CallKind:
		if call := x.AsCall(); call.IsMemberFunction() && call.Target().Kind() == celast.IdentKind {
			parts = call.Args()
		}
	case celast.ComprehensionKind:
		c := x.AsComprehension()
		found = e.addStrangers(source, c.IterRange(), bound, found)
		found = e.addStrangers(source, c.AccuInit(), bound, found)
		bound = append(slices.Clone(bound), c.IterVar(), c.IterVar2(), c.AccuVar())
		parts = []celast.Expr{c.LoopCondition(), c.LoopStep(), c.Result()}
	default: // its parts are all that it has
	}
	for _, part := range parts {
		found = e.addStrangers(source, part, bound, found)
	}
	return found
}
