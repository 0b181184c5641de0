package example

import (
	"math"
	"slices"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Bounds of what one name is tried with.
const (
	mostValues = 48
	mostDepth  = 3
	mostItems  = 8
)

// words is what conditions themselves speak of.
type words struct {
	whole  []int64
	number []float64
	text   []string
	fields map[string]bool
}

func wordsOf(places []*place) words {
	w := words{whole: []int64{0, 1}, number: []float64{0}, text: []string{""}, fields: map[string]bool{}}
	for _, s := range places {
		constants, fields := s.Words()
		for _, name := range fields {
			w.fields[name] = true
		}
		for _, r := range s.Refs() {
			if known, ok := names.Resolve(s.Scope, r); ok && !known.HasSecret() {
				constants = append(append(constants, known), known.Items()...)
			}
		}
		for _, c := range constants {
			w.add(c)
		}
	}
	slices.Sort(w.whole)
	slices.Sort(w.number)
	w.whole, w.number, w.text = slices.Compact(w.whole), slices.Compact(w.number), append(w.text, "other")
	return w
}

// add adds a constant with what is beside it.
func (w *words) add(constant value.Value) {
	switch constant.Kind() {
	case value.KindInt:
		n, _ := constant.AsInt()
		w.whole = append(w.whole, n-1, n, n+1)
		w.number = append(w.number, float64(n)-1, float64(n), float64(n)+1)
	case value.KindFloat:
		n, _ := constant.AsFloat()
		w.number = append(w.number, n/2, n, n*2)
		if whole := int64(n); float64(whole) == n && math.Abs(n) < 1<<53 {
			w.whole = append(w.whole, whole-1, whole, whole+1)
		}
	case value.KindString:
		text, _ := constant.AsString()
		w.text = append(w.text, text)
	default:
	}
}

// valuesOf are the values that a name is given in turn: those that every condition allows
// which speaks of it. Where it cannot be told what one allows, there are none.
func valuesOf(of names.Ref, places []*place, w words) ([]value.Value, bool) {
	var made []value.Value
	for i, s := range about(of, places) {
		shape, fault, _ := s.Types().Follow(of)
		declared, known := s.Declared(of)
		if fault != nil || !known {
			return nil, false
		}
		if i == 0 {
			made = append(listed(declared), w.values(shape, 0)...)
		}
		made = fitting(declared, shape, made)
	}
	return made[:min(len(made), mostValues)], len(made) > 0
}

// about are the places of conditions that speak of a name.
func about(of names.Ref, places []*place) []*place {
	return slices.DeleteFunc(slices.Clone(places), func(p *place) bool {
		return !slices.ContainsFunc(p.free, func(r names.Ref) bool { return r.String() == of.String() })
	})
}

// listed are the values that a schema names.
func listed(declared *schema.Schema) []value.Value {
	if declared == nil {
		return nil
	}
	var made []value.Value
	for _, part := range append([]*schema.Schema{declared}, declared.AllOf...) {
		part = declared.Resolve(part)
		if part == nil {
			continue
		}
		for _, data := range slices.Concat(part.Enum, []any{part.Const}, part.Examples) {
			if v, err := value.FromGo(data); err == nil && !v.IsNull() {
				made = append(made, v)
			}
		}
		for _, limit := range []*float64{part.Minimum, part.Maximum} {
			if limit != nil && *limit == math.Trunc(*limit) {
				made = append(made, value.Int(int64(*limit)))
			}
		}
	}
	return made
}

// values are those of a shape that are worth to be tried.
func (w words) values(shape names.Shape, depth int) []value.Value {
	made := listed(shape.Schema())
	kind := shape.Kind()
	of := func(kinds ...string) bool { return slices.Contains(append(kinds, ""), kind) }
	if of(schema.TypeBoolean) {
		made = append(made, value.Bool(true), value.Bool(false))
	}
	if of(schema.TypeInteger) {
		for _, n := range w.whole {
			made = append(made, value.Int(n))
		}
	}
	if kind == schema.TypeNumber {
		for _, n := range w.number {
			made = append(made, value.Float(n))
		}
	}
	if shape.Format() == schema.FormatDuration {
		made = append(made, value.String("0s"))
	}
	if of(schema.TypeString) {
		for _, text := range w.text {
			made = append(made, value.String(text))
		}
	}
	if depth < mostDepth {
		switch kind {
		case schema.TypeArray:
			made = append(made, value.List())
			for _, item := range w.values(shape.Element(), depth+1) {
				made = append(made, value.List(slices.Repeat([]value.Value{item}, fewest(shape))...))
			}
		case schema.TypeObject:
			made = append(made, w.objects(shape, depth)...)
		}
	}
	if kind != schema.TypeArray && kind != schema.TypeObject {
		made = fitting(shape.Schema(), shape, made)
	}
	return made[:min(len(made), mostValues)]
}

// fewest is how many items a list must have that has any, as far as it is tried.
func fewest(list names.Shape) int {
	if s := list.Schema(); s.MinItems != nil {
		return min(max(*s.MinItems, 1), mostItems)
	}
	return 1
}

// objects combines the values of the fields that conditions read.
func (w words) objects(shape names.Shape, depth int) []value.Value {
	made := [][]value.Member{nil}
	for _, field := range shape.Fields() {
		inside, _, ok := shape.Field(field)
		if !ok || !w.fields[field] {
			continue
		}
		var more [][]value.Member
		for _, v := range w.values(inside, depth+1) {
			for _, members := range made {
				more = append(more, append(slices.Clone(members), value.Member{Name: field, Value: v}))
			}
		}
		if len(more) > 0 {
			made = more[:min(len(more), mostValues)]
		}
	}
	objects := make([]value.Value, len(made))
	for i, members := range made {
		objects[i] = value.Object(members...)
	}
	return objects
}

// fitting are the values that a schema allows. What they say nothing of may be anything.
func fitting(declared *schema.Schema, shape names.Shape, values []value.Value) []value.Value {
	if declared == nil {
		return values
	}
	validator, err := schema.Compile(declared)
	if err != nil {
		return nil // nobody can tell
	}
	return slices.DeleteFunc(values, func(v value.Value) bool {
		return len(validator.Validate(completed(shape, v))) > 0
	})
}

// completed is a value as its schema is asked about it, with the fields that nothing is said of.
func completed(shape names.Shape, v value.Value) any {
	switch v.Kind() {
	case value.KindList:
		items := make([]any, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = completed(shape.Element(), item)
		}
		return items
	case value.KindObject:
		made := map[string]any{}
		for _, name := range shape.Fields() {
			made[name] = schema.Unknown{}
		}
		for _, m := range v.Members() {
			inside, _ := shape.Member("", m.Name)
			made[m.Name] = completed(inside, m.Value)
		}
		return made
	default:
		plain, _ := v.Reveal() // no secret is in an example
		return plain
	}
}
