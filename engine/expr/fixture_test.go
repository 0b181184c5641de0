package expr

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

func fields(required string, properties ...schema.Property) *schema.Schema {
	return &schema.Schema{Type: schema.TypeObject, Properties: properties, Required: strings.Fields(required)}
}

func field(name string, s schema.Schema) schema.Property {
	return schema.Property{Name: name, Schema: &s}
}

// exampleTypes is the names of a small runbook with steps that have run and one that
// has not.
func exampleTypes() *Types {
	text, whole := schema.Schema{Type: schema.TypeString}, schema.Schema{Type: schema.TypeInteger}
	inputs := fields("count ratio name token flag took at nodes servers labels free",
		field("count", whole), field("opt", whole), field("ratio", schema.Schema{Type: schema.TypeNumber}),
		field("name", text), field("token", text), field("flag", schema.Schema{Type: schema.TypeBoolean}),
		field("took", schema.Schema{Type: schema.TypeString, Format: schema.FormatDuration}),
		field("at", schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}),
		field("nodes", schema.Schema{Type: schema.TypeArray, Items: &text}),
		field("servers", schema.Schema{Type: schema.TypeArray, Items: fields("name port", field("name", text), field("port", whole))}),
		field("labels", schema.Schema{Type: schema.TypeObject, Additional: &text}),
		field("free", schema.Schema{}),
	)
	outputs := fields("evicted skipped",
		field("evicted", whole), field("skipped", schema.Schema{Type: schema.TypeArray, Items: &text}), field("note", text))
	return NewTypes(inputs, nil, map[string]*schema.Schema{"drain": outputs, "before": outputs, "omitted": outputs})
}

func mustJSON(document string) value.Value {
	v, err := value.FromJSON([]byte(document))
	if err != nil {
		panic(err)
	}
	return v
}

// exampleScope is the values: before has succeeded, drain has not run, omitted was
// skipped, and inputs.token is a secret.
func exampleScope() Values {
	inputs := mustJSON(`{
		"count": 3, "ratio": 0.5, "name": "web", "flag": true, "took": "90s", "at": "2026-01-02T03:04:05Z",
		"nodes": ["a", "b"], "servers": [{"name": "s", "port": 80}], "labels": {"x": "y"}, "free": {"a": [1, 2.5, null]}}`)
	return Values{
		Roots: map[string]value.Value{
			RootInputs: value.Object(append([]value.Member{{Name: "token", Value: value.String("hunter2").Secret()}}, inputs.Members()...)...),
			RootNow:    value.String("2026-05-05T00:00:00Z"),
			RootVars: value.ObjectOf(map[string]value.Value{
				"later": value.Unknown(value.Cause{Step: "drain", Reason: "it is an output"}),
				"mixed": value.List(value.Int(1), value.Unknown(value.Cause{Step: "drain", Reason: "it is an output"})),
			}),
			RootRun: mustJSON(`{"id": "r1", "runbook": "web", "version": "1.0.0", "outcome": "succeeded", "actor": "ann", "startedAt": "2026-05-04T00:00:00Z"}`),
		},
		Steps: map[string]value.Value{
			"before":  mustJSON(`{"status": "succeeded", "outputs": {"evicted": 2, "skipped": []}}`),
			"omitted": mustJSON(`{"status": "skipped"}`),
			"drain": value.ObjectOf(map[string]value.Value{
				"status":  value.String("pending"),
				"outputs": value.Unknown(value.Cause{Step: "drain", Reason: "it is an output"}),
			}),
		},
	}
}

// marked takes «» out of a text and returns what they enclosed.
func marked(text string) (plain string, start, end int) {
	before, rest, _ := strings.Cut(text, "«")
	inside, after, _ := strings.Cut(rest, "»")
	return before + inside + after, len(before), len(before) + len(inside)
}

// wantFault compares one fault with the code, the marked place and a part of what it
// says.
func wantFault(t *testing.T, faults []Fault, code, says string, start, end int) {
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
