// Package exprtest is a small runbook's names and values, and comparisons, for the
// tests of the expressions. Floor 2, inside engine/expr.
package exprtest

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Fields returns the shape of an object.
func Fields(required string, properties ...schema.Property) *schema.Schema {
	return &schema.Schema{Type: schema.TypeObject, Properties: properties, Required: strings.Fields(required)}
}

// Field returns one field of an object.
func Field(name string, s schema.Schema) schema.Property {
	return schema.Property{Name: name, Schema: &s}
}

// Types is the names of a small runbook with steps that have run and one that
// has not.
func Types() *names.Types {
	text, whole := schema.Schema{Type: schema.TypeString}, schema.Schema{Type: schema.TypeInteger}
	inputs := Fields("count ratio name token flag took at nodes servers labels free",
		Field("count", whole), Field("opt", whole), Field("ratio", schema.Schema{Type: schema.TypeNumber}),
		Field("name", text), Field("token", text), Field("flag", schema.Schema{Type: schema.TypeBoolean}),
		Field("took", schema.Schema{Type: schema.TypeString, Format: schema.FormatDuration}),
		Field("at", schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}),
		Field("nodes", schema.Schema{Type: schema.TypeArray, Items: &text}),
		Field("servers", schema.Schema{Type: schema.TypeArray, Items: Fields("name port", Field("name", text), Field("port", whole))}),
		Field("labels", schema.Schema{Type: schema.TypeObject, Additional: &text}),
		Field("free", schema.Schema{}),
	)
	outputs := Fields("evicted skipped",
		Field("evicted", whole), Field("skipped", schema.Schema{Type: schema.TypeArray, Items: &text}), Field("note", text))
	return names.NewTypes(inputs, nil, map[string]*schema.Schema{"drain": outputs, "before": outputs, "omitted": outputs})
}

// JSON returns the value of a document, which must be one.
func JSON(document string) value.Value {
	v, err := value.FromJSON([]byte(document))
	if err != nil {
		panic(err)
	}
	return v
}

// Scope is the values: before has succeeded, drain has not run, omitted was
// skipped, and inputs.token is a secret.
func Scope() names.Values {
	inputs := JSON(`{
		"count": 3, "ratio": 0.5, "name": "web", "flag": true, "took": "90s", "at": "2026-01-02T03:04:05Z",
		"nodes": ["a", "b"], "servers": [{"name": "s", "port": 80}], "labels": {"x": "y"}, "free": {"a": [1, 2.5, null]}}`)
	return names.Values{
		Roots: map[string]value.Value{
			names.RootInputs: value.Object(append([]value.Member{{Name: "token", Value: value.String("hunter2").Secret()}}, inputs.Members()...)...),
			names.RootNow:    value.String("2026-05-05T00:00:00Z"),
			names.RootVars: value.ObjectOf(map[string]value.Value{
				"later": value.Unknown(value.Cause{Step: "drain", Reason: "it is an output"}),
				"mixed": value.List(value.Int(1), value.Unknown(value.Cause{Step: "drain", Reason: "it is an output"})),
			}),
			names.RootRun: JSON(`{"id": "r1", "runbook": "web", "version": "1.0.0", "outcome": "succeeded", "actor": "ann", "startedAt": "2026-05-04T00:00:00Z", "remaining": "20m0s"}`),
		},
		Steps: map[string]value.Value{
			"before":  JSON(`{"status": "succeeded", "outputs": {"evicted": 2, "skipped": []}}`),
			"omitted": JSON(`{"status": "skipped"}`),
			"drain": value.ObjectOf(map[string]value.Value{
				"status":  value.String("pending"),
				"outputs": value.Unknown(value.Cause{Step: "drain", Reason: "it is an output"}),
			}),
		},
	}
}

// Marked takes «» out of a text and returns what they enclosed.
func Marked(text string) (plain string, start, end int) {
	before, rest, _ := strings.Cut(text, "«")
	inside, after, _ := strings.Cut(rest, "»")
	return before + inside + after, len(before), len(before) + len(inside)
}

// WantFault compares one fault with the code, the marked place and a part of what it
// says.
func WantFault(t *testing.T, faults []names.Fault, code, says string, start, end int) {
	t.Helper()
	if len(faults) != 1 {
		t.Fatalf("got %d faults, want 1: %+v", len(faults), faults)
	}
	f := faults[0]
	if f.Rule.Code != code || f.Start != start || f.End != end {
		t.Errorf("got %s at %d-%d, want %s at %d-%d", f.Rule.Code, f.Start, f.End, code, start, end)
	}
	if !strings.Contains(f.Detail+" "+f.Hint, says) {
		t.Errorf("got %q, hint %q; want %q in it", f.Detail, f.Hint, says)
	}
}
