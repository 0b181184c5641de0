package operand

import (
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// adapt returns a value as CEL sees it through its shape.
func (e *Evaluation) adapt(v value.Value, sh names.Shape, name string) ref.Val {
	if v.IsUnknown() {
		return e.unknown(v.Causes())
	}
	if v.IsNull() {
		return types.NullValue
	}
	var made ref.Val
	switch sh.Kind() {
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
		return types.NewErr("%s should be %s and is %s", name, wanted(sh), names.Article(v.Kind().String()))
	}
	return made
}

func wanted(sh names.Shape) string {
	if f := sh.Format(); f == schema.FormatDuration || f == schema.FormatDateTime {
		return "a " + f
	}
	return names.Article(sh.Kind())
}

func (e *Evaluation) adaptAny(v value.Value) ref.Val {
	switch v.Kind() {
	case value.KindList:
		return e.adaptList(v, names.Shape{})
	case value.KindObject:
		return e.adaptObject(v, names.Shape{}, "it")
	default:
		return adaptScalar(v, names.OfType(v.Kind().String()))
	}
}

// adaptScalar returns nil for a value that is not of the shape's type.
func adaptScalar(v value.Value, sh names.Shape) ref.Val {
	switch sh.Kind() {
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
			return adaptText(s, sh.Format())
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

func (e *Evaluation) adaptList(v value.Value, sh names.Shape) ref.Val {
	element := sh.Element()
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

func (e *Evaluation) adaptObject(v value.Value, sh names.Shape, name string) ref.Val {
	if sh.IsRecord() {
		return &record{e: e, v: v, sh: sh, name: name}
	}
	members := make(map[ref.Val]ref.Val, len(v.Members()))
	for _, m := range v.Members() {
		element := names.Shape{}
		if sh.Kind() == schema.TypeObject {
			if field, _, ok := sh.Field(m.Name); ok {
				element = field
			} else {
				element = sh.Element()
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
