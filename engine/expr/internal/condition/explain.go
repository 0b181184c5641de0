package condition

import (
	"errors"
	"slices"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
	"github.com/gatebook/gatebook/engine/value"
)

// Explanation is an expression's tree with the value of each part, for people.
// Secrets are masked and long values cut.
type Explanation struct {
	Text     string         `json:"text"`            // the part, as it was written
	State    string         `json:"state"`           // one of the States below
	Value    string         `json:"value,omitempty"` // as JSON, cut; with the other states, why there is none
	Note     string         `json:"note,omitempty"`  // a sentence without its full stop that says more, as when a window opens
	Children []*Explanation `json:"parts,omitempty"` // in the order of the text
}

// The states of an [Explanation].
const (
	StateValue   = "value"
	StateUnknown = "unknown"
	StateError   = "error"
	StateSkipped = "skipped" // the rest decided without it
)

// trace is the values of the parts of one evaluation.
type trace struct {
	c     *Condition
	e     *operand.Evaluation
	state interpreter.EvalState
}

func (c *Condition) trace(scope names.Scope) (*trace, bool) {
	program, err := c.traced()
	if err != nil {
		return nil, false
	}
	e := operand.NewEvaluation(c.types, scope, cost.NewBudget(cost.MaxWork))
	_, details, _ := program.Eval(e)
	if details == nil || details.State() == nil {
		return nil, false
	}
	return &trace{c, e, details.State()}, true
}

// Explain evaluates the condition again and keeps the value of each part. It costs
// several times what Eval does.
func (c *Condition) Explain(scope names.Scope) *Explanation {
	t, ok := c.trace(scope)
	if !ok {
		return &Explanation{Text: c.text, State: StateError, Value: cost.ErrTooMuch.Error()}
	}
	return t.explain(c.source.tree.Expr())
}

func (t *trace) explain(x celast.Expr) *Explanation {
	made := &Explanation{Text: t.c.source.text(x)}
	r, isRef := t.c.source.chain(x, t.c.types.Types())
	parts := t.parts(x)
	if isRef || isPresence(x) {
		parts = nil
	}
	for _, part := range parts {
		if part.Kind() != celast.LiteralKind {
			made.Children = append(made.Children, t.explain(part))
		}
	}
	slices.SortStableFunc(made.Children, func(a, b *Explanation) int {
		return strings.Index(t.c.text, a.Text) - strings.Index(t.c.text, b.Text)
	})
	t.describe(made, t.valueOf(x))
	made.Note = t.note(x)
	if made.State == StateValue && t.isSecret(x, r, isRef, made.Value) {
		made.Value = value.Mask
	}
	return made
}

// parts returns the operands of x, those of a chain of && or || side by side.
func (t *trace) parts(x celast.Expr) []celast.Expr {
	if x.Kind() != celast.CallKind {
		return children(x)
	}
	name := x.AsCall().FunctionName()
	if name != operators.LogicalAnd && name != operators.LogicalOr {
		return children(x)
	}
	var flat []celast.Expr
	for _, part := range children(x) {
		if part.Kind() == celast.CallKind && part.AsCall().FunctionName() == name {
			flat = append(flat, t.parts(part)...)
		} else {
			flat = append(flat, part)
		}
	}
	return flat
}

func isPresence(x celast.Expr) bool {
	return x.Kind() == celast.SelectKind && x.AsSelect().IsTestOnly()
}

// valueOf returns the value of a part, nil where it was not needed. CEL joins chains
// of && and || to one, so that those inside have no value of their own.
func (t *trace) valueOf(x celast.Expr) ref.Val {
	if v, ok := t.state.Value(x.ID()); ok {
		return v
	}
	if x.Kind() == celast.LiteralKind {
		return x.AsLiteral()
	}
	return nil
}

// isSecret reports whether a part's value may show a secret. That something is true
// or false may be shown, unless it is itself the secret: it is the verdict's reason.
func (t *trace) isSecret(x celast.Expr, r names.Ref, isRef bool, shown string) bool {
	if isRef {
		v, _ := names.Resolve(t.e.Scope(), r)
		return v.HasSecret()
	}
	if shown == "true" || shown == "false" {
		return false
	}
	var refs []names.Ref
	t.c.source.visitRefs(x, t.c.types.Types(), nil, &refs)
	return names.HasSecret(t.e.Scope(), refs)
}

func (t *trace) describe(made *Explanation, v ref.Val) {
	switch v := v.(type) {
	case nil:
		made.State = StateSkipped
	case *types.Unknown:
		made.State, made.Value = StateUnknown, causesText(t.e.CausesOf(v))
	case *types.Err:
		made.State, made.Value = StateError, t.c.failure(t.e.Scope(), v).Error()
		if presence, ok := errors.AsType[operand.UnknownPresence](v); ok {
			made.State, made.Value = StateUnknown, causesText(presence.Causes)
		}
	default:
		made.State, made.Value = StateValue, operand.Show(v)
	}
}

func causesText(causes []value.Cause) string {
	texts := make([]string, len(causes))
	for i, cause := range causes {
		texts[i] = cause.String()
	}
	return strings.Join(texts, "; ")
}
