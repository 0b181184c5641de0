package schema_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/schema"
)

// parse reads a schema from JSON.
func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	var s schema.Schema
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return &s
}

func compile(t testing.TB, text string) *schema.Validator {
	t.Helper()
	v, err := schema.Compile(parse(t, text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// messages returns what is wrong with data, in order.
func messages(v *schema.Validator, data any) []string {
	var all []string
	for _, fault := range v.Validate(data) {
		all = append(all, fault.Message)
	}
	return all
}

func TestViolationsAreSentences(t *testing.T) {
	t.Parallel()
	object := map[string]any{}
	for _, test := range []struct {
		schema string
		data   any
		want   []string
	}{
		{`{"type":"string"}`, "x", nil},
		{`{"type":"string"}`, 7, []string{"the value must be a string, got an integer"}},
		{`{"type":"integer"}`, 1.5, []string{"the value must be an integer, got a number"}},
		{`{"type":"integer"}`, 2.0, nil},
		{`{"type":"integer"}`, json.Number("9007199254740993"), nil},
		{`{"type":"number"}`, 7, nil},
		{`{"type":"null"}`, nil, nil},
		{`{"type":"array"}`, object, []string{"the value must be a list, got an object"}},
		{`{"properties":{"replicas":{"maximum":5}}}`, map[string]any{"replicas": 7}, []string{"replicas must be at most 5, got 7"}},
		{`{"minimum":1}`, 0.5, []string{"the value must be at least 1, got 0.5"}},
		{`{"minimum":9007199254740993}`, int64(9007199254740991), []string{"the value must be at least 9007199254740992, got 9007199254740991"}},
		{`{"format":"duration","formatMinimum":"1s"}`, "1000ms", nil},
		{`{"format":"duration","formatMinimum":"1s"}`, "-3s", []string{"the value must be at least 1s, got -3s"}},
		{`{"format":"duration","formatMaximum":"1h"}`, "61m", []string{"the value must be at most 1h, got 61m"}},
		{`{"format":"duration","formatMinimum":"1s"}`, "soon", []string{"the value must be a duration such as 300s or 1h30m, got soon"}},
		{`{"format":"date","formatMinimum":"2026-03-01"}`, "2026-02-01", nil},
		{`{"exclusiveMinimum":0,"exclusiveMaximum":1}`, 0, []string{"the value must be more than 0, got 0"}},
		{`{"exclusiveMinimum":0,"exclusiveMaximum":1}`, 1, []string{"the value must be less than 1, got 1"}},
		{`{"multipleOf":0.1}`, 0.3, nil},
		{`{"multipleOf":2}`, 3, []string{"the value must be a multiple of 2, got 3"}},
		{`{"minLength":2}`, "é", []string{"the value must have at least 2 characters, has 1"}},
		{`{"maxLength":1}`, "ab", []string{"the value must have at most 1 character, has 2"}},
		{`{"pattern":"^a+$"}`, "ab", []string{"the value must match ^a+$, got ab"}},
		{`{"enum":["blue","green"]}`, "bleu", []string{"the value must be blue or green, got bleu"}},
		{`{"enum":[1,[1,{"a":2}]]}`, []any{1.0, map[string]any{"a": int64(2)}}, nil},
		{`{"const":"v1"}`, "v2", []string{"the value must be v1"}},
		{`{"minItems":1,"items":{"type":"string"}}`, []any{}, []string{"the value must have at least 1 item, has 0"}},
		{
			`{"properties":{"nodes":{"items":{"properties":{"name":{"type":"string"}}}}}}`,
			map[string]any{"nodes": []any{object, map[string]any{"name": 1}}},
			[]string{"nodes[1].name must be a string, got an integer"},
		},
		{`{"uniqueItems":true}`, []any{1, 2, 1.0}, []string{"the value must not repeat an item, but items 0 and 2 are equal"}},
		{`{"required":["b","a"]}`, object, []string{"b is required", "a is required"}},
		{
			`{"properties":{"a":{}},"additionalProperties":false}`,
			map[string]any{"z": 1, "b": 2},
			[]string{"b is not a known field; known are a", "z is not a known field; known are a"},
		},
		{`{"additionalProperties":{"type":"string"}}`, map[string]any{"A": 1}, []string{"A must be a string, got an integer"}},
		{`{"minProperties":1}`, object, []string{"the value must have at least 1 field, has 0"}},
		{`{"anyOf":[{"type":"string"},{"type":"integer"}]}`, true, []string{"the value must be a string or an integer, got a boolean"}},
		{`{"anyOf":[{"type":"string","pattern":"%$"},{"type":"integer","minimum":1}]}`, 0, []string{"the value must be at least 1, got 0"}},
		{`{"oneOf":[{"minimum":1},{"maximum":9}]}`, 5, []string{"the value must have exactly one of the allowed shapes, but has several"}},
		{
			`{"oneOf":[{"properties":{"kind":{"const":"a"},"x":{"type":"string"}}},{"properties":{"kind":{"const":"b"}}}]}`,
			map[string]any{"kind": "a", "x": 1},
			[]string{"x must be a string, got an integer"},
		},
		{`{"anyOf":[{"minLength":5},{"pattern":"x"}]}`, "abc", []string{"the value has none of the allowed shapes, got abc"}},
		{`{"allOf":[{"minimum":1},{"maximum":-1}]}`, 0, []string{"the value must be at least 1, got 0", "the value must be at most -1, got 0"}},
		{`{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"string"}}}`, 1, []string{"the value must be a string, got an integer"}},
		{
			`{"properties":{"next":{"$ref":"#"}},"additionalProperties":false}`,
			map[string]any{"next": map[string]any{"next": map[string]any{"nxt": 1}}},
			[]string{"next.next.nxt is not a known field; known are next"},
		},
		{`{"type":"string"}`, make(chan int), []string{"the value must be a string, got a value that JSON cannot hold"}},
	} {
		if got := messages(compile(t, test.schema), test.data); !slices.Equal(got, test.want) {
			t.Errorf("%s of %v:\n got %q\nwant %q", test.schema, test.data, got, test.want)
		}
	}
}

func TestViolationsSayWhereAndWhatElse(t *testing.T) {
	t.Parallel()
	v := compile(t, `{"properties":{"a":{"items":{"required":["name"],"properties":{"name":{},"port":{}},"additionalProperties":false}},
		"mode":{"enum":["fast","safe",3]}}}`)
	got := v.Validate(map[string]any{"a": []any{map[string]any{"nmae": 1}}, "mode": "fats"})
	want := []struct {
		path, keyword, property, field string
		known                          []string
	}{
		{"a/0", "required", "name", "a[0].name", nil},
		{"a/0/nmae", "additionalProperties", "nmae", "a[0].nmae", []string{"name", "port"}},
		{"mode", "enum", "", "mode", []string{"fast", "safe"}},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d violations, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		if strings.Join(g.Path, "/") != w.path || g.Keyword != w.keyword || g.Property != w.property ||
			g.Field() != w.field || !slices.Equal(g.Known, w.known) {
			t.Errorf("%d: got %+v at %s, want %+v", i, g, g.Field(), w)
		}
	}
}

func TestWhatIsNotKnownYetIsNoFault(t *testing.T) {
	t.Parallel()
	later := schema.Unknown{}
	for _, test := range []struct {
		name, schema string
		data         any
		want         []string
	}{
		{"the whole", `{"type":"string"}`, later, nil},
		{"a given part is not missing", `{"required":["a"]}`, map[string]any{"a": later}, nil},
		{"a missing part is", `{"required":["a","b"]}`, map[string]any{"a": later}, []string{"b is required"}},
		{"a superfluous part is", `{"additionalProperties":false}`, map[string]any{"x": later}, []string{"x is not a known field"}},
		{"a fault beside it is", `{"items":{"type":"string"}}`, []any{later, 1}, []string{"[1] must be a string, got an integer"}},
		{"the number of items is known", `{"maxItems":1}`, []any{later, later}, []string{"the value must have at most 1 item, has 2"}},
		{"equal items may not be", `{"uniqueItems":true}`, []any{later, later, 1}, nil},
		{"equal items are", `{"uniqueItems":true}`, []any{1, later, 1}, []string{"the value must not repeat an item, but items 0 and 2 are equal"}},
		{"an enum may hold it", `{"enum":[[1,2]]}`, []any{later, 2}, nil},
		{"an enum cannot hold it", `{"enum":[[1,2]]}`, []any{later, 3}, []string{"the value must be [1,2]"}},
		{"a choice may fit", `{"anyOf":[{"type":"string"},{"required":["a"],"properties":{"a":{"type":"integer"}}}]}`, map[string]any{"a": later}, nil},
		{"no choice can fit", `{"oneOf":[{"type":"string"},{"type":"object","required":["b"]}]}`, map[string]any{"a": later}, []string{"b is required"}},
		{"two choices may fit", `{"oneOf":[{"type":"object"},{"properties":{"a":{"type":"integer"}}}]}`, map[string]any{"a": later}, nil},
		{
			"two choices do fit", `{"oneOf":[{"type":"object"},{"required":["a"]}]}`,
			map[string]any{"a": later},
			[]string{"the value must have exactly one of the allowed shapes, but has several"},
		},
	} {
		got := messages(compile(t, test.schema), test.data)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %s of %v:\n got %q\nwant %q", test.name, test.schema, test.data, got, test.want)
		}
	}
}

func TestSecretsAreInNoMessage(t *testing.T) {
	t.Parallel()
	const secret = "hunter22"
	for _, test := range []struct {
		schema string
		data   any
	}{
		{`{"x-secret":true,"pattern":"^x"}`, secret},
		{`{"x-secret":true,"properties":{"a":{"enum":["b"]}}}`, map[string]any{"a": secret}},
		{`{"x-secret":true,"items":{"format":"duration"}}`, []any{secret}},
		{`{"properties":{"a":{"x-secret":true,"anyOf":[{"minLength":50},{"pattern":"^x"}]}}}`, map[string]any{"a": secret}},
		{`{"pattern":"^x"}`, schema.Masked{Value: secret}},
		{`{"items":{"enum":[1]}}`, []any{schema.Masked{Value: secret}}},
		{`{"anyOf":[{"type":"integer"},{"maxLength":2}]}`, schema.Masked{Value: secret}},
	} {
		got := messages(compile(t, test.schema), test.data)
		if len(got) == 0 {
			t.Errorf("%s: no fault is found", test.schema)
		}
		if strings.Contains(fmt.Sprint(got), secret) {
			t.Errorf("%s: the secret is in %q", test.schema, got)
		}
	}
	after := messages(compile(t, `{"properties":{"a":{"x-secret":true,"pattern":"x"},"b":{"pattern":"x"}}}`),
		map[string]any{"a": secret, "b": "plain"})
	if !slices.Equal(after, []string{"a must match x", "b must match x, got plain"}) {
		t.Errorf("got %q, want the second value shown", after)
	}
}

func TestFormatsAreHeld(t *testing.T) {
	t.Parallel()
	for format, values := range map[string]struct{ good, bad []string }{
		"duration":  {[]string{"300s", "1h30m", "0s"}, []string{"", "5", "PT5M", "5 min"}},
		"date-time": {[]string{"2026-03-01T22:00:00Z", "2026-03-01T22:00:00.5+08:00"}, []string{"2026-03-01", "22:00"}},
		"date":      {[]string{"2026-03-01"}, []string{"2026-02-30"}},
		"email":     {[]string{"a@example.com"}, []string{"a", "A <a@example.com>"}},
		"uri":       {[]string{"https://example.com/x", "urn:x:y"}, []string{"example.com", "/x", "http://[::1"}},
		"hostname":  {[]string{"web-1.example.com", "localhost", "a.b."}, []string{"", "-a", "a_b", "a..b", strings.Repeat("a", 64)}},
		"ipv4":      {[]string{"10.0.0.1"}, []string{"10.0.0", "::1", "10.0.0.256"}},
		"ipv6":      {[]string{"::1", "fe80::1"}, []string{"10.0.0.1", "fe80::1%eth0"}},
		"regex":     {[]string{"", "(?i)error|panic", `^\p{Greek}+$`}, []string{"(", `(?=x)`, `\`, "a{1001}", "((a{99}){99}){99}"}},
		"unheard":   {[]string{"anything"}, nil},
	} {
		v := compile(t, `{"format":"`+format+`"}`)
		for _, good := range values.good {
			if got := messages(v, good); got != nil {
				t.Errorf("%s: %q is refused: %q", format, good, got)
			}
		}
		for _, bad := range values.bad {
			if got := messages(v, bad); len(got) != 1 || !strings.HasPrefix(got[0], "the value must be a") {
				t.Errorf("%s: %q gives %q", format, bad, got)
			}
		}
		if got := messages(v, 7); got != nil {
			t.Errorf("%s: a number is held to it: %q", format, got)
		}
	}
}

func TestFaultySchemasAreRefused(t *testing.T) {
	t.Parallel()
	deep := &schema.Schema{}
	for range 1000 {
		deep = &schema.Schema{Items: deep}
	}
	wide := &schema.Schema{}
	for i := range 30_000 {
		wide.Properties = append(wide.Properties, schema.Property{Name: fmt.Sprint(i)})
	}
	for want, s := range map[string]*schema.Schema{
		`a $ref leads back to itself`:        {Ref: "#/$defs/a", Defs: []schema.Property{{Name: "a", Schema: &schema.Schema{AnyOf: []*schema.Schema{{}, {Ref: "#/$defs/a"}}}}}},
		`$ref "#/$defs/b" leads nowhere`:     {Ref: "#/$defs/b"},
		`$ref "file:///etc/x" leads nowhere`: {Items: &schema.Schema{Ref: "file:///etc/x"}},
		`error parsing regexp`:               {Pattern: "(?=x)"},
		`expression is too large`:            {Pattern: "(x{100}){10}"},
		`"text" is not a type`:               {Type: "text"},
		`multipleOf must be greater than 0`:  {MultipleOf: new(float64(0))},
		`nested deeper than`:                 deep,
		`more than 20000 parts`:              wide,
	} {
		if _, err := schema.Compile(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNoSchemaMakesTheCheckEndless tries every branch of a choice that doubles at
// each level of the value.
func TestNoSchemaMakesTheCheckEndless(t *testing.T) {
	t.Parallel()
	v := compile(t, `{"$ref":"#/$defs/x","$defs":{"x":{"oneOf":[{"type":"integer"},{"items":{"$ref":"#/$defs/x"}},{"items":{"$ref":"#/$defs/x"}}]}}}`)
	var data any = "leaf"
	for range 60 {
		data = []any{data}
	}
	got := messages(v, data)
	if len(got) == 0 || !strings.Contains(got[len(got)-1], "too complex") {
		t.Errorf("got %q", got)
	}
}

func BenchmarkValidate(b *testing.B) {
	v := compile(b, `{"type":"object","required":["url"],"additionalProperties":false,"properties":{
		"url":{"type":"string","pattern":"^https?://"},"method":{"type":"string","enum":["GET","HEAD"]},
		"within":{"type":"string","format":"duration"},"consecutive":{"type":"integer","minimum":1},
		"headers":{"type":"object","additionalProperties":{"type":"string"}}}}`)
	data := map[string]any{
		"url": "https://example.com/healthz", "method": "GET", "within": "2m", "consecutive": int64(3),
		"headers": map[string]any{"accept": "text/plain"},
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := v.Validate(data); got != nil {
			b.Fatal(got)
		}
	}
}
