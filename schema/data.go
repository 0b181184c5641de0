package schema

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Unknown stands inside data for a part that is not known yet. See
// [Validator.Validate].
type Unknown struct{}

// Masked stands inside data for a value that is checked like any other, but shown
// in no message.
type Masked struct{ Value any }

// normal turns decoded JSON with [json.Number] into data with int64 and float64,
// so that integers stay integers. Numbers that neither can hold stay as they are.
func normal(data any) any {
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
			d[i] = normal(d[i])
		}
	case map[string]any:
		for name := range d {
			d[name] = normal(d[name])
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

// typeName returns the JSON Schema type of data; a whole number is an integer.
func typeName(data any) string {
	switch data.(type) {
	case nil:
		return TypeNull
	case bool:
		return TypeBoolean
	case string:
		return TypeString
	case []any:
		return TypeArray
	case map[string]any:
		return TypeObject
	}
	_, f, whole, ok := number(data)
	switch {
	case !ok:
		return "value that JSON cannot hold"
	case whole || f == math.Trunc(f):
		return TypeInteger
	default:
		return TypeNumber
	}
}

// equal compares two values as JSON Schema does; with a part that is not known
// yet it may be undecided.
func equal(a, b any) verdict {
	a, b = unmask(a), unmask(b)
	if isUnknown(a) || isUnknown(b) {
		return undecided
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
		return invalid
	}
	i, f, whole, ok := number(a)
	j, g, alsoWhole, alsoOK := number(b)
	if !ok || !alsoOK {
		return invalid
	}
	if whole && alsoWhole {
		return verdictOf(i == j)
	}
	return verdictOf(f == g)
}

func equalLists(x, y []any, ok bool) verdict {
	if !ok || len(x) != len(y) {
		return invalid
	}
	result := valid
	for i := range x {
		result = min(result, equal(x[i], y[i]))
	}
	return result
}

func equalObjects(x, y map[string]any, ok bool) verdict {
	if !ok || len(x) != len(y) {
		return invalid
	}
	result := valid
	for name := range x {
		other, ok := y[name]
		if !ok {
			return invalid
		}
		result = min(result, equal(x[name], other))
	}
	return result
}

func isUnknown(data any) bool {
	_, ok := data.(Unknown)
	return ok
}

func unmask(data any) any {
	if m, ok := data.(Masked); ok {
		return m.Value
	}
	return data
}

// isMultiple computes in decimal, so that 0.3 is a multiple of 0.1.
func isMultiple(data any, of float64) bool {
	if i, _, whole, _ := number(data); whole && of == math.Trunc(of) && of < 1<<63 {
		return i%int64(of) == 0
	}
	_, f, _, _ := number(data)
	a, okA := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	b, okB := new(big.Rat).SetString(strconv.FormatFloat(of, 'g', -1, 64))
	return okA && okB && new(big.Rat).Quo(a, b).IsInt()
}

// compare orders a number and a bound.
func compare(data any, bound float64) int {
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

// FieldPath writes a path for people: "nodes[2].name".
func FieldPath(path []string) string {
	var text strings.Builder
	for i, part := range path {
		switch {
		case isIndex(part):
			text.WriteString("[" + part + "]")
		case i > 0:
			text.WriteString("." + part)
		default:
			text.WriteString(part)
		}
	}
	return text.String()
}

func isIndex(part string) bool {
	return part != "" && !slices.ContainsFunc([]byte(part), func(c byte) bool { return c < '0' || c > '9' })
}
