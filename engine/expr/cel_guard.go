package expr

import (
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// guarded is a call whose result can be far larger than what goes in. CEL counts its
// cost only when the memory is already taken, so it is done here, paid in advance.
type guarded struct {
	interpreter.InterpretableCall
	call func(b *budget, args []ref.Val) ref.Val
}

// decorate puts our own parts into CEL's program.
func decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return decorateAttribute(i)
	}
	switch call.OverloadID() {
	case "string_replace_string_string", "string_replace_string_string_int":
		return guarded{call, guardedReplace}, nil
	case "list_join", "list_join_string":
		return guarded{call, guardedJoin}, nil
	}
	if strings.HasSuffix(call.OverloadID(), "_with_tz") {
		return zoned{call}, nil
	}
	return i, nil
}

// zoned is a call that takes a time zone, which must not be that of the machine.
type zoned struct{ interpreter.InterpretableCall }

// Exec implements interpreter.InterpretableV2.
func (z zoned) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	args := z.Args()
	if zone, ok := args[len(args)-1].Exec(frame).(types.String); ok && zone == "Local" {
		return types.NewErr("the time zone Local is not the same everywhere; name one such as UTC or Asia/Shanghai")
	}
	return z.InterpretableCall.Exec(frame)
}

// Eval implements interpreter.Interpretable.
func (z zoned) Eval(activation interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(activation, z.Exec)
}

// Exec implements interpreter.InterpretableV2.
func (g guarded) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	args := make([]ref.Val, 0, len(g.Args()))
	var unknown *types.Unknown
	for _, arg := range g.Args() {
		v := arg.Exec(frame)
		if types.IsError(v) {
			return v
		}
		unknown, _ = types.MaybeMergeUnknowns(v, unknown)
		args = append(args, v)
	}
	if unknown != nil {
		return unknown
	}
	found, _ := frame.ResolveName(budgetName)
	b, ok := found.(*budget)
	if !ok {
		return types.WrapErr(errCost)
	}
	return g.call(b, args)
}

// Eval implements interpreter.Interpretable.
func (g guarded) Eval(activation interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(activation, g.Exec)
}

func guardedReplace(b *budget, args []ref.Val) ref.Val {
	for _, arg := range args[:3] {
		if arg.Type() != types.StringType {
			return types.MaybeNoSuchOverloadErr(arg)
		}
	}
	text, old, instead, most := celText(args[0]), celText(args[1]), celText(args[2]), -1
	if len(args) > 3 {
		count, ok := args[3].(types.Int)
		if !ok {
			return types.MaybeNoSuchOverloadErr(args[3])
		}
		most = int(count)
	}
	if err := b.pay(1 + (len(text)+strings.Count(text, old)*len(instead))/bytesPerUnit); err != nil {
		return types.WrapErr(err)
	}
	return types.String(strings.Replace(text, old, instead, most))
}

func guardedJoin(b *budget, args []ref.Val) ref.Val {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	glue := ""
	if len(args) > 1 {
		glue = celText(args[1])
	}
	var parts []string
	size := 0
	for it := list.Iterator(); it.HasNext() == types.True; {
		part, ok := it.Next().(types.String)
		if !ok {
			return types.NewErr("only strings can be joined")
		}
		parts = append(parts, string(part))
		size += len(part) + len(glue)
	}
	if err := b.pay(1 + size/bytesPerUnit); err != nil {
		return types.WrapErr(err)
	}
	return types.String(strings.Join(parts, glue))
}
