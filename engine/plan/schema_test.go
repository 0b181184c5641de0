package plan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// TestSchemaFile keeps schema/plan-v1.json in step with the code.
func TestSchemaFile(t *testing.T) {
	t.Parallel()
	text, err := json.MarshalIndent(plan.Schema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../schema/plan-v1.json", string(text)+"\n")
}

func TestPlansFitTheSchema(t *testing.T) {
	t.Parallel()
	validator, err := schema.Compile(plan.Schema())
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/*/plan.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v, err := value.FromJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		document, err := v.Reveal()
		if err != nil {
			t.Fatal(err)
		}
		for _, violation := range validator.Validate(document) {
			t.Errorf("%s: %s", path, violation.Message)
		}
	}
}

// TestSchemaHasEveryField finds a field of the structs that the schema forgot, also one
// that no golden plan has.
func TestSchemaHasEveryField(t *testing.T) {
	t.Parallel()
	s := plan.Schema()
	defs := map[string]*schema.Schema{}
	for _, d := range s.Defs {
		defs[d.Name] = d.Schema
	}
	property := func(s *schema.Schema, name string) *schema.Schema {
		p, ok := s.Property(name)
		if !ok {
			t.Fatalf("the schema has no %s", name)
		}
		return p
	}
	preview := property(defs["use"], "preview")
	tests := []struct {
		of     any
		schema *schema.Schema
	}{
		{plan.Plan{}, s},
		{plan.Header{}, property(s, "runbook")},
		{plan.Counts{}, property(s, "counts")},
		{plan.Step{}, defs["step"]},
		{plan.Use{}, defs["use"]},
		{plan.Edge{}, property(defs["step"], "needs").Items},
		{plan.Condition{}, defs["condition"]},
		{plan.State{}, property(defs["condition"], "state")},
		{plan.Retry{}, defs["retry"]},
		{plan.Compensation{}, property(defs["step"], "rollback")},
		{plan.Binding{}, defs["binding"]},
		{expr.Explanation{}, defs["explanation"]},
		{value.Cause{}, defs["cause"]},
		{sdk.Preview{}, preview},
		{sdk.Delta{}, property(preview, "changes").Items},
	}
	for _, test := range tests {
		names := jsonNames(reflect.TypeOf(test.of))
		if len(names) != len(test.schema.Properties) {
			t.Errorf("%T has %v, and the schema has %d properties", test.of, names, len(test.schema.Properties))
		}
		for _, name := range names {
			if _, ok := test.schema.Property(name); !ok {
				t.Errorf("the schema of %T has no %s", test.of, name)
			}
		}
	}
}

func jsonNames(of reflect.Type) []string {
	var names []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			names = append(names, jsonNames(field.Type)...)
		case field.IsExported() && name != "-":
			names = append(names, name)
		}
	}
	return names
}
