package condition

import (
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
	"github.com/gatebook/gatebook/engine/expr/internal/words"
)

// Compile makes a condition of text. With faults it is nil.
func (e *Env) Compile(text string) (*Condition, []names.Fault) {
	parsed, source, faults := parse(e.cel, text)
	if len(faults) > 0 {
		return nil, faults
	}
	if faults := badPatterns(source, e.types.Types()); len(faults) > 0 {
		return nil, faults
	}
	if faults := e.strangers(source); len(faults) > 0 {
		return nil, faults
	}
	checked, issues := e.cel.Check(parsed)
	if len(issues.Errors()) > 0 {
		return nil, e.checkFaults(source, parsed, issues.Errors())
	}
	source.tree = checked.NativeRep()
	if faults := slices.Concat(notBoolean(source, checked.OutputType()), badLiterals(source), badWindows(source, e.types.Types()), badDrills(source, e.types.Types()), badModes(source, e.types.Types())); len(faults) > 0 {
		return nil, faults
	}
	c := &Condition{
		text: source.words.Line(0, len(text)), refs: source.refs(e.types.Types()), source: source, types: e.types,
		program: e.program(checked, cel.OptOptimize), traced: e.program(checked, cel.OptTrackState),
	}
	c.windows, c.lasting = source.windows(c.refs)
	c.drills = source.drills()
	c.lasting = c.lasting && len(c.drills) == 0
	c.wanes = wanes(source.tree.Expr(), false)
	if source.folds() {
		if _, err := c.program(); err != nil {
			return nil, []names.Fault{{Rule: diag.ExprBadLiteral, Start: 0, End: len(text), Detail: names.Sentence(err.Error())}}
		}
	}
	return c, nil
}

// Syntax returns what keeps a text from being an expression at all, whatever names and
// functions its reader knows.
func (l *Language) Syntax(text string) []names.Fault {
	_, _, faults := parse(l.cel, text)
	return slices.DeleteFunc(faults, func(f names.Fault) bool {
		return f.Rule != diag.ExprSyntax // a reader has limits of its own
	})
}

func parse(env *cel.Env, text string) (*cel.Ast, expression, []names.Fault) {
	list, fault := names.Scan(text)
	if fault != nil {
		return nil, expression{}, []names.Fault{*fault}
	}
	source := expression{words: list}
	if len(source.words.Tokens) == 0 {
		return nil, source, []names.Fault{{Rule: diag.ExprSyntax, Start: 0, End: len(text), Detail: "The condition is empty."}}
	}
	parsed, issues := env.Parse(text)
	if len(issues.Errors()) > 0 {
		return nil, source, syntaxFaults(source.words, issues.Errors())
	}
	source.tree = parsed.NativeRep()
	return parsed, source, nil
}

// program returns what makes the program of an expression when it is first called: most
// expressions that are checked are never evaluated.
func (e *Env) program(checked *cel.Ast, option cel.EvalOption) func() (cel.Program, error) {
	return sync.OnceValues(func() (cel.Program, error) {
		return e.cel.Program(checked, cel.CostLimit(cost.MaxWork),
			cel.EvalOptions(option), cel.CustomDecoratorV2(e.language.calls.Decorate))
	})
}

func notBoolean(source expression, result *types.Type) []names.Fault {
	if result.IsExactType(types.BoolType) || result.IsExactType(types.DynType) ||
		result.IsExactType(types.NewNullableType(types.BoolType)) {
		return nil
	}
	start, end := source.span(source.tree.Expr())
	return []names.Fault{{
		Rule: diag.ExprNotBoolean, Start: start, End: end,
		Detail: fmt.Sprintf("The condition is %s, and must be true or false.", operand.Describe(cel.FormatCELType(result))),
	}}
}

// badLiterals tries our own functions on constants, as CEL's validators do its own.
func badLiterals(source expression) []names.Fault {
	return tryLiterals(source, func(call celast.CallExpr, argument int, text string) error {
		return words.Try(call.FunctionName(), argument, text)
	})
}

// badPatterns tries the regular expressions before CEL sees them.
func badPatterns(source expression, t *names.Types) []names.Fault {
	return tryLiterals(source, func(call celast.CallExpr, argument int, text string) error {
		if call.FunctionName() != overloads.Matches || argument != len(call.Args())-1 {
			return nil
		}
		return t.TryPattern(text)
	})
}

func tryLiterals(source expression, try func(call celast.CallExpr, argument int, text string) error) []names.Fault {
	var faults []names.Fault
	celast.PostOrderVisit(source.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		if x.Kind() != celast.CallKind {
			return
		}
		call := x.AsCall()
		for i, arg := range call.Args() {
			text, ok := literalText(arg)
			if !ok {
				continue
			}
			if err := try(call, i, text); err != nil {
				start, end := source.span(arg)
				faults = append(faults, names.Fault{Rule: diag.ExprBadLiteral, Start: start, End: end, Detail: names.Sentence(err.Error())})
			}
		}
	}))
	return faults
}

func literalText(x celast.Expr) (string, bool) {
	if x.Kind() != celast.LiteralKind {
		return "", false
	}
	text, ok := x.AsLiteral().(types.String)
	return string(text), ok
}
