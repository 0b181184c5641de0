package example_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

func senses(t *testing.T, texts ...string) []expr.Sense {
	t.Helper()
	whole, truth := schema.Schema{Type: schema.TypeInteger, Minimum: new(0.0)}, schema.Schema{Type: schema.TypeBoolean}
	pod := exprtest.Fields("ready restarts", exprtest.Field("ready", truth), exprtest.Field("restarts", whole))
	observed := exprtest.Fields("ready rate phase pods", exprtest.Field("ready", whole),
		exprtest.Field("rate", schema.Schema{Type: schema.TypeNumber}), exprtest.Field("phase", schema.Schema{Type: schema.TypeString}),
		exprtest.Field("pods", schema.Schema{Type: schema.TypeArray, Items: pod}))
	types := expr.NewTypes(nil, nil, map[string]*schema.Schema{"drain": exprtest.Fields("evicted", exprtest.Field("evicted", whole))}).
		With(expr.RootObserved, observed)
	made := make([]expr.Sense, len(texts))
	for i, text := range texts {
		compiled, faults := expr.NewCompiler().Condition(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %v", text, faults)
		}
		made[i] = expr.Sense{Condition: compiled, Scope: expr.Values{Roots: map[string]value.Value{expr.RootInputs: exprtest.JSON(`{"min": 3}`)}}}
	}
	return made
}

// What is found makes the first true and the second false; the values are those that matter.
func TestAnExampleShowsTheDifference(t *testing.T) {
	t.Parallel()
	for _, use := range []struct{ hold, fail, want string }{
		{"observed.ready >= 2", "observed.ready >= 3", `{"observed.ready":2}`},
		{"observed.ready >= 2", "observed.ready >= inputs.min", `{"observed.ready":2}`},
		{"observed.rate < 0.05", "observed.rate < 0.01", `{"observed.rate":0.01}`},
		{"observed.phase != ''", "observed.phase == 'Running'", `{"observed.phase":"other"}`},
		{"observed.pods.all(p, p.ready)", "observed.pods.all(p, p.ready && p.restarts < 3)", `{"observed.pods":[{"ready":true,"restarts":3}]}`},
		{"steps.drain.outputs.evicted == 0", "steps.drain.outputs.evicted > 0", `{"steps.drain.outputs.evicted":0}`},
	} {
		world, found := expr.Where(senses(t, use.hold), senses(t, use.fail))
		if got := value.Object(world...).String(); !found || got != use.want {
			t.Errorf("%s and not %s: got %s, want %s", use.hold, use.fail, got, use.want)
		}
	}
}

func TestNoExampleContradictsTheSchemaOrTheConditions(t *testing.T) {
	t.Parallel()
	for _, use := range []struct{ hold, fail string }{
		{"observed.ready >= 3", "observed.ready >= 2"},
		{"observed.ready < 5", "observed.ready >= 0"}, // there is no number below 0
		{"observed.ready > 3", "observed.ready > 3"},
	} {
		if world, found := expr.Where(senses(t, use.hold), senses(t, use.fail)); found {
			t.Errorf("%s and not %s: got %v, want none", use.hold, use.fail, world)
		}
	}
}

// What a schema excludes is no world, and what conditions allow of it that know more.
func TestAnExampleFitsItsSchema(t *testing.T) {
	t.Parallel()
	text := schema.Schema{Type: schema.TypeString}
	colour := schema.Schema{Type: schema.TypeString, Enum: []any{"red", "green"}}
	types := expr.NewTypes(nil, nil, map[string]*schema.Schema{"r": nil}).With(expr.RootObserved, exprtest.Fields("colour code host level shade names pods either",
		exprtest.Field("colour", colour),
		exprtest.Field("code", schema.Schema{Type: schema.TypeInteger, Minimum: new(100.0), Maximum: new(599.0)}),
		exprtest.Field("host", schema.Schema{Type: schema.TypeString, Pattern: "^web", Examples: []any{"web-1"}}),
		exprtest.Field("level", schema.Schema{Enum: []any{"low", 3}}),
		exprtest.Field("names", schema.Schema{Type: schema.TypeArray, MinItems: new(2), Items: &text}),
		exprtest.Field("pods", schema.Schema{Type: schema.TypeArray, Items: exprtest.Fields("colour ready", exprtest.Field("colour", colour), exprtest.Field("ready", text))}),
		exprtest.Field("either", schema.Schema{AnyOf: []*schema.Schema{exprtest.Fields("a", exprtest.Field("a", colour)), exprtest.Fields("b", exprtest.Field("b", text))}})))
	for _, use := range []struct{ hold, fail, want string }{
		{"observed.colour != 'red'", "observed.colour == 'green'", ""},
		{"observed.colour != 'blue'", "observed.colour == 'green'", `{"observed.colour":"red"}`},
		{"observed.code >= 0", "observed.code >= 100", ""},
		{"observed.code >= 0", "observed.code < 500", `{"observed.code":599}`},
		{"observed.host != 'db'", "observed.host == 'web'", `{"observed.host":"web-1"}`},
		{"observed.host != 'db'", "observed.host.startsWith('web')", ""},
		{"observed.level != 'low'", "observed.level == 'low'", `{"observed.level":3}`},
		{"observed.level != 'low'", "observed.level == 3", ""},
		{"observed.names.exists(n, n == 'a')", "size(observed.names) < 2", `{"observed.names":["a","a"]}`},
		{"size(observed.names) < 2", "false", ""},
		{"observed.pods.exists(p, p.colour != 'red')", "observed.pods.all(p, p.colour != 'green')", `{"observed.pods":[{"colour":"green"}]}`},
		{"observed.pods.exists(p, p.colour != 'red')", "observed.pods.exists(p, p.colour == 'green')", ""},
		{"observed.either.a != 'red'", "observed.either.a == 'green'", ""}, // who knows what a is
		{"steps.r.status != 'failed'", "steps.r.status in ['succeeded', 'skipped']", ""},
		{"steps.r.status != 'succeeded'", "steps.r.status == 'failed'", `{"steps.r.status":"skipped"}`},
	} {
		world, found := expr.Where(over(t, types, use.hold), over(t, types, use.fail))
		got := ""
		if found {
			got = value.Object(world...).String()
		}
		if got != use.want {
			t.Errorf("%s and not %s: got %s, want %s", use.hold, use.fail, got, use.want)
		}
	}
}

// over compiles a condition that knows of which words the status of a step is one.
func over(t *testing.T, types *expr.Types, text string) []expr.Sense {
	t.Helper()
	compiled, faults := expr.NewCompiler().Condition(text, types)
	if len(faults) > 0 {
		t.Fatalf("%s: %v", text, faults)
	}
	return []expr.Sense{{Condition: compiled, Scope: expr.Values{}, Among: func(r expr.Ref) []string {
		if _, isStep := r.Step(); isStep {
			return []string{"succeeded", "failed", "skipped"}
		}
		return nil
	}}}
}
