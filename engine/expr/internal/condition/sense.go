package condition

import (
	"fmt"
	"slices"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"

	"github.com/gatebook/gatebook/engine/expr/internal/logic"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// Sense is a condition at the place where it stands.
type Sense struct {
	*Condition
	// Scope has the values that are known there; what is not known is unknown in it.
	Scope names.Scope
	// Means says what a name means whose value is not known. Two senses whose names mean the
	// same text speak of the same value. Nil: a name means itself.
	Means func(names.Ref) string
	// Among are the words of which a name is always one, though its schema does not say so, as
	// of the status of a step; nil: what the schema says.
	Among func(names.Ref) []string
	// Origins tells what the value of a name follows from; nil: that of none from any other.
	Origins func(names.Ref) *Origin
	// Items are what the step is done for where the condition stands, each as the name `each`
	// has it; nil: that is not known, or it is done once.
	Items []value.Value
}

// Follows reports whether the second conditions are all true wherever the first all are. It is
// decided, not guessed: where it says no, it may be that it cannot be told. What a condition
// says of NaN, of values of other types than it expects, and where it fails, counts.
func Follows(from, to []Sense) bool { return logic.Follows(together(from), together(to)) }

func together(senses []Sense) logic.Formula {
	parts := make([]logic.Formula, len(senses))
	for i, s := range senses {
		parts[i] = s.statement()
	}
	return logic.All(parts...)
}

// statement is what must be so for the condition to be true.
func (s Sense) statement() logic.Formula {
	t, _ := s.trace(s.Scope)
	return reading{Sense: s, trace: t}.that(s.source.tree.Expr(), true)
}

// reading makes a statement of a condition.
type reading struct {
	Sense
	trace *trace
	bound []string // the names that loops around have made
}

// that is the statement that x comes out as the answer.
func (r reading) that(x celast.Expr, answer bool) logic.Formula {
	if known, ok := r.constant(x).(types.Bool); ok {
		return always(bool(known) == answer)
	}
	switch x.Kind() {
	case celast.ComprehensionKind:
		return r.loop(x, answer)
	case celast.CallKind:
		return r.call(x, answer)
	default:
		return logic.Is(r.words(x), answer)
	}
}

func always(holds bool) logic.Formula {
	if holds {
		return logic.All()
	}
	return logic.One()
}

func (r reading) call(x celast.Expr, answer bool) logic.Formula {
	args := x.AsCall().Args()
	switch name := x.AsCall().FunctionName(); name {
	case operators.LogicalNot:
		return r.that(args[0], !answer)
	case operators.LogicalAnd, operators.LogicalOr:
		left, right := r.that(args[0], answer), r.that(args[1], answer)
		if (name == operators.LogicalAnd) == answer {
			return logic.All(left, right)
		}
		return logic.One(left, right)
	case operators.Conditional:
		return logic.One(
			logic.All(r.that(args[0], true), r.that(args[1], answer)),
			logic.All(r.that(args[0], false), r.that(args[2], answer)))
	case operators.In:
		if items, ok := r.items(args[1]); ok && len(items) > 0 { // what is looked for in an empty list may fail all the same
			return r.oneOf(args[0], items, answer)
		}
	default:
		if operator, ok := comparisons()[name]; ok {
			return r.comparison(args[0], operator, args[1], answer)
		}
	}
	return logic.Is(r.words(x), answer)
}

func comparisons() map[string]logic.Operator {
	return map[string]logic.Operator{
		operators.Equals: logic.Equal, operators.NotEquals: logic.Unequal,
		operators.Less: logic.Less, operators.LessEquals: logic.AtMost,
		operators.Greater: logic.Greater, operators.GreaterEquals: logic.AtLeast,
	}
}

// comparison is that two compare so. Of two that are not known, the one that comes first by
// its words is compared with the other.
func (r reading) comparison(left celast.Expr, operator logic.Operator, right celast.Expr, answer bool) logic.Formula {
	if constant := r.constant(left); constant != nil {
		left, right, operator = right, left, operator.Swapped()
	}
	if constant := r.constant(right); constant != nil {
		truth, isTruth := constant.(types.Bool)
		if isTruth && operator <= logic.Unequal && r.isOf(left, types.BoolType) {
			return r.that(left, answer == (bool(truth) == (operator == logic.Equal)))
		}
		return logic.Compare(r.term(left), operator, constant, answer)
	}
	a, b := r.words(left), r.words(right)
	if a > b {
		a, b, operator = b, a, operator.Swapped()
	}
	ordered := r.typeOf(left) != nil && r.typeOf(right) != nil && r.typeOf(left).IsExactType(r.typeOf(right)) && r.ordered(left)
	beside := a + " beside " + b
	if !ordered && operator <= logic.Unequal { // two that are equal, as two nulls, need not be comparable
		beside = a + " equals " + b
	}
	// How the one compares with the other is a number that is compared with 0.
	return logic.Compare(logic.Term{Text: beside, Ordered: ordered}, operator, types.IntZero, answer)
}

// mostItems bounds how many items of a list are looked at one by one.
const mostItems = 64

// items are those of a list that is known.
func (r reading) items(x celast.Expr) ([]ref.Val, bool) {
	list, ok := r.constant(x).(traits.Lister)
	if !ok {
		return nil, false
	}
	var items []ref.Val
	for at := list.Iterator(); at.HasNext() == types.True; {
		item := at.Next()
		if types.IsUnknownOrError(item) || len(items) == mostItems {
			return nil, false
		}
		items = append(items, item)
	}
	return items, true
}

func (r reading) oneOf(x celast.Expr, items []ref.Val, answer bool) logic.Formula {
	term := r.term(x)
	parts := make([]logic.Formula, len(items))
	for i, item := range items {
		parts[i] = logic.Compare(term, logic.Equal, item, answer)
	}
	if answer {
		return logic.One(parts...)
	}
	return logic.All(parts...)
}

// loop is a statement of the items of something: `all` and `exists`. Of any other loop only
// the words are known.
func (r reading) loop(x celast.Expr, answer bool) logic.Formula {
	c := x.AsComprehension()
	start, isTruth := literalTruth(c.AccuInit())
	body, joined := loopBody(c)
	if !isTruth || body == nil || joined != map[bool]string{true: operators.LogicalAnd, false: operators.LogicalOr}[start] {
		return logic.Is(r.words(x), answer)
	}
	over := r.words(c.IterRange()) + " as " + c.IterVar() + " " + c.IterVar2()
	inside := r
	inside.bound = append(slices.Clone(r.bound), c.IterVar(), c.IterVar2())
	if start == answer {
		return logic.Every(over, inside.that(body, answer))
	}
	return logic.Some(over, inside.that(body, answer))
}

func literalTruth(x celast.Expr) (truth, ok bool) {
	if x.Kind() != celast.LiteralKind {
		return false, false
	}
	answer, ok := x.AsLiteral().(types.Bool)
	return bool(answer), ok
}

// loopBody is what each step of a loop joins to the result, and how.
func loopBody(c celast.ComprehensionExpr) (body celast.Expr, joined string) {
	step := c.LoopStep()
	if c.Result().Kind() != celast.IdentKind || c.Result().AsIdent() != c.AccuVar() || step.Kind() != celast.CallKind {
		return nil, ""
	}
	args := step.AsCall().Args()
	if len(args) != 2 || args[0].Kind() != celast.IdentKind || args[0].AsIdent() != c.AccuVar() {
		return nil, ""
	}
	return args[1], step.AsCall().FunctionName()
}

// constant is the value of a part where it is known, and the same in each turn of a loop.
func (r reading) constant(x celast.Expr) ref.Val {
	if x.Kind() == celast.LiteralKind {
		return x.AsLiteral()
	}
	if r.trace == nil || r.usesBound(x) {
		return nil
	}
	known := r.trace.valueOf(x)
	if known == nil || types.IsUnknownOrError(known) {
		return nil
	}
	return known
}

// usesBound reports whether a part says something of the items of a loop around it.
func (r reading) usesBound(x celast.Expr) bool {
	if len(r.bound) == 0 {
		return false
	}
	found := false
	celast.PreOrderVisit(x, celast.NewExprVisitor(func(part celast.Expr) {
		found = found || part.Kind() == celast.IdentKind && slices.Contains(r.bound, part.AsIdent())
	}))
	return found
}

// words are the text of a part, however it was spaced, with what its names mean.
func (r reading) words(x celast.Expr) string {
	text, err := parser.Unparse(x, r.source.tree.SourceInfo())
	if err != nil {
		text = r.source.text(x)
	}
	var refs []names.Ref
	r.source.visitRefs(x, r.types.Types(), r.bound, &refs)
	for _, used := range refs {
		text += "\x00" + r.meaning(used)
	}
	return text
}

// meaning tells what a name stands for from what the same name may stand for elsewhere. It
// holds secrets, and is shown to nobody.
func (r reading) meaning(used names.Ref) string {
	known, ok := names.Resolve(r.Scope, used)
	if !ok {
		return "absent"
	}
	return fmt.Sprintf("%#v", known.Data(func(part value.Value) (any, bool) {
		if !part.IsUnknown() {
			return nil, false
		}
		if r.Means == nil {
			return unknown{}, true
		}
		return unknown{r.Means(used)}, true
	}))
}

// unknown stands for a value that is not known.
type unknown struct{ meaning string }

func (r reading) typeOf(x celast.Expr) *types.Type { return r.source.tree.GetType(x.ID()) }

func (r reading) isOf(x celast.Expr, wanted *types.Type) bool {
	found := r.typeOf(x)
	return found != nil && found.IsExactType(wanted)
}

// ordered reports whether each two values of a part can be compared.
func (r reading) ordered(x celast.Expr) bool {
	return slices.ContainsFunc([]*types.Type{
		types.IntType, types.UintType, types.StringType, types.BoolType, types.BytesType, types.DurationType, types.TimestampType,
	}, func(t *types.Type) bool { return r.isOf(x, t) })
}
