package operand

import (
	"errors"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// stepsValue is `steps`.
type stepsValue struct {
	e     *Evaluation
	known map[string]ref.Val
}

// Get implements traits.Indexer.
func (s stepsValue) Get(index ref.Val) ref.Val {
	id := textOf(index)
	if known := s.known[id]; known != nil {
		return known
	}
	sh, ok := s.e.types.t.Step(id)
	if !ok {
		return types.NewErr("there is no step %s", id)
	}
	made := s.e.adapt(names.StepOf(s.e.scope, id), sh, "steps."+id)
	s.known[id] = made
	return made
}

// IsSet implements traits.FieldTester.
func (s stepsValue) IsSet(field ref.Val) ref.Val {
	_, ok := s.e.types.t.Step(textOf(field))
	return types.Bool(ok)
}

func (s stepsValue) whole() ref.Val                            { return types.NewErr("steps cannot be used as a whole") }
func (s stepsValue) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }
func (s stepsValue) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("steps cannot be converted")
}
func (s stepsValue) Equal(ref.Val) ref.Val { return types.False }
func (s stepsValue) Type() ref.Type        { return types.NewObjectType(stepsName) }
func (s stepsValue) Value() any            { return s }

var errNoNative = errors.New("an object has no other form")

// record is an object whose fields are declared.
type record struct {
	e    *Evaluation
	v    value.Value
	sh   names.Shape
	name string

	known map[string]ref.Val // fields that were read, so that a loop adapts them once
}

// Get implements traits.Indexer. A field that may be missing is null then.
func (r *record) Get(index ref.Val) ref.Val {
	name := textOf(index)
	if known := r.known[name]; known != nil {
		return known
	}
	field, optional, ok := r.sh.Field(name)
	if !ok {
		return types.NewErr("%s has no field %s", r.name, name)
	}
	v, ok := r.v.Get(name)
	if !ok && !optional {
		return types.WrapErr(names.Absent(r.v, r.name, name))
	}
	made := r.e.adapt(v, field, r.name+"."+name)
	if r.known == nil {
		r.known = make(map[string]ref.Val, 1)
	}
	r.known[name] = made
	return made
}

// IsSet implements traits.FieldTester.
func (r *record) IsSet(field ref.Val) ref.Val {
	v, ok := r.v.Get(textOf(field))
	if ok && v.IsUnknown() {
		return types.WrapErr(UnknownPresence{v.Causes()})
	}
	return types.Bool(ok && !v.IsNull())
}

func (r *record) whole() ref.Val {
	if r.v.HasUnknown() {
		return r.e.unknown(r.v.Causes())
	}
	return nil
}

// Equal implements ref.Val.
func (r *record) Equal(other ref.Val) ref.Val {
	o, ok := other.(*record)
	return types.Bool(ok && r.v.Equal(o.v))
}

func (r *record) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }
func (r *record) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("%s cannot be converted to %s", r.name, t.TypeName())
}
func (r *record) Type() ref.Type { return r.e.types.nameOf(r.sh) }
func (r *record) Value() any     { return r.v }
