package condition

import (
	"math"
	"slices"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/logic"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Declared returns what is declared of a name where the condition stands, as a document of
// its own, nil where nothing is. Where it is not known, nobody can tell what fits.
func (s Sense) Declared(r names.Ref) (declared *schema.Schema, known bool) {
	var words []string
	if s.Among != nil {
		words = s.Among(r)
	}
	if words == nil {
		return s.Types().Declared(r)
	}
	allowed := make([]any, len(words))
	for i, word := range words {
		allowed[i] = word
	}
	return &schema.Schema{Type: schema.TypeString, Enum: allowed}, true
}

// term is a part that is compared with constants, with the values that it may have. The
// bounds of what is no whole number are left out: nothing keeps NaN within them.
func (r reading) term(x celast.Expr) logic.Term {
	made := logic.Term{Text: r.words(x), Ordered: r.ordered(x)}
	used, ok := r.source.chain(x, r.types.Types())
	if !ok || slices.Contains(r.bound, used.Root) {
		return made
	}
	document, _ := r.Declared(used)
	declared := plainly(document)
	switch {
	case declared == nil:
	case declared.Type == schema.TypeString && declared.Format == "" && r.isOf(x, types.StringType):
		made.Values = few(declared, func(v value.Value) (ref.Val, bool) {
			text, ok := v.AsString()
			return types.String(text), ok
		})
	case declared.Type == schema.TypeInteger && r.isOf(x, types.IntType):
		made.Values = few(declared, func(v value.Value) (ref.Val, bool) {
			n, ok := v.AsInt()
			return types.Int(n), ok
		})
		made.Least, made.Most = bound(declared.Minimum), bound(declared.Maximum)
	}
	return made
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
