package example

import (
	"slices"

	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Bounds of what one name is tried with.
const (
	mostValues = 48
	mostDepth  = 3
)

// words is what conditions themselves speak of.
type words struct {
	whole  []int64
	number []float64
	text   []string
	fields map[string]bool
}

func wordsOf(senses []condition.Sense) words {
	w := words{whole: []int64{0, 1}, number: []float64{0}, text: []string{""}, fields: map[string]bool{}}
	for _, s := range senses {
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
	case value.KindString:
		text, _ := constant.AsString()
		w.text = append(w.text, text)
	default:
	}
}

// values are those of a shape that are worth to be tried, and fit it.
func (w words) values(shape names.Shape, depth int) []value.Value {
	var made []value.Value
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
				made = append(made, value.List(item))
			}
		case schema.TypeObject:
			made = append(made, w.objects(shape, depth)...)
		}
	}
	made = fitting(shape, made)
	return made[:min(len(made), mostValues)]
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

// fitting are the values that a schema allows; of an object not all fields are there.
func fitting(shape names.Shape, values []value.Value) []value.Value {
	kind := shape.Kind()
	if shape.Schema() == nil || kind == schema.TypeObject || kind == schema.TypeArray {
		return values
	}
	validator, err := schema.Compile(shape.Schema())
	if err != nil {
		return values
	}
	return slices.DeleteFunc(values, func(v value.Value) bool {
		plain, err := v.Reveal()
		return err != nil || len(validator.Validate(plain)) > 0
	})
}
