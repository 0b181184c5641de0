package datum_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/gatebook/gatebook/schema/internal/datum"
)

func TestValuesAreEqualAsInJSONSchema(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		a, b any
		want datum.Verdict
	}{
		{"a whole number is an integer", 1.0, int64(1), datum.Valid},
		{"large integers keep their digits", int64(math.MaxInt64), int64(math.MaxInt64 - 1), datum.Invalid},
		{"digits are a number", json.Number("10"), 10, datum.Valid},
		{"text is none", "1", 1, datum.Invalid},
		{"true is not 1", true, 1, datum.Invalid},
		{"null is itself", nil, nil, datum.Valid},
		{"objects have no order", map[string]any{"a": 1, "b": []any{2}}, map[string]any{"b": []any{2.0}, "a": 1}, datum.Valid},
		{"lists have one", []any{1, 2}, []any{2, 1}, datum.Invalid},
		{"a part may not be known", []any{1, datum.Unknown{}}, []any{1, 2}, datum.Undecided},
		{"which does not matter beside a difference", []any{1, datum.Unknown{}}, []any{2, 2}, datum.Invalid},
		{"nor beside a length", []any{datum.Unknown{}}, []any{}, datum.Invalid},
		{"a mask hides only from people", datum.Masked{Value: "a"}, "a", datum.Valid},
	} {
		if got := datum.Equal(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: got verdict %d, want %d", tt.name, got, tt.want)
		}
		if got := datum.Equal(tt.b, tt.a); got != tt.want {
			t.Errorf("%s, the other way round: got verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	if !datum.IsMultiple(0.3, 0.1) || datum.IsMultiple(0.35, 0.1) || !datum.IsMultiple(int64(math.MaxInt64), 7) {
		t.Error("multiples are not those of decimal numbers")
	}
	const beyond = 1 << 53 // where float64 no longer tells integers apart
	if datum.Compare(int64(beyond+1), beyond) != 1 || datum.Compare(int64(beyond), beyond) != 0 || datum.Compare(-0.5, 0) != -1 {
		t.Error("numbers are not in their order")
	}
	for text, want := range map[json.Number]any{
		"9007199254740993": int64(9007199254740993), "1e3": int64(1000), "0.5": 0.5, "1e999": json.Number("1e999"),
	} {
		if got := datum.Normal(text); got != want {
			t.Errorf("%s becomes %T %v, want %T %v", text, got, got, want, want)
		}
	}
}

func TestTypesAreThoseOfJSONSchema(t *testing.T) {
	t.Parallel()
	for want, values := range map[string][]any{
		datum.Null: {nil}, datum.Boolean: {false}, datum.String: {""}, datum.Array: {[]any{}}, datum.Object: {map[string]any{}},
		datum.Integer: {1, int64(1), 1.0, json.Number("1"), json.Number("1.0"), 1e300}, datum.Number: {0.5, json.Number("0.5")},
		"value that JSON cannot hold": {math.NaN(), math.Inf(1), 'x'},
	} {
		for _, value := range values {
			if got := datum.TypeOf(value); got != want {
				t.Errorf("%T %v is called %s, want %s", value, value, got, want)
			}
		}
	}
}
