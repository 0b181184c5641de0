package expr

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/gatebook/gatebook/engine/expr/internal/words"
)

// The limits of an expression. They are far above what people write, and low enough
// that any expression within them ends in a fraction of a second.
const (
	maxText    = 16 << 10 // bytes of one expression
	maxNesting = 64       // brackets in brackets
	maxNodes   = 5_000    // parts
	maxLoops   = 3        // comprehensions in comprehensions
	maxCost    = 500_000
)

// celBase is CEL without names.
type celBase struct {
	*cel.Env
	calls celCalls
}

// newCELBase returns CEL with gatebook's functions and no variables.
func newCELBase() (*celBase, error) {
	options := []cel.EnvOption{
		cel.OptionalTypes(),
		cel.EnableMacroCallTracking(),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(maxText),
		cel.ParserRecursionLimit(4 * maxNesting),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(maxLoops),
		),
		ext.Strings(), ext.Math(), ext.Lists(), ext.Sets(), ext.TwoVarComprehensions(), ext.Encoders(ext.EncodersVersion(1)),
	}
	env, err := cel.NewEnv(append(options, celFunctions()...)...)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	calls, err := newCELCalls(env)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return &celBase{env, calls}, nil
}

// celFunctions binds the package words.
func celFunctions() []cel.EnvOption {
	text := cel.StringType
	options := []cel.EnvOption{
		cel.Function("quantity",
			cel.Overload("quantity_string", []*cel.Type{text}, cel.DoubleType, cel.UnaryBinding(celQuantity)),
			cel.Overload("quantity_int", []*cel.Type{cel.IntType}, cel.DoubleType, cel.UnaryBinding(celNumber)),
			cel.Overload("quantity_double", []*cel.Type{cel.DoubleType}, cel.DoubleType, cel.UnaryBinding(celNumber))),
		cel.Function("semver.compare", cel.Overload("semver_compare", []*cel.Type{text, text}, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				order, err := words.CompareVersions(celText(a), celText(b))
				return celResult(types.Int(order), err)
			}))),
		cel.Function("semver.satisfies", cel.Overload("semver_satisfies", []*cel.Type{text, text}, cel.BoolType,
			cel.BinaryBinding(func(v, constraint ref.Val) ref.Val {
				ok, err := words.SatisfiesVersion(celText(v), celText(constraint))
				return celResult(types.Bool(ok), err)
			}))),
		cel.Function("semver.valid", cel.Overload("semver_valid", []*cel.Type{text}, cel.BoolType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(words.IsVersion(celText(v))) }))),
	}
	for _, part := range []string{"major", "minor", "patch"} {
		options = append(options, cel.Function("semver."+part, cel.Overload("semver_"+part, []*cel.Type{text}, cel.IntType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				number, err := words.VersionPart(part, celText(v))
				return celResult(types.Int(number), err)
			}))))
	}
	return options
}

func celQuantity(v ref.Val) ref.Val {
	number, err := words.Quantity(celText(v))
	return celResult(types.Double(number), err)
}

func celNumber(v ref.Val) ref.Val { return v.ConvertToType(types.DoubleType) }

func celText(v ref.Val) string {
	text, _ := v.(types.String)
	return string(text)
}

func celResult(v ref.Val, err error) ref.Val {
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}
