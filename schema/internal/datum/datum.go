// Package datum is JSON as Go data, some of which may not be known yet: its types, its
// numbers, and when two values are equal. Floor 0, as a part of schema.
package datum

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
)

// The types of JSON Schema.
const (
	Null    = "null"
	Boolean = "boolean"
	Integer = "integer"
	Number  = "number"
	String  = "string"
	Array   = "array"
	Object  = "object"
)

// Verdict is what is known of a value; the smaller of two is that of both.
type Verdict int

// The verdicts.
const (
	Invalid Verdict = iota
	Undecided
	Valid
)

func verdictOf(ok bool) Verdict {
	if ok {
		return Valid
	}
	return Invalid
}

// Unknown stands inside data for a part that is not known yet.
type Unknown struct{}

// Masked stands inside data for a value that is checked like any other, but shown
// in no message.
type Masked struct{ Value any }

// Normal turns decoded JSON with [json.Number] into data with int64 and float64,
// so that integers stay integers. Numbers that neither can hold stay as they are.
func Normal(data any) any {
	switch d := data.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(string(d), 10, 64); err == nil {
			return i
		}
		f, err := d.Float64()
		if err != nil {
			return d
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f)
		}
		return f
	case []any:
		for i := range d {
			d[i] = Normal(d[i])
		}
	case map[string]any:
		for name := range d {
			d[name] = Normal(d[name])
		}
	}
	return data
}

// number returns data as an int64, where it is whole and fits, or as a float64.
func number(data any) (i int64, f float64, whole, ok bool) {
	switch d := data.(type) {
	case int:
		return int64(d), float64(d), true, true
	case int64:
		return d, float64(d), true, true
	case float64:
		whole = d == math.Trunc(d) && math.Abs(d) < 1<<63
		if whole {
			i = int64(d)
		}
		return i, d, whole, !math.IsNaN(d) && !math.IsInf(d, 0)
	case json.Number:
		if i, err := strconv.ParseInt(string(d), 10, 64); err == nil {
			return i, float64(i), true, true
		}
		f, err := d.Float64()
		if err != nil {
			return 0, 0, false, false
		}
		return number(f)
	default:
		return 0, 0, false, false
	}
}

// TypeOf returns the JSON Schema type of data; a whole number is an integer.
func TypeOf(data any) string {
	switch data.(type) {
	case nil:
		return Null
	case bool:
		return Boolean
	case string:
		return String
	case []any:
		return Array
	case map[string]any:
		return Object
	}
	_, f, whole, ok := number(data)
	switch {
	case !ok:
		return "value that JSON cannot hold"
	case whole || f == math.Trunc(f):
		return Integer
	default:
		return Number
	}
}

// Equal compares two values as JSON Schema does; with a part that is not known
// yet it may be undecided.
func Equal(a, b any) Verdict {
	a, b = Unmask(a), Unmask(b)
	if IsUnknown(a) || IsUnknown(b) {
		return Undecided
	}
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return equalLists(x, y, ok)
	case map[string]any:
		y, ok := b.(map[string]any)
		return equalObjects(x, y, ok)
	case nil, bool, string:
		switch b.(type) {
		case nil, bool, string:
			return verdictOf(a == b)
		}
		return Invalid
	}
	i, f, whole, ok := number(a)
	j, g, alsoWhole, alsoOK := number(b)
	if !ok || !alsoOK {
		return Invalid
	}
	if whole && alsoWhole {
		return verdictOf(i == j)
	}
	return verdictOf(f == g)
}

func equalLists(x, y []any, ok bool) Verdict {
	if !ok || len(x) != len(y) {
		return Invalid
	}
	result := Valid
	for i := range x {
		result = min(result, Equal(x[i], y[i]))
	}
	return result
}

func equalObjects(x, y map[string]any, ok bool) Verdict {
	if !ok || len(x) != len(y) {
		return Invalid
	}
	result := Valid
	for name := range x {
		other, ok := y[name]
		if !ok {
			return Invalid
		}
		result = min(result, Equal(x[name], other))
	}
	return result
}

// IsUnknown reports whether data is not known yet.
func IsUnknown(data any) bool {
	_, ok := data.(Unknown)
	return ok
}

// Unmask returns data itself where it is masked.
func Unmask(data any) any {
	if m, ok := data.(Masked); ok {
		return m.Value
	}
	return data
}

// IsMultiple computes in decimal, so that 0.3 is a multiple of 0.1.
func IsMultiple(data any, of float64) bool {
	if i, _, whole, _ := number(data); whole && of == math.Trunc(of) && of < 1<<63 {
		return i%int64(of) == 0
	}
	_, f, _, _ := number(data)
	a, okA := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	b, okB := new(big.Rat).SetString(strconv.FormatFloat(of, 'g', -1, 64))
	return okA && okB && new(big.Rat).Quo(a, b).IsInt()
}

// Compare orders a number and a bound.
func Compare(data any, bound float64) int {
	i, f, whole, _ := number(data)
	if whole && bound == math.Trunc(bound) && math.Abs(bound) < 1<<63 {
		switch j := int64(bound); {
		case i < j:
			return -1
		case i > j:
			return 1
		default:
			return 0
		}
	}
	switch {
	case f < bound:
		return -1
	case f > bound:
		return 1
	default:
		return 0
	}
}
