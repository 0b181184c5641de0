package expr

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// evaluation is what one evaluation of a condition knows: it answers for the names
// in CEL's place, and keeps why what is unknown is unknown.
type evaluation struct {
	types  *celProvider
	scope  Scope
	causes [][]value.Cause // of the unknowns made, by their id
	roots  map[string]ref.Val
	budget budget // of what CEL's own limit does not see; see guard
}

func newEvaluation(t *celProvider, scope Scope) *evaluation {
	return &evaluation{types: t, scope: scope, budget: budget{left: maxCost}}
}

// ResolveName implements interpreter.Activation.
func (e *evaluation) ResolveName(name string) (any, bool) {
	if name == budgetName {
		return &e.budget, true
	}
	if known, ok := e.roots[name]; ok {
		return known, true
	}
	var made ref.Val
	if s, ok := e.types.t.roots[name]; ok {
		made = e.adapt(rootOf(e.scope, name), shapeOf(s), name)
	} else if name == RootSteps {
		made = celStepsValue{e, make(map[string]ref.Val)}
	} else {
		return nil, false
	}
	if e.roots == nil {
		e.roots = make(map[string]ref.Val)
	}
	e.roots[name] = made
	return made, true
}

// Parent implements interpreter.Activation.
func (e *evaluation) Parent() interpreter.Activation { return nil }

// rootOf returns a root's value, unknown where the scope has none.
func rootOf(scope Scope, name string) value.Value {
	if v, ok := scope.Root(name); ok {
		return v
	}
	return value.Unknown(value.Cause{Reason: name + " has no value here"})
}

// stepOf returns a step's value, unknown where the scope has none.
func stepOf(scope Scope, id string) value.Value {
	if v, ok := scope.Step(id); ok {
		return v
	}
	return value.Unknown(value.Cause{Step: id, Reason: "nothing is known of the step here"})
}

func (e *evaluation) unknown(causes []value.Cause) *types.Unknown {
	e.causes = append(e.causes, causes)
	return types.NewUnknown(int64(len(e.causes)), nil)
}

// unknownPresence is the error of a presence test on what is not known. CEL cannot
// answer "unknown" there, but treats errors in && and || as it does unknowns.
type unknownPresence struct{ causes []value.Cause }

func (unknownPresence) Error() string { return "it is not known yet whether it has a value" }

// adapt returns a value as CEL sees it through its shape.
func (e *evaluation) adapt(v value.Value, sh shape, name string) ref.Val {
	if v.IsUnknown() {
		return e.unknown(v.Causes())
	}
	if v.IsNull() {
		return types.NullValue
	}
	var made ref.Val
	switch sh.kind() {
	case schema.TypeBoolean, schema.TypeInteger, schema.TypeNumber, schema.TypeString:
		made = adaptScalar(v, sh)
	case schema.TypeArray:
		if v.Kind() == value.KindList {
			made = e.adaptList(v, sh)
		}
	case schema.TypeObject:
		if v.Kind() == value.KindObject {
			made = e.adaptObject(v, sh, name)
		}
	default:
		made = e.adaptAny(v)
	}
	if made == nil {
		return types.NewErr("%s should be %s and is %s", name, wanted(sh), article(v.Kind().String()))
	}
	return made
}

func wanted(sh shape) string {
	if f := sh.format(); f == schema.FormatDuration || f == schema.FormatDateTime {
		return "a " + f
	}
	return article(sh.kind())
}

func (e *evaluation) adaptAny(v value.Value) ref.Val {
	switch v.Kind() {
	case value.KindList:
		return e.adaptList(v, shape{})
	case value.KindObject:
		return e.adaptObject(v, shape{}, "it")
	default:
		return adaptScalar(v, shape{&schema.Schema{Type: v.Kind().String()}, nil})
	}
}

// adaptScalar returns nil for a value that is not of the shape's type.
func adaptScalar(v value.Value, sh shape) ref.Val {
	switch sh.kind() {
	case schema.TypeBoolean:
		if b, ok := v.AsBool(); ok {
			return types.Bool(b)
		}
	case schema.TypeInteger:
		if i, ok := v.AsInt(); ok {
			return types.Int(i)
		}
	case schema.TypeNumber:
		if f, ok := v.AsFloat(); ok {
			return types.Double(f)
		}
	case schema.TypeString:
		if s, ok := v.AsString(); ok {
			return adaptText(s, sh.format())
		}
	}
	return nil
}

func adaptText(s, format string) ref.Val {
	switch format {
	case schema.FormatDuration:
		if d, err := time.ParseDuration(s); err == nil {
			return types.Duration{Duration: d}
		}
		return nil
	case schema.FormatDateTime:
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return types.Timestamp{Time: t}
		}
		return nil
	default:
		return types.String(s)
	}
}

func (e *evaluation) adaptList(v value.Value, sh shape) ref.Val {
	element := sh.element()
	items := make([]ref.Val, 0, len(v.Items()))
	for _, item := range v.Items() {
		items = append(items, e.adapt(item, element, "an item"))
	}
	list := types.NewRefValList(types.DefaultTypeAdapter, items)
	if v.HasUnknown() {
		return partialList{list, e.unknown(v.Causes())}
	}
	return list
}

func (e *evaluation) adaptObject(v value.Value, sh shape, name string) ref.Val {
	if sh.isRecord() {
		return &record{e: e, v: v, sh: sh, name: name}
	}
	members := make(map[ref.Val]ref.Val, len(v.Members()))
	for _, m := range v.Members() {
		element := shape{}
		if sh.kind() == schema.TypeObject {
			if field, _, ok := sh.field(m.Name); ok {
				element = field
			} else {
				element = sh.element()
			}
		}
		members[types.String(m.Name)] = e.adapt(m.Value, element, name+"."+m.Name)
	}
	object := types.NewRefValMap(types.DefaultTypeAdapter, members)
	if v.HasUnknown() {
		return partialMap{object, e.unknown(v.Causes())}
	}
	return object
}

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

// celStepsValue is `steps`.
type celStepsValue struct {
	e     *evaluation
	known map[string]ref.Val
}

// Get implements traits.Indexer.
func (s celStepsValue) Get(index ref.Val) ref.Val {
	id := celText(index)
	if known := s.known[id]; known != nil {
		return known
	}
	sh, ok := s.e.types.t.step(id)
	if !ok {
		return types.NewErr("there is no step %s", id)
	}
	made := s.e.adapt(stepOf(s.e.scope, id), sh, "steps."+id)
	s.known[id] = made
	return made
}

// IsSet implements traits.FieldTester.
func (s celStepsValue) IsSet(field ref.Val) ref.Val {
	_, ok := s.e.types.t.step(celText(field))
	return types.Bool(ok)
}

func (s celStepsValue) whole() ref.Val                            { return types.NewErr("steps cannot be used as a whole") }
func (s celStepsValue) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }
func (s celStepsValue) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("steps cannot be converted")
}
func (s celStepsValue) Equal(ref.Val) ref.Val { return types.False }
func (s celStepsValue) Type() ref.Type        { return types.NewObjectType(celSteps) }
func (s celStepsValue) Value() any            { return s }

var errNoNative = errors.New("an object has no other form")

// record is an object whose fields are declared.
type record struct {
	e    *evaluation
	v    value.Value
	sh   shape
	name string

	known map[string]ref.Val // fields that were read, so that a loop adapts them once
}

// Get implements traits.Indexer. A field that may be missing is null then.
func (r *record) Get(index ref.Val) ref.Val {
	name := celText(index)
	if known := r.known[name]; known != nil {
		return known
	}
	field, optional, ok := r.sh.field(name)
	if !ok {
		return types.NewErr("%s has no field %s", r.name, name)
	}
	v, ok := r.v.Get(name)
	if !ok && !optional {
		return types.WrapErr(absent(r.v, r.name, name))
	}
	made := r.e.adapt(v, field, r.name+"."+name)
	if r.known == nil {
		r.known = make(map[string]ref.Val, 1)
	}
	r.known[name] = made
	return made
}

// absent is the error of reading a field that has no value and should.
func absent(of value.Value, path, name string) error {
	status, isStep := of.Get("status")
	if text, ok := status.AsString(); isStep && ok && name == "outputs" {
		return fmt.Errorf("%s has no outputs: the step is %s", path, text)
	}
	return fmt.Errorf("%s.%s has no value", path, name)
}

// IsSet implements traits.FieldTester.
func (r *record) IsSet(field ref.Val) ref.Val {
	v, ok := r.v.Get(celText(field))
	if ok && v.IsUnknown() {
		return types.WrapErr(unknownPresence{v.Causes()})
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
