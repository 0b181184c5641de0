package expr

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
	"github.com/gatebook/gatebook/engine/expr/internal/words"
)

// celEnv is CEL with the names of one [Types].
type celEnv struct {
	*cel.Env
	types *celProvider
	base  *celBase
}

// newCELEnv puts the names of t on top of the base.
func newCELEnv(base *celBase, t *Types) (*celEnv, error) {
	provider := newCELProvider(base.CELTypeProvider(), t)
	env, err := base.Extend(append(provider.variables(), cel.CustomTypeProvider(provider))...)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return &celEnv{env, provider, base}, nil
}

// compile makes a condition of text.
func (e *celEnv) compile(text string) (*Condition, []Fault) {
	source := celSource{words: token.Scan(text)}
	if fault := tooComplex(text, source.words); fault != nil {
		return nil, []Fault{*fault}
	}
	if len(source.words.Tokens) == 0 {
		return nil, []Fault{{Rule: diag.ExprSyntax, Start: 0, End: len(text), Detail: "The condition is empty."}}
	}
	parsed, issues := e.Parse(text)
	if issues.Err() != nil {
		return nil, syntaxFaults(source.words, issues.Errors())
	}
	source.tree = parsed.NativeRep()
	if faults := badPatterns(source, e.types.t); len(faults) > 0 {
		return nil, faults
	}
	checked, issues := e.Check(parsed)
	if issues.Err() != nil {
		return nil, e.checkFaults(source, parsed)
	}
	source.tree = checked.NativeRep()
	if faults := append(notBoolean(source, checked.OutputType()), badLiterals(source)...); len(faults) > 0 {
		return nil, faults
	}
	program, err := e.Program(checked, cel.CostLimit(maxCost),
		cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(e.base.calls.decorate))
	if err != nil {
		return nil, []Fault{{Rule: diag.ExprBadLiteral, Start: 0, End: len(text), Detail: sentence(err.Error())}}
	}
	c := &Condition{text: text, refs: source.refs(e.types.t), source: source, types: e.types, program: program}
	c.traced = sync.OnceValues(func() (cel.Program, error) {
		return e.Program(checked, cel.CostLimit(maxCost),
			cel.EvalOptions(cel.OptTrackState), cel.CustomDecoratorV2(e.base.calls.decorate))
	})
	return c, nil
}

// tooComplex finds what no compiler should be asked to read.
func tooComplex(text string, list *token.List) *Fault {
	fault := Fault{Rule: diag.ExprTooComplex, Start: 0, End: len(text)}
	switch {
	case len(text) > maxText:
		fault.Detail = fmt.Sprintf("The expression has %d bytes; the limit is %d.", len(text), maxText)
	case !utf8.ValidString(text):
		fault.Rule, fault.Detail = diag.ExprSyntax, "The expression is not valid UTF-8."
	case list.Depth > maxNesting:
		fault.Detail = fmt.Sprintf("Brackets are nested %d deep; the limit is %d.", list.Depth, maxNesting)
	default:
		return nil
	}
	return &fault
}

func notBoolean(source celSource, result *types.Type) []Fault {
	if result.IsExactType(types.BoolType) || result.IsExactType(types.DynType) ||
		result.IsExactType(types.NewNullableType(types.BoolType)) {
		return nil
	}
	start, end := source.span(source.tree.Expr())
	return []Fault{{
		Rule: diag.ExprNotBoolean, Start: start, End: end,
		Detail: fmt.Sprintf("The condition is %s, and must be true or false.", describeCEL(cel.FormatCELType(result))),
	}}
}

// badLiterals tries our own functions on constants, as CEL's validators do its own.
func badLiterals(source celSource) []Fault {
	return tryLiterals(source, func(call celast.CallExpr, argument int, text string) error {
		return tryLiteral(call.FunctionName(), argument, text)
	})
}

// badPatterns tries the regular expressions before CEL sees them.
func badPatterns(source celSource, t *Types) []Fault {
	return tryLiterals(source, func(call celast.CallExpr, argument int, text string) error {
		if call.FunctionName() != overloads.Matches || argument != len(call.Args())-1 {
			return nil
		}
		return t.tried.try(text)
	})
}

func tryLiterals(source celSource, try func(call celast.CallExpr, argument int, text string) error) []Fault {
	var faults []Fault
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
				faults = append(faults, Fault{Rule: diag.ExprBadLiteral, Start: start, End: end, Detail: sentence(err.Error())})
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

// tryLiteral says what is wrong with a constant as an argument of one of our
// functions, in either language.
func tryLiteral(function string, argument int, text string) error {
	family, name, _ := strings.Cut(function, ".")
	var err error
	switch {
	case function == "quantity":
		_, err = words.Quantity(text)
	case family != "semver" || name == "valid":
	case name == "satisfies" && argument == 1:
		_, err = words.SatisfiesVersion("1.0.0", text)
	default:
		_, err = words.VersionPart("major", text)
	}
	return err
}

// sentence makes a whole sentence of a message of Go's kind.
func sentence(message string) string {
	message = strings.TrimRight(strings.TrimSpace(message), ".")
	if message == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(message)
	return strings.ToUpper(string(first)) + message[size:] + "."
}

// errCost is what an expression that costs too much fails with, in either language.
var errCost = errors.New("it takes too long: split it, or work on less")
