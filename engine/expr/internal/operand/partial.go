package operand

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// partial is a value with something unknown inside. Its known parts may be used;
// used as a whole it is unknown, since CEL's own functions do not look inside.
type partial interface{ whole() ref.Val }

type partialList struct {
	traits.Lister
	unknown *types.Unknown
}

func (p partialList) whole() ref.Val { return p.unknown }

type partialMap struct {
	traits.Mapper
	unknown *types.Unknown
}

func (p partialMap) whole() ref.Val { return p.unknown }

// wholeAttribute is a reference in CEL's program whose value is used as a whole.
type wholeAttribute struct {
	interpreter.InterpretableAttribute
}

// decorateAttribute makes every reference a wholeAttribute.
func decorateAttribute(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	attribute, ok := i.(interpreter.InterpretableAttribute)
	if _, done := i.(wholeAttribute); done || !ok {
		return i, nil
	}
	return wholeAttribute{attribute}, nil
}

// withParts is a reference whose value is used as it is, whatever is unknown inside: how many
// parts there are of a list or a map is known, where what they are is not.
func withParts(i interpreter.InterpretableV2) interpreter.InterpretableV2 {
	if attribute, ok := i.(wholeAttribute); ok {
		return attribute.InterpretableAttribute
	}
	return i
}

// AddQualifier implements interpreter.InterpretableAttribute.
func (a wholeAttribute) AddQualifier(q interpreter.Qualifier) (interpreter.Attribute, error) {
	if key, ok := q.(computed); ok {
		q = paidKey{key}
	}
	return a.InterpretableAttribute.AddQualifier(q)
}

// Exec implements interpreter.InterpretableV2.
func (a wholeAttribute) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	return asWhole(a.InterpretableAttribute.Exec(frame))
}

// Eval implements interpreter.Interpretable.
func (a wholeAttribute) Eval(activation interpreter.Activation) ref.Val {
	return asWhole(a.InterpretableAttribute.Eval(activation))
}

func asWhole(v ref.Val) ref.Val {
	inner := v
	if optional, ok := v.(*types.Optional); ok && optional.HasValue() {
		inner = optional.GetValue()
	}
	if p, ok := inner.(partial); ok {
		if u := p.whole(); u != nil {
			return u
		}
	}
	return v
}
