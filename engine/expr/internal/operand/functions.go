package operand

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/words"
)

// Functions binds the package words.
func Functions() []cel.EnvOption {
	text := cel.StringType
	options := []cel.EnvOption{
		cel.Function("quantity",
			cel.Overload("quantity_string", []*cel.Type{text}, cel.DoubleType, cel.UnaryBinding(quantity)),
			cel.Overload("quantity_int", []*cel.Type{cel.IntType}, cel.DoubleType, cel.UnaryBinding(number)),
			cel.Overload("quantity_double", []*cel.Type{cel.DoubleType}, cel.DoubleType, cel.UnaryBinding(number))),
		cel.Function("semver.compare", cel.Overload("semver_compare", []*cel.Type{text, text}, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				order, err := words.CompareVersions(textOf(a), textOf(b))
				return result(types.Int(order), err)
			}))),
		cel.Function("semver.satisfies", cel.Overload("semver_satisfies", []*cel.Type{text, text}, cel.BoolType,
			cel.BinaryBinding(func(v, constraint ref.Val) ref.Val {
				ok, err := words.SatisfiesVersion(textOf(v), textOf(constraint))
				return result(types.Bool(ok), err)
			}))),
		cel.Function("semver.valid", cel.Overload("semver_valid", []*cel.Type{text}, cel.BoolType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(words.IsVersion(textOf(v))) }))),
	}
	for _, part := range []string{"major", "minor", "patch"} {
		options = append(options, cel.Function("semver."+part, cel.Overload("semver_"+part, []*cel.Type{text}, cel.IntType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				number, err := words.VersionPart(part, textOf(v))
				return result(types.Int(number), err)
			}))))
	}
	return append(append(options, windowFunctions()...), drillFunction())
}

func quantity(v ref.Val) ref.Val {
	number, err := words.Quantity(textOf(v))
	return result(types.Double(number), err)
}

func number(v ref.Val) ref.Val { return v.ConvertToType(types.DoubleType) }

func textOf(v ref.Val) string {
	text, _ := v.(types.String)
	return string(text)
}

func result(v ref.Val, err error) ref.Val {
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}
