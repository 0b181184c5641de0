package operand

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/schema"
)

// CEL counts the cost of a call when it is done, and of many calls counts one, however
// large what they work on. So each call whose arguments can be large is done here, and
// pays in advance by the size of its arguments; what costs more than that is in prices.

// Calls is what the calls of a language do, by overload and by function.
type Calls map[string]*functions.Overload

// NewCalls leaves out what works on numbers and the like alone, which CEL may do
// by itself, unless it has a price.
func NewCalls(env *cel.Env) (Calls, error) {
	calls := Calls{}
	for name, function := range env.Functions() {
		bindings, err := function.Bindings()
		if err != nil {
			return nil, err
		}
		for _, binding := range bindings {
			calls[binding.Operator] = binding
		}
		if prices()[name] != nil {
			continue
		}
		for _, overload := range function.OverloadDecls() {
			if small(overload.ArgTypes()) {
				calls[overload.ID()] = nil
			}
		}
	}
	same := func(a, b ref.Val) ref.Val { return types.Bool(types.Equal(a, b) == types.True) }
	calls[operators.Equals] = &functions.Overload{Binary: types.Equal}
	calls[operators.NotEquals] = &functions.Overload{Binary: func(a, b ref.Val) ref.Val { return !same(a, b).(types.Bool) }}
	return calls, nil
}

// small reports whether no value of the types can be large.
func small(arguments []*types.Type) bool {
	for _, t := range arguments {
		switch t.Kind() {
		case types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.DurationKind,
			types.TimestampKind, types.NullTypeKind, types.TypeKind:
		default:
			return false
		}
	}
	return true
}

// find returns what a call does, nil for what CEL does by itself.
func (c Calls) find(call interpreter.InterpretableCall) *functions.Overload {
	if found, ok := c[call.OverloadID()]; ok && call.OverloadID() != overloads.Equals && call.OverloadID() != overloads.NotEquals {
		return found
	}
	return c[call.Function()]
}

// Decorate puts our own parts into CEL's program.
func (c Calls) Decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return decorateAttribute(i)
	}
	does := c.find(call)
	if does == nil || does.NonStrict || isConversionOfConstant(call) {
		return i, nil
	}
	made := &paid{InterpretableV2: i, call: call, args: call.Args(), does: does, price: prices()[call.Function()]}
	if made.price == nil {
		made.price = bySize
	}
	if call.Function() == overloads.Size && len(made.args) == 1 {
		made.args = []interpreter.InterpretableV2{withParts(made.args[0])}
	}
	if call.Function() != overloads.Matches || len(made.args) != 2 {
		return made, nil
	}
	if constant, ok := made.args[1].(interpreter.InterpretableConst); ok {
		pattern, err := schema.CompilePattern(textOf(constant.Value()))
		made.pattern = pattern
		return made, err
	}
	return made, nil
}

// isConversionOfConstant finds timestamp("…") and the like, which CEL does once, when
// it makes the program.
func isConversionOfConstant(call interpreter.InterpretableCall) bool {
	if !overloads.IsTypeConversionFunction(call.Function()) || len(call.Args()) != 1 {
		return false
	}
	_, isConstant := call.Args()[0].(interpreter.InterpretableConst)
	return isConstant
}

// paid is a call that pays before it is done. It hides from CEL that it is a call,
// since CEL would put something of its own in its place.
type paid struct {
	interpreter.InterpretableV2
	call  interpreter.InterpretableCall
	args  []interpreter.InterpretableV2
	does  *functions.Overload
	price price

	pattern *schema.Pattern // of matches, where it is a constant
}

// Exec implements interpreter.InterpretableV2.
func (p *paid) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	var room [3]ref.Val
	args, early := p.evaluate(frame, room[:0])
	if early != nil {
		return early
	}
	found, _ := frame.ResolveName(cost.Name)
	b, ok := found.(*cost.Budget)
	if !ok {
		return types.WrapErr(cost.ErrTooMuch)
	}
	if err := p.price(b, args); err != nil {
		return types.WrapErr(err)
	}
	result := p.result(frame, b, args)
	if tracker := frame.CostTracker(); tracker != nil && p.call.Function() != overloads.Matches { // which CEL prices by its text
		tracker.EvalVarArgs(frame, p.ID(), p.call, args, result)
	}
	return result
}

// Eval implements interpreter.Interpretable.
func (p *paid) Eval(activation interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(activation, p.Exec)
}

// evaluate returns the arguments, or the error or unknown that the call is because of
// them. As in CEL, an operator that has met an unknown does not fail any more.
func (p *paid) evaluate(frame *interpreter.ExecutionFrame, args []ref.Val) ([]ref.Val, ref.Val) {
	var unknown *types.Unknown
	for _, arg := range p.args {
		v := arg.Exec(frame)
		if types.IsError(v) {
			if unknown != nil && len(p.args) == 2 && p.call.Function() != operators.Equals && p.call.Function() != operators.NotEquals {
				return nil, unknown
			}
			return nil, v
		}
		unknown, _ = types.MaybeMergeUnknowns(v, unknown)
		args = append(args, v)
	}
	if unknown != nil {
		return nil, unknown
	}
	return args, nil
}

// result does the call, which may be one that depends on the run.
func (p *paid) result(frame *interpreter.ExecutionFrame, b *cost.Budget, args []ref.Val) ref.Val {
	if function := p.call.Function(); IsOfWindow(function) || function == LastDrill {
		if found, _ := frame.ResolveName(evaluationName); found != nil {
			if e, ok := found.(*Evaluation); ok {
				return e.ask(function, args)
			}
		}
	}
	return p.do(b, args)
}

// do is what CEL does with a call, except for a search, whose pattern is compiled once,
// and for the sum of lists, which CEL only promises, for ever longer ways to an item.
func (p *paid) do(b *cost.Budget, args []ref.Val) ref.Val {
	switch p.call.Function() {
	case overloads.Matches:
		return matches(b, args, p.pattern)
	case operators.Add:
		if list := concat(args[0], args[1]); list != nil {
			return list
		}
	}
	if p.does.OperandTrait != 0 && len(args) > 0 && !args[0].Type().HasTrait(p.does.OperandTrait) {
		if receiver, ok := args[0].(traits.Receiver); ok {
			return receiver.Receive(p.call.Function(), p.call.OverloadID(), args[1:])
		}
		return types.NewErr("no such overload: %s", p.call.Function())
	}
	switch {
	case len(args) == 1 && p.does.Unary != nil:
		return p.does.Unary(args[0])
	case len(args) == 2 && p.does.Binary != nil:
		return p.does.Binary(args[0], args[1])
	case p.does.Function != nil:
		return p.does.Function(args...)
	default:
		return types.NewErr("no such overload: %s", p.call.Function())
	}
}

// matches is the function matches of CEL.
func matches(b *cost.Budget, args []ref.Val, known *schema.Pattern) ref.Val {
	for _, arg := range args {
		if arg.Type() != types.StringType {
			return types.MaybeNoSuchOverloadErr(arg)
		}
	}
	matched, err := b.Matches(textOf(args[0]), textOf(args[1]), known)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(matched)
}

// concat puts two lists into one, nil where they are none or where the first is
// what a comprehension collects in.
func concat(left, right ref.Val) ref.Val {
	a, isList := left.(traits.Lister)
	b, areLists := right.(traits.Lister)
	if _, collects := left.(traits.MutableLister); collects || !isList || !areLists {
		return nil
	}
	var items []ref.Val
	for _, list := range []traits.Lister{a, b} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			items = append(items, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, items)
}
