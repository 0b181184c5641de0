// Package predicate asks questions of objects, in CEL: an expression that is true or
// false of the object of a cluster that it calls `object`. It is the one importer of
// CEL in this module, and leaves out where objects come from.
package predicate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
)

const (
	// maxText bounds an expression, in code points.
	maxText = 16_384
	// maxWork bounds one evaluation. It is a pass over an object of some hundred
	// kilobytes, and takes milliseconds.
	maxWork = 1_000_000
	// interruptAfter is how many turns of a loop go by before it is seen that the
	// context has ended.
	interruptAfter = 100
)

// Predicate is an expression that was compiled. It is safe for concurrent use.
type Predicate struct{ program cel.Program }

// ErrTooMuchWork is what an evaluation ends with that is beyond all measure.
var ErrTooMuchWork = errors.New("the expression is too much work")

// Compile checks an expression, as far as that can be done without an object.
func Compile(text string) (*Predicate, error) {
	env, err := cel.NewEnv(
		cel.Variable("object", cel.DynType),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(maxText),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(),
		),
		ext.Strings(), ext.Math(), ext.Lists(), ext.Sets(), ext.TwoVarComprehensions(),
	)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, inWords(issues)
	}
	if result := checked.OutputType(); !result.IsExactType(types.BoolType) && !result.IsExactType(types.DynType) {
		return nil, fmt.Errorf("the expression is %s, and must be true or false", result)
	}
	program, err := env.Program(checked, cel.CostLimit(maxWork), cel.InterruptCheckFrequency(interruptAfter))
	if err != nil {
		return nil, err
	}
	return &Predicate{program}, nil
}

// inWords puts what is wrong on one line, without the picture that CEL draws.
func inWords(issues *cel.Issues) error {
	var said []string
	for _, issue := range issues.Errors() {
		said = append(said, fmt.Sprintf("at %d:%d, %s", issue.Location.Line(), issue.Location.Column()+1, issue.Message))
	}
	return errors.New(strings.Join(said, "; "))
}

// Holds evaluates the expression over an object. An error is what is in the way of an
// answer: a field that is not there yet, or [ErrTooMuchWork].
func (p *Predicate) Holds(ctx context.Context, object map[string]any) (bool, error) {
	answer, _, err := p.program.ContextEval(ctx, map[string]any{"object": object})
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil && strings.Contains(err.Error(), "actual cost limit exceeded"):
		return false, ErrTooMuchWork
	case err != nil:
		return false, err
	}
	holds, is := answer.Value().(bool)
	if !is {
		return false, fmt.Errorf("the expression is %s, and must be true or false", answer.Type().TypeName())
	}
	return holds, nil
}
