package template

import (
	"reflect"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// envTypes is the types of what the references lead to, and of nothing else, so that
// the size of the runbook does not matter. Names on the way are objects with just
// the fields that are used.
func envTypes(t *names.Types, refs []names.Ref) types.Map {
	env := types.Map{}
	for _, r := range byLength(refs) {
		found, _, _ := t.Follow(r)
		at := env
		path := append([]string{r.Root}, r.Path...)
		for _, name := range path[:len(path)-1] {
			next, ok := at[name]
			if !ok {
				next = types.Map{}
				at[name] = next
			}
			inner, isMap := next.(types.Map)
			if !isMap {
				at = nil // a shorter reference has it all
				break
			}
			at = inner
		}
		if _, known := at[path[len(path)-1]]; at != nil && !known {
			at[path[len(path)-1]] = calcType(found)
		}
	}
	return env
}

// byLength sorts shorter references before longer ones.
func byLength(refs []names.Ref) []names.Ref {
	sorted := slices.Clone(refs)
	slices.SortStableFunc(sorted, func(a, b names.Ref) int { return len(a.Path) - len(b.Path) })
	return sorted
}

// mostFields bounds the fields of a value whose types expr is told: of a larger one it
// knows that it is an object.
const mostFields = 200

// calcType returns expr's type of a shape.
func calcType(sh names.Shape) types.Type {
	room := mostFields
	return typeWithin(sh, &room)
}

// typeWithin returns the type of a shape as long as there is room for fields.
func typeWithin(sh names.Shape, room *int) types.Type {
	if *room--; *room < 0 { // also of a shape that is its own element
		return types.Any
	}
	switch sh.Kind() {
	case schema.TypeBoolean:
		return types.Bool
	case schema.TypeInteger:
		return types.Int
	case schema.TypeNumber:
		return types.Float64
	case schema.TypeString:
		return types.String
	case schema.TypeArray:
		return types.Array(typeWithin(sh.Element(), room))
	case schema.TypeObject:
		if !sh.IsRecord() {
			return types.Map{types.Extra: typeWithin(sh.Element(), room)}
		}
		if *room -= sh.Size(); *room < 0 {
			return types.Map{types.Extra: types.Any}
		}
		fields := types.Map{}
		for _, name := range sh.Fields() {
			field, _, _ := sh.Field(name)
			fields[name] = typeWithin(field, room)
		}
		return fields
	default:
		return types.Any
	}
}

// shapeOfNode returns what is known of the type of a checked expression.
func shapeOfNode(node ast.Node) *schema.Schema {
	t := node.Type()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}
	case t == reflect.TypeFor[time.Duration]():
		return &schema.Schema{Type: schema.TypeString, Format: schema.FormatDuration}
	}
	switch t.Kind() {
	case reflect.Bool:
		return &schema.Schema{Type: schema.TypeBoolean}
	case reflect.Int:
		return &schema.Schema{Type: schema.TypeInteger}
	case reflect.Float64:
		return &schema.Schema{Type: schema.TypeNumber}
	case reflect.String:
		return &schema.Schema{Type: schema.TypeString}
	case reflect.Slice, reflect.Array:
		return &schema.Schema{Type: schema.TypeArray}
	case reflect.Map:
		return &schema.Schema{Type: schema.TypeObject}
	default:
		return &schema.Schema{}
	}
}

// project puts the value of a reference into the environment at its path. What is
// missing is null, so that `??` can give something else.
func project(env map[string]any, r names.Ref, v value.Value) {
	at := env
	path := append([]string{r.Root}, r.Path...)
	for _, name := range path[:len(path)-1] {
		inner, ok := at[name].(map[string]any)
		if !ok {
			if _, taken := at[name]; taken {
				return // a shorter reference has it all
			}
			inner = make(map[string]any)
			at[name] = inner
		}
		at = inner
	}
	if _, taken := at[path[len(path)-1]]; !taken {
		at[path[len(path)-1]] = toCalc(v)
	}
}

// toCalc returns a value as expr sees it: whole numbers are Go's int, and what is not
// known is nil.
func toCalc(v value.Value) any {
	return v.Data(func(part value.Value) (any, bool) {
		i, whole := part.AsInt()
		return int(i), whole && part.Kind() == value.KindInt
	})
}
