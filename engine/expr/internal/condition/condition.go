package condition

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
	"github.com/gatebook/gatebook/engine/value"
)

// Condition is a compiled CEL expression. It is immutable.
type Condition struct {
	text    string
	refs    []names.Ref
	source  expression
	types   *operand.Provider
	program func() (cel.Program, error)
	traced  func() (cel.Program, error) // the same, keeping the value of each part
	windows []string                    // that it asks for, sorted, each once
	drills  []string                    // the runbooks whose last drill it asks for, sorted, each once
	lasting bool                        // but for them, nothing that it asks for changes
	wanes   bool                        // where it is false and they are open, it is so until they close
}

// Text returns the expression on one line, without comments.
func (c *Condition) Text() string { return c.text }

// Refs returns what the condition refers to, in the order of the text.
func (c *Condition) Refs() []names.Ref { return c.refs }

// Types returns the names that the condition may use.
func (c *Condition) Types() *names.Types { return c.types.Types() }

// Words returns what the expression itself says: its constants that are a number, a text or a
// truth, and the names of the fields that it reads.
func (c *Condition) Words() (constants []value.Value, fields []string) {
	celast.PreOrderVisit(c.source.tree.Expr(), celast.NewExprVisitor(func(x celast.Expr) {
		switch x.Kind() {
		case celast.LiteralKind:
			if made, err := value.FromGo(x.AsLiteral().Value()); err == nil {
				constants = append(constants, made)
			}
		case celast.SelectKind:
			fields = append(fields, x.AsSelect().FieldName())
		}
	}))
	return constants, fields
}

// Truth is what a condition says.
type Truth uint8

// The truths.
const (
	Unknown Truth = iota // it depends on what is not known yet
	True
	False
	Failed // it could not be evaluated; Verdict.Err says why
)

// String returns "unknown", "true", "false" or "failed".
func (t Truth) String() string { return [...]string{"unknown", "true", "false", "failed"}[t] }

// Verdict is the result of a condition.
type Verdict struct {
	Truth    Truth
	Causes   []value.Cause // with Unknown: why, each once
	Residual string        // with Unknown: what is left of the expression
	Err      error         // with Failed: a whole sentence without secrets

	// Closed are the windows that it asks for and that are closed, where it is not True.
	Closed []Closed
	// Still is until when it cannot come out otherwise; zero: nobody can tell.
	Still time.Time
}

// Eval evaluates the condition. It never blocks and never panics: whatever goes
// wrong is a Failed verdict.
func (c *Condition) Eval(scope names.Scope) Verdict {
	verdict := c.eval(scope)
	c.addWindows(&verdict, scope)
	return verdict
}

func (c *Condition) eval(scope names.Scope) Verdict {
	program, err := c.program()
	if err != nil {
		return Verdict{Truth: Failed, Err: c.failure(scope, err)}
	}
	e := operand.NewEvaluation(c.types, scope, cost.NewBudget(cost.MaxWork))
	out, _, err := program.Eval(e)
	return c.verdict(e, out, err)
}

func (c *Condition) verdict(e *operand.Evaluation, out ref.Val, err error) Verdict {
	var presence operand.UnknownPresence
	switch {
	case errors.As(err, &presence):
		return c.unknown(e, presence.Causes)
	case err != nil:
		return Verdict{Truth: Failed, Err: c.failure(e.Scope(), err)}
	}
	switch result := out.(type) {
	case types.Bool:
		if result {
			return Verdict{Truth: True}
		}
		return Verdict{Truth: False}
	case *types.Unknown:
		return c.unknown(e, e.CausesOf(result))
	case types.Null:
		return Verdict{Truth: Failed, Err: fmt.Errorf("%s is null, and must be true or false", c.text)}
	default:
		kind := operand.Describe(result.Type().TypeName())
		return Verdict{Truth: Failed, Err: fmt.Errorf("%s is %s, and must be true or false", c.text, kind)}
	}
}

func (c *Condition) unknown(e *operand.Evaluation, causes []value.Cause) Verdict {
	return Verdict{Truth: Unknown, Causes: causes, Residual: c.residual(e.Scope())}
}

// Constant returns what a condition says that refers to nothing, in every scope. It is
// [Unknown] of one that refers to something, and of one that takes more than a little
// work: that is done when it must be.
func (c *Condition) Constant() Truth {
	if len(c.refs) > 0 || c.source.loops() {
		return Unknown
	}
	program, err := c.program()
	if err != nil {
		return Unknown
	}
	e := operand.NewEvaluation(c.types, names.Values{}, cost.NewBudget(cost.LittleWork))
	out, _, err := program.Eval(e)
	switch {
	case err != nil:
		return Unknown
	case out == types.True:
		return True
	case out == types.False:
		return False
	default:
		return Unknown
	}
}

// failure says why an evaluation failed, in our words and without secrets.
func (c *Condition) failure(scope names.Scope, err error) error {
	message := err.Error()
	if errors.Is(err, cost.ErrTooMuch) || strings.Contains(message, "operation cancelled") {
		return cost.ErrTooMuch
	}
	missing := names.Missing(scope, c.refs)
	if missing != "" && (strings.HasPrefix(message, "no such overload") || strings.HasPrefix(message, "no such key")) {
		return errors.New(missing)
	}
	if strings.HasPrefix(message, "no such overload") {
		return errors.New("an operator or function does not take values of these types")
	}
	if names.HasSecret(scope, c.refs) {
		return errors.New("the evaluation failed; the reason may hold a secret and is not shown")
	}
	return errors.New(operand.Plain(message))
}
