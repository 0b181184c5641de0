package data_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// inputs are what the expressions of the tests may use.
var inputs = &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{
	{Name: "name", Schema: &schema.Schema{Type: schema.TypeString}},
	{Name: "count", Schema: &schema.Schema{Type: schema.TypeInteger}},
	{Name: "token", Schema: &schema.Schema{Type: schema.TypeString, Secret: true}},
}}

func compile(t *testing.T, text string) *data.Tree {
	t.Helper()
	node, found := syntax.Parse(source.NewFile("test.yaml", []byte(text)))
	if len(found) > 0 {
		t.Fatal(found[0].Detail)
	}
	tree, found := data.Compile(expr.NewCompiler(), expr.NewTypes(inputs, nil, nil), node)
	if len(found) > 0 {
		t.Fatal(found[0].Detail)
	}
	return tree
}

func TestEvalKeepsTypesMarksAndCauses(t *testing.T) {
	t.Parallel()
	scope := expr.Values{Roots: map[string]value.Value{expr.RootInputs: value.Object(
		value.Member{Name: "count", Value: value.Int(3)},
		value.Member{Name: "name", Value: value.Unknown(value.Cause{Step: "ask", Reason: "it was not asked"})},
		value.Member{Name: "token", Value: value.String("hunter2").Secret()},
	)}}
	tests := []struct{ text, want string }{
		{"a: 1", `{"a":1}`},
		{"b: [x, 1.5, true, null]\na: {}", `{"a":{},"b":["x",1.5,true,null]}`},
		{"a: ${{ inputs.count }}", `{"a":3}`},
		{"a: n${{ inputs.count }}", `{"a":"n3"}`},
		{"z: 1\na: [1, '${{ inputs.count + 1 }}']", `{"a":[1,4],"z":1}`},
		{"a: ${{ inputs.token }}", `{"a":{"$secret":true}}`},
		{"a: ['x-${{ inputs.token }}', y]", `{"a":[{"$secret":true},"y"]}`},
		{"a: ${{ inputs.name }}", `{"a":{"$unknown":[{"step":"ask","reason":"it was not asked"}]}}`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, err := compile(t, test.text).Eval(scope)
			if err != nil {
				t.Fatal(err)
			}
			text, err := got.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(text)); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDataWithoutExpressionsIsConstant(t *testing.T) {
	t.Parallel()
	if _, constant := compile(t, "a: [1, {b: x}]").Constant(); !constant {
		t.Error("plain data is not constant")
	}
	if _, constant := compile(t, "a: [1, {b: '${{ inputs.count }}'}]").Constant(); constant {
		t.Error("data with an expression is constant")
	}
	var none *data.Tree
	if v, constant := none.Constant(); !constant || !v.IsNull() {
		t.Error("no data is not the constant null")
	}
	if v, constant := data.Empty().Constant(); !constant || v.String() != "{}" {
		t.Error("empty data is not the empty object")
	}
}

func TestAnErrorSaysWhichPartFailed(t *testing.T) {
	t.Parallel()
	scope := expr.Values{Roots: map[string]value.Value{
		expr.RootInputs: value.Object(value.Member{Name: "name", Value: value.String("many")}),
	}}
	_, err := compile(t, "a:\n  - b: [1, '${{ int(inputs.name) }}']").Eval(scope)
	if err == nil || !strings.HasPrefix(err.Error(), "a[0].b[1]: ") {
		t.Errorf("error is %v, want one about a[0].b[1]", err)
	}
}

func TestReferencesStandWhereTheyAreWritten(t *testing.T) {
	t.Parallel()
	tree := compile(t, "a: |\n  first\n  ${{ inputs.name }}\nb: ['${{ inputs.count + 1 }}']\n")
	var got []string
	for ref := range tree.References() {
		got = append(got, ref.Range.String()+" "+ref.Range.Text())
	}
	want := []string{"test.yaml:3:7 inputs.name", "test.yaml:4:10 inputs.count"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	tree := compile(t, "a: {b: [x, {c: y}]}\nd: ${{ inputs.name }}\n")
	tests := []struct{ path, value, key string }{
		{"a", "test.yaml:1:4", "test.yaml:1:1"},
		{"a.b.1.c", "test.yaml:1:16", "test.yaml:1:13"},
		{"d", "test.yaml:2:4", "test.yaml:2:1"},
		{"d.inside.it", "test.yaml:2:4", ""},
		{"a.b.7", "test.yaml:1:8", ""},
	}
	for _, test := range tests {
		path := strings.Split(test.path, ".")
		if got, _ := tree.Find(path); got.String() != test.value {
			t.Errorf("%s is at %s, want %s", test.path, got, test.value)
		}
		if got, ok := tree.FindKey(path); ok != (test.key != "") || ok && got.String() != test.key {
			t.Errorf("the key %s is at %s (%v), want %q", test.path, got, ok, test.key)
		}
	}
	if _, ok := data.Empty().Find(nil); ok {
		t.Error("empty data stands somewhere")
	}
}

func TestLeavesKnowWhereTheyGo(t *testing.T) {
	t.Parallel()
	text, number := &schema.Schema{Type: schema.TypeString}, &schema.Schema{Type: schema.TypeInteger}
	into := &schema.Schema{
		Type: schema.TypeObject,
		Defs: []schema.Property{{Name: "tree", Schema: &schema.Schema{
			Type: schema.TypeObject, Additional: &schema.Schema{Ref: "#/$defs/tree"},
			Properties: []schema.Property{{Name: "leaf", Schema: number}},
		}}},
		Properties: []schema.Property{
			{Name: "text", Schema: text},
			{Name: "number", Schema: number},
			{Name: "list", Schema: &schema.Schema{Type: schema.TypeArray, Items: number}},
			{Name: "either", Schema: &schema.Schema{OneOf: []*schema.Schema{number, {Type: schema.TypeBoolean}}}},
			{Name: "tree", Schema: &schema.Schema{Ref: "#/$defs/tree"}},
			{Name: "hidden", Schema: &schema.Schema{Secret: true, Additional: text}},
			{Name: "kept", Schema: &schema.Schema{TakesSecrets: true, Additional: text}},
			{Name: "open", Schema: &schema.Schema{NoSecret: true, Items: text}},
		},
	}
	tests := []struct{ data, want string }{
		{"text: ${{ inputs.name }}", "text [string]"},
		{"text: ${{ inputs.count }}", "text [string] unfit"},
		{"number: a${{ inputs.count }}", "number [integer] unfit"},
		{"number: ${{ inputs.count }}", "number [integer]"},
		{"number: ${{ inputs.count / 2 }}", "number [integer]"}, // it may be whole
		{"list: [1, '${{ inputs.name }}']", "list[1] [integer] unfit"},
		{"list: ${{ inputs.name }}", "list [array] unfit"},
		{"either: ${{ inputs.count }}", "either [integer boolean]"},
		{"either: ${{ inputs.name }}", "either [integer boolean] unfit"},
		{"tree: {a: {b: {leaf: '${{ inputs.name }}'}}}", "tree.a.b.leaf [integer] unfit"},
		{"hidden: {a: '${{ inputs.token }}'}", "hidden.a [string] secret"},
		{"kept: {a: '${{ inputs.token }}'}", "kept.a [string] secret"},
		{"open: [{a: '${{ inputs.token }}'}]", "open[0].a [] readable"},
		{"other: ${{ inputs.token }}", "other []"},
	}
	for _, test := range tests {
		t.Run(test.data, func(t *testing.T) {
			t.Parallel()
			var got []string
			for leaf := range compile(t, test.data).Leaves(into) {
				line := leaf.Into.Field + " [" + strings.Join(leaf.Into.Types(), " ") + "]"
				for word, is := range map[string]bool{" unfit": !leaf.Fits(), " secret": leaf.Into.TakesSecrets(), " readable": leaf.Into.NoSecret()} {
					if is {
						line += word
					}
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("leaves (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShapeFollowsSecrets(t *testing.T) {
	t.Parallel()
	tree := compile(t, "a: Bearer ${{ inputs.token }}\nb: [x, y]\nc: [x, 1]\nd: {e: '${{ inputs.count }}'}\n")
	shape := tree.Shape(func(ref expr.Ref) bool { return ref.Path[0] == "token" })
	text, err := shape.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"object","properties":{` +
		`"a":{"type":"string","x-secret":true},` +
		`"b":{"type":"array","items":{"type":"string"}},` +
		`"c":{"type":"array"},` +
		`"d":{"type":"object","properties":{"e":{"type":"integer"}},"required":["e"],"additionalProperties":false}},` +
		`"required":["a","b","c","d"],"additionalProperties":false}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
	for path, want := range map[string]bool{"a": true, "b": false, "d.e": false, "": true} {
		var parts []string
		if path != "" {
			parts = strings.Split(path, ".")
		}
		if got := data.LeadsToSecret(shape, parts); got != want {
			t.Errorf("%q leads to a secret: %v, want %v", path, got, want)
		}
	}
}

func TestAShapeThatRefersToItselfEnds(t *testing.T) {
	t.Parallel()
	loop := &schema.Schema{Type: schema.TypeObject}
	loop.Properties = []schema.Property{{Name: "next", Schema: loop}}
	loop.AnyOf = []*schema.Schema{{Ref: "#"}, loop}
	if data.HoldsSecret(loop) {
		t.Error("a shape without a secret holds one")
	}
	for leaf := range compile(t, "next: {next: {next: '${{ inputs.name }}'}}").Leaves(loop) {
		if leaf.Fits() {
			t.Error("a string fits an object")
		}
	}
}
