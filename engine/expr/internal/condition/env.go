package condition

import (
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
)

// Language is CEL with gatebook's functions and no names.
type Language struct {
	cel   *cel.Env
	calls operand.Calls
}

// Env is CEL with the names of one [names.Types].
type Env struct {
	cel      *cel.Env
	types    *operand.Provider
	language *Language
	spare    sync.Pool // of *Env over the same names, for checks that are made again
}

// NewLanguage returns CEL as every runbook uses it.
func NewLanguage() (*Language, error) {
	options := []cel.EnvOption{
		cel.OptionalTypes(),
		cel.EnableMacroCallTracking(),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(cost.MaxText),
		cel.ParserRecursionLimit(4 * cost.MaxNesting),
		cel.ExpressionNodeLimit(cost.MaxNodes),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(cost.MaxLoops),
		),
		ext.Strings(), ext.Math(), ext.Lists(), ext.Sets(), ext.TwoVarComprehensions(), ext.Encoders(ext.EncodersVersion(1)),
	}
	env, err := cel.NewEnv(append(options, operand.Functions()...)...)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	calls, err := operand.NewCalls(env)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return &Language{env, calls}, nil
}

// Env puts the names of t on top of the language.
func (l *Language) Env(t *names.Types) (*Env, error) {
	provider := operand.NewProvider(l.cel.CELTypeProvider(), t)
	env, err := l.cel.Extend(append(provider.Variables(), cel.CustomTypeProvider(provider))...)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return &Env{cel: env, types: provider, language: l}, nil
}
