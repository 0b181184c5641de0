package expr

import (
	"errors"
	"slices"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/value"
)

// Explanation is an expression's tree with the value of each part, for people.
// Secrets are masked and long values cut.
type Explanation struct {
	Text     string         `json:"text"`            // the part, as it was written
	State    string         `json:"state"`           // one of the States below
	Value    string         `json:"value,omitempty"` // as JSON, cut; with the other states, why there is none
	Children []*Explanation `json:"parts,omitempty"` // in the order of the text
}

// The states of an [Explanation].
const (
	StateValue   = "value"
	StateUnknown = "unknown"
	StateError   = "error"
	StateSkipped = "skipped" // the rest decided without it
)

// longestValue is where a value in an explanation is cut.
const longestValue = 160

// trace is the values of the parts of one evaluation.
type trace struct {
	c     *Condition
	e     *evaluation
	state interpreter.EvalState
}

func (c *Condition) trace(scope Scope) (*trace, bool) {
	program, err := c.traced()
	if err != nil {
		return nil, false
	}
	e := newEvaluation(c.types, scope)
	_, details, _ := program.Eval(e)
	if details == nil || details.State() == nil {
		return nil, false
	}
	return &trace{c, e, details.State()}, true
}

// Explain evaluates the condition again and keeps the value of each part. It costs
// several times what Eval does.
func (c *Condition) Explain(scope Scope) *Explanation {
	t, ok := c.trace(scope)
	if !ok {
		return &Explanation{Text: c.text, State: StateError, Value: errCost.Error()}
	}
	return t.explain(c.source.tree.Expr())
}

func (t *trace) explain(x celast.Expr) *Explanation {
	made := &Explanation{Text: t.c.source.text(x)}
	r, isRef := t.c.source.chain(x, t.c.types.t)
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
func (t *trace) isSecret(x celast.Expr, r Ref, isRef bool, shown string) bool {
	if isRef {
		v, _ := resolve(t.e.scope, r)
		return v.HasSecret()
	}
	if shown == "true" || shown == "false" {
		return false
	}
	var refs []Ref
	t.c.source.visitRefs(x, t.c.types.t, nil, &refs)
	return hasSecret(t.e.scope, refs)
}

func (t *trace) describe(made *Explanation, v ref.Val) {
	switch v := v.(type) {
	case nil:
		made.State = StateSkipped
	case *types.Unknown:
		made.State, made.Value = StateUnknown, causesText(t.e.causesOf(v))
	case *types.Err:
		made.State, made.Value = StateError, t.c.failure(t.e.scope, v).Error()
		if presence, ok := errors.AsType[unknownPresence](v); ok {
			made.State, made.Value = StateUnknown, causesText(presence.causes)
		}
	default:
		made.State, made.Value = StateValue, cut(fromCEL(v, longestValue).String())
	}
}

func causesText(causes []value.Cause) string {
	texts := make([]string, len(causes))
	for i, cause := range causes {
		texts[i] = cause.String()
	}
	return strings.Join(texts, "; ")
}

func cut(text string) string {
	if len(text) <= longestValue {
		return text
	}
	end := longestValue
	for end > 0 && text[end]&0xC0 == 0x80 { // not inside a character
		end--
	}
	return text[:end] + "…"
}

// fromCEL returns the first parts of a CEL value, at most as many as may be shown.
func fromCEL(v ref.Val, most int) value.Value {
	switch v := v.(type) {
	case types.Null:
		return value.Null()
	case types.Bool:
		return value.Bool(bool(v))
	case types.Int:
		return value.Int(int64(v))
	case types.Double:
		return value.Float(float64(v))
	case types.String:
		return value.String(cut(string(v)))
	case types.Timestamp:
		return value.String(v.UTC().Format("2006-01-02T15:04:05.999999999Z07:00"))
	case types.Duration:
		return value.String(v.Duration.String())
	case *record:
		return v.v
	case *types.Optional:
		if v.HasValue() {
			return fromCEL(v.GetValue(), most)
		}
		return value.String("(none)")
	case traits.Mapper:
		return fromCELMap(v, most)
	case traits.Lister:
		var items []value.Value
		for it := v.Iterator(); it.HasNext() == types.True && len(items) < most; {
			items = append(items, fromCEL(it.Next(), most/2))
		}
		return value.List(items...)
	case *types.Unknown:
		return value.String("(not known yet)")
	default:
		return value.String("(" + describeCEL(v.Type().TypeName()) + ")")
	}
}

func fromCELMap(m traits.Mapper, most int) value.Value {
	var members []value.Member
	for it := m.Iterator(); it.HasNext() == types.True && len(members) < longestListing*most; {
		key := it.Next()
		member, _ := m.Find(key)
		members = append(members, value.Member{Name: fromCEL(key, 1).String(), Value: fromCEL(member, most/2)})
	}
	return value.Object(members...)
}

// residual is what is left of an unknown expression: what is known drops out of
// && and ||, and the branch that is not taken out of a choice.
func (c *Condition) residual(scope Scope) string {
	t, ok := c.trace(scope)
	if !ok {
		return c.text
	}
	return t.residual(c.source.tree.Expr())
}

func (t *trace) residual(x celast.Expr) string {
	if x.Kind() != celast.CallKind {
		return t.c.source.text(x)
	}
	call := x.AsCall()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr:
		sign, neutral := " && ", types.True
		if name == operators.LogicalOr {
			sign, neutral = " || ", types.False
		}
		var left []string
		for _, part := range t.parts(x) {
			if t.valueOf(part) != neutral {
				left = append(left, t.bracketed(part, sign))
			}
		}
		return strings.Join(left, sign)
	case operators.Conditional:
		switch t.valueOf(call.Args()[0]) {
		case types.True:
			return t.residual(call.Args()[1])
		case types.False:
			return t.residual(call.Args()[2])
		}
	}
	return t.c.source.text(x)
}

// bracketed is the residual of an operand, in brackets where it is a choice or the
// other of && and ||.
func (t *trace) bracketed(x celast.Expr, sign string) string {
	text := t.residual(x)
	if x.Kind() != celast.CallKind {
		return text
	}
	switch x.AsCall().FunctionName() {
	case operators.Conditional, operators.LogicalAnd, operators.LogicalOr:
		if strings.Contains(text, " ? ") || strings.Contains(text, "&&") != (sign == " && ") || strings.Contains(text, "||") != (sign == " || ") {
			if strings.ContainsAny(text, "&|?") {
				return "(" + text + ")"
			}
		}
	}
	return text
}
