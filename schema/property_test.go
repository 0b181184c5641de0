package schema_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/schema"
)

// A few names and values only, so that schemas and data meet often.
func genName() *rapid.Generator[string] { return rapid.SampledFrom([]string{"a", "b", "c", "d/e~f"}) }

func genScalar() *rapid.Generator[any] {
	return rapid.SampledFrom([]any{nil, true, false, int64(0), int64(1), int64(2), 0.5, -1.5, "", "a", "ab", "é"})
}

func genData(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kind := rapid.IntRange(0, 4).Draw(t, "kind")
		if depth == 0 {
			kind = 0
		}
		switch kind {
		case 1:
			return anySlice(rapid.SliceOfN(genData(depth-1), 0, 3).Draw(t, "list"))
		case 2, 3:
			return rapid.MapOfN(genName(), genData(depth-1), 0, 3).Draw(t, "object")
		default:
			return genScalar().Draw(t, "scalar")
		}
	})
}

func anySlice(list []any) any { return list }

func genSchema(depth int) *rapid.Generator[*schema.Schema] {
	return rapid.Custom(func(t *rapid.T) *schema.Schema {
		s := &schema.Schema{
			Type: rapid.SampledFrom([]string{
				"", "", "", "null", "boolean", "integer", "number", "string", "array", "object", "object",
			}).Draw(t, "type"),
			Description: rapid.SampledFrom([]string{"", "Some \"text\"."}).Draw(t, "description"),
		}
		drawWords(t, s)
		if depth > 0 {
			drawParts(t, s, depth-1)
		}
		return s
	})
}

func drawWords(t *rapid.T, s *schema.Schema) {
	size := func(name string) *int {
		if rapid.IntRange(0, 5).Draw(t, "has "+name) > 0 {
			return nil
		}
		return new(rapid.IntRange(0, 3).Draw(t, name))
	}
	bound := func(name string) *float64 {
		if rapid.IntRange(0, 5).Draw(t, "has "+name) > 0 {
			return nil
		}
		return new(rapid.SampledFrom([]float64{-1, 0, 0.5, 1, 2}).Draw(t, name))
	}
	s.MinLength, s.MaxLength = size("minLength"), size("maxLength")
	s.MinItems, s.MaxItems = size("minItems"), size("maxItems")
	s.MinProperties, s.MaxProperties = size("minProperties"), size("maxProperties")
	s.Minimum, s.Maximum = bound("minimum"), bound("maximum")
	s.ExclusiveMinimum, s.ExclusiveMaximum = bound("exclusiveMinimum"), bound("exclusiveMaximum")
	s.FormatMinimum = rapid.SampledFrom([]string{"", "", "1s"}).Draw(t, "formatMinimum")
	s.FormatMaximum = rapid.SampledFrom([]string{"", "", "1h"}).Draw(t, "formatMaximum")
	s.Pattern = rapid.SampledFrom([]string{"", "", "", "^a", "b$"}).Draw(t, "pattern")
	switch rapid.IntRange(0, 9).Draw(t, "fixed") {
	case 0:
		s.Enum = rapid.SliceOfN(genData(1), 1, 3).Draw(t, "enum")
	case 1:
		s.Const = rapid.SampledFrom([]any{"a", int64(1), true, []any{int64(1)}, map[string]any{"a": "a"}}).Draw(t, "const")
	case 2:
		s.MultipleOf = new(rapid.SampledFrom([]float64{0.5, 1, 2}).Draw(t, "multipleOf"))
	case 3:
		s.UniqueItems = true
	default:
	}
}

func drawParts(t *rapid.T, s *schema.Schema, depth int) {
	if rapid.Bool().Draw(t, "has items") {
		s.Items = genSchema(depth).Draw(t, "items")
	}
	for _, name := range rapid.SliceOfNDistinct(genName(), 0, 3, rapid.ID).Draw(t, "properties") {
		s.Properties = append(s.Properties, schema.Property{Name: name, Schema: genSchema(depth).Draw(t, name)})
	}
	if required := rapid.SliceOfNDistinct(genName(), 0, 2, rapid.ID).Draw(t, "required"); len(required) > 0 {
		s.Required = required
	}
	switch rapid.IntRange(0, 3).Draw(t, "others") {
	case 0:
		s.Closed = true
	case 1:
		s.Additional = genSchema(depth).Draw(t, "additional")
	default:
	}
	choices := func(name string) []*schema.Schema {
		return rapid.SliceOfN(genSchema(depth), 2, 3).Draw(t, name)
	}
	switch rapid.IntRange(0, 9).Draw(t, "choice") {
	case 0:
		s.AnyOf = choices("anyOf")
	case 1:
		s.OneOf = choices("oneOf")
	case 2:
		s.AllOf = choices("allOf")
	default:
	}
}

// TestAgreesWithAnotherValidator holds ours against a complete one.
func TestAgreesWithAnotherValidator(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSchema(2).Draw(t, "schema")
		data := genData(3).Draw(t, "data")
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := schema.Compile(s)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		theirs := reference(t, text)
		got, want := ours.Validate(data), theirs.Validate(data)
		if (len(got) == 0) != (want == nil) {
			t.Fatalf("%s\nof %v: we say %v, they say %v", text, data, got, want)
		}
	})
}

func reference(t *rapid.T, text []byte) *jsonschema.Schema {
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("mem:///s", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("mem:///s")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return compiled
}

// TestAFaultWithUnknownPartsStaysOne: whatever the unknown parts turn out to be, what
// was reported before is a fault afterwards.
func TestAFaultWithUnknownPartsStaysOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, err := schema.Compile(genSchema(2).Draw(t, "schema"))
		if err != nil {
			t.Fatal(err)
		}
		data := genData(3).Draw(t, "data")
		partial := forget(t, data)
		if early, late := v.Validate(partial), v.Validate(data); len(early) > 0 && len(late) == 0 {
			t.Fatalf("%v is refused for %v, but %v is not", partial, early, data)
		}
	})
}

// forget replaces some parts of data by what is not known yet.
func forget(t *rapid.T, data any) any {
	if rapid.IntRange(0, 4).Draw(t, "forget") == 0 {
		return schema.Unknown{}
	}
	switch d := data.(type) {
	case []any:
		list := make([]any, len(d))
		for i := range d {
			list[i] = forget(t, d[i])
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for _, name := range sortedNames(d) {
			object[name] = forget(t, d[name])
		}
		return object
	default:
		return data
	}
}

func sortedNames(object map[string]any) []string {
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestJSONGoesThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSchema(2).Draw(t, "schema")
		s.ID, s.Secret, s.NoSecret, s.TakesSecrets = "https://example.com/s", true, true, true
		s.Unit, s.Default = "bytes", int64(1)
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back schema.Schema
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(s, &back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(text) {
			t.Fatalf("got %s, %v, want %s", again, err, text)
		}
	})
}

// FuzzSchema feeds schemas of strangers: they may be refused, but nothing else.
func FuzzSchema(f *testing.F) {
	for _, seed := range []string{
		`{"type":"object","properties":{"a":{"type":"string","pattern":"^a"}},"required":["a"]}`,
		`{"$ref":"#/$defs/x","$defs":{"x":{"anyOf":[{"$ref":"#/$defs/x"}]}}}`,
		`{"$ref":"#/$defs/x","$defs":{"x":{"items":{"$ref":"#/$defs/x"}}}}`,
		`{"oneOf":[{"const":1},{"enum":[null,1e400]}],"multipleOf":1e-300,"minLength":-1}`,
		`{"additionalProperties":{"x-secret":true,"format":"email"},"default":{},"x-unit":"s"}`,
		`true`, `[]`, `{"items":`, `{"properties":{"a":{},"a":{}}}`,
	} {
		f.Add([]byte(seed), []byte(`{"a":[1,"x",null,{"b":2.5}]}`))
	}
	f.Fuzz(func(t *testing.T, document, instance []byte) {
		var s schema.Schema
		if json.Unmarshal(document, &s) != nil {
			return
		}
		v, err := schema.Compile(&s)
		if err != nil {
			return
		}
		var data any
		if json.Unmarshal(instance, &data) != nil {
			return
		}
		faults := v.Validate(data)
		_ = schema.Markdown(&s)
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		var back schema.Schema
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s cannot be read back: %v", text, err)
		}
		again, err := schema.Compile(&back)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got, want := fmt.Sprint(again.Validate(data)), fmt.Sprint(faults); got != want {
			t.Fatalf("%s:\n got %s\nwant %s", text, got, want)
		}
		_ = schema.ApplyDefaults(&s, data)
	})
}
