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
