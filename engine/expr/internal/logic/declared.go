package logic

import (
	"math"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// As returns the term with what a document declares of it, nil: nothing, where CEL takes it
// for a text or a whole number. The bounds of other numbers are left out: nothing keeps NaN
// within them.
func (t Term) As(document *schema.Schema, is *types.Type) Term {
	declared := plainly(document)
	switch {
	case declared == nil || is == nil:
	case declared.Type == schema.TypeString && declared.Format == "" && is.IsExactType(types.StringType):
		t.Values = few(declared, func(v value.Value) (ref.Val, bool) {
			text, ok := v.AsString()
			return types.String(text), ok
		})
	case declared.Type == schema.TypeInteger && is.IsExactType(types.IntType):
		t.Values = few(declared, func(v value.Value) (ref.Val, bool) {
			n, ok := v.AsInt()
			return types.Int(n), ok
		})
		t.Least, t.Most = bound(declared.Minimum), bound(declared.Maximum)
	}
	return t
}

// plainly is the one schema that says what a value is; nil where there are several, as of
// what may also be null.
func plainly(document *schema.Schema) *schema.Schema {
	if document == nil || document.Type != "" || len(document.AllOf) != 1 {
		return document
	}
	return document.Resolve(document.AllOf[0])
}

// few are the values that a schema lists; nil: it lists none.
func few(declared *schema.Schema, as func(value.Value) (ref.Val, bool)) []ref.Val {
	listed := declared.Enum
	if declared.Const != nil {
		listed = []any{declared.Const}
	}
	if listed == nil {
		return nil
	}
	made := make([]ref.Val, 0, len(listed))
	for _, data := range listed {
		v, err := value.FromGo(data)
		if err != nil {
			return nil
		}
		if as, ok := as(v); ok { // what is of another type its type excludes
			made = append(made, as)
		}
	}
	return made
}

// largest is the largest bound that a float64 tells from the number after it.
const largest = 1 << 53

// bound is a bound of whole numbers; nil where there is none that can be told exactly.
func bound(of *float64) ref.Val {
	if of == nil || *of != math.Trunc(*of) || math.Abs(*of) >= largest {
		return nil
	}
	return types.Int(int64(*of))
}
