package condition_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// sense compiles a condition over what is observed: ready, wanted and restarts are whole
// numbers, ratio is any number, phase is text, free may be anything, colour is one of three
// words, shade the same or null, and score a whole number from 0 to 5. vars.min is 3.
func sense(t *testing.T, text string) expr.Sense {
	t.Helper()
	whole, truth := schema.Schema{Type: schema.TypeInteger}, schema.Schema{Type: schema.TypeBoolean}
	pod := exprtest.Fields("ready restarts", exprtest.Field("ready", truth), exprtest.Field("restarts", whole))
	colour, score := schema.Schema{Type: schema.TypeString, Enum: []any{"red", "green", "blue"}}, schema.Schema{Type: schema.TypeInteger, Minimum: new(0.0), Maximum: new(5.0)}
	observed := exprtest.Fields("ready wanted ratio phase free done pods colour shade score",
		exprtest.Field("colour", colour), exprtest.Field("score", score),
		exprtest.Field("shade", schema.Schema{AnyOf: []*schema.Schema{&colour, {Type: schema.TypeNull}}}),
		exprtest.Field("ready", whole), exprtest.Field("wanted", whole), exprtest.Field("done", truth),
		exprtest.Field("ratio", schema.Schema{Type: schema.TypeNumber}), exprtest.Field("phase", schema.Schema{Type: schema.TypeString}),
		exprtest.Field("free", schema.Schema{}), exprtest.Field("pods", schema.Schema{Type: schema.TypeArray, Items: pod}))
	types := expr.NewTypes(exprtest.Fields("min", exprtest.Field("min", whole)), nil, nil).With(expr.RootObserved, observed)
	compiled, faults := expr.NewCompiler().Condition(text, types)
	if len(faults) > 0 {
		t.Fatalf("%s: %v", text, faults)
	}
	return expr.Sense{Condition: compiled, Scope: expr.Values{Roots: map[string]value.Value{
		expr.RootVars: exprtest.JSON(`{"min": 3, "phases": ["Running", "Ready"]}`),
	}}}
}

func follows(from, to expr.Sense) bool { return expr.Follows([]expr.Sense{from}, []expr.Sense{to}) }

func TestFollowsIsDecided(t *testing.T) {
	t.Parallel()
	for _, use := range []struct{ from, to string }{
		{"observed.ready >= 3", "observed.ready >= 2"},
		{"observed.ready > 2", "observed.ready >= 3"},
		{"observed.ready == 3", "observed.ready >= vars.min"},
		{"3 <= observed.ready", "!(observed.ready < vars.min)"},
		{"observed.ready >= 3 && observed.done", "observed.ready   >= 3"},
		{"observed.done", "observed.done || observed.ready > 3"},
		{"observed.phase == 'Running'", "observed.phase in vars.phases"},
		{"observed.phase in ['Running', 'Ready']", "observed.phase in ['Ready', 'Running', 'Done']"},
		{"!(observed.phase in ['a', 'b'])", "observed.phase != 'a'"},
		{"observed.ready == observed.wanted", "observed.wanted >= observed.ready"},
		{"observed.ready > observed.wanted", "observed.ready != observed.wanted"},
		{"observed.pods.all(p, p.ready && p.restarts < 3)", "observed.pods.all(p, p.restarts < 5)"},
		{"observed.pods.exists(p, p.restarts > 5)", "!observed.pods.all(p, p.restarts <= 5)"},
		{"observed.ratio < 0.01", "observed.ratio < 0.05"},
		{"observed.done == true", "observed.done"},
		{"!observed.done", "observed.done != true"},
		{"observed.done ? observed.ready > 3 : observed.ready > 5", "observed.ready > 3"},
		{"observed.ready < 1 && observed.ready > 5", "observed.done"},
		{"vars.min > 5", "observed.done"}, // which never is
		{"observed.done", "vars.min == 3"},
		{"observed.colour != 'red'", "observed.colour in ['green', 'blue']"},
		{"observed.colour in ['green', 'blue']", "!(observed.colour == 'red')"},
		{"observed.colour != 'red' && observed.done && observed.colour != 'blue'", "observed.colour == 'green'"},
		{"observed.colour != 'red'", "observed.colour == 'blue' || observed.done || observed.colour == 'green'"},
		{"observed.colour == 'pink'", "observed.done"}, // which never is
		{"observed.colour > 'green'", "observed.colour == 'red'"},
		{"observed.score != 0", "observed.score > 0"},
		{"observed.score != 5", "observed.score <= 4"},
		{"observed.score >= -3", "observed.score >= 0"},
		{"observed.score < 0", "observed.done"},
		{"observed.score >= 5", "observed.score >= 3 && observed.score <= 5"},
	} {
		if !follows(sense(t, use.from), sense(t, use.to)) {
			t.Errorf("%q does not follow from %q", use.to, use.from)
		}
	}
}

func TestFollowsIsNotGuessed(t *testing.T) {
	t.Parallel()
	for _, use := range []struct{ from, to string }{
		{"observed.ready >= 2", "observed.ready >= 3"},
		{"observed.ready >= 3", "observed.wanted >= 3"},
		{"!(observed.ratio >= 0.05)", "observed.ratio < 0.05"}, // of NaN
		{"observed.free != 3", "observed.free < 3 || observed.free > 3"},
		{"!(observed.free > 3)", "observed.free <= 3"},
		{"observed.pods.exists(p, p.ready)", "observed.pods.all(p, p.ready)"},
		{"observed.pods.all(p, p.ready)", "observed.pods.exists(p, p.ready)"}, // there may be none
		{"observed.done || observed.ready > 3", "observed.done"},
		{"observed.ready + 1 > 3", "observed.ready > 1"},                             // true, and not told
		{"true", "!(observed.free.a in [])"},                                         // there may be no a
		{"observed.free.a == observed.free.b", "observed.free.a <= observed.free.b"}, // of two nulls
		{"observed.free == 'a'", "observed.free < 'b' && observed.free > 1"},
		{"observed.colour != 'red'", "observed.colour == 'blue'"},
		{"observed.done", "observed.colour != 'pink'"},                     // there may be no colour
		{"observed.shade != 'red'", "observed.shade in ['green', 'blue']"}, // but null
		{"observed.score != 1", "observed.score > 1"},
		{"observed.pods.all(observed, observed.ready)", "observed.score >= 0"},
	} {
		if follows(sense(t, use.from), sense(t, use.to)) {
			t.Errorf("%q is said to follow from %q", use.to, use.from)
		}
	}
}

// The same words say another thing where a name means another thing.
func TestFollowsKnowsWhatNamesMean(t *testing.T) {
	t.Parallel()
	before, after := sense(t, "observed.ready >= vars.min"), sense(t, "observed.ready >= vars.min")
	after.Scope = expr.Values{Roots: map[string]value.Value{expr.RootVars: exprtest.JSON(`{"min": 2}`)}}
	if !follows(before, after) || follows(after, before) {
		t.Error("another value of a var is not seen")
	}
	after.Scope = expr.Values{}
	if follows(before, after) || follows(after, before) {
		t.Error("what is known on one side alone is taken for the same")
	}
	before.Scope = expr.Values{}
	if !follows(before, after) {
		t.Error("what is known on no side is not taken for the same")
	}
	after.Means = func(r expr.Ref) string { return "another " + r.String() }
	if follows(before, after) {
		t.Error("names that mean other things are taken for the same")
	}
}

// Of what has few values it is told in full: what follows, and what does not. Of what may also
// be null, nothing that is not so is told.
func TestFollowsAmongFewValues(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct{ worlds, texts []string }{
		"colour": {
			[]string{`"red"`, `"green"`, `"blue"`},
			[]string{"x == 'red'", "x != 'red'", "!(x != 'blue')", "x in ['red', 'blue']", "!(x in ['red', 'blue'])", "x < 'green'", "x >= 'green'", "x == 'pink'", "x != 'pink'", "x == 'red' || x == 'green'", "x != 'red' && x != 'green'"},
		},
		"shade": {
			[]string{`"red"`, `"green"`, `"blue"`, "null"},
			[]string{"x == 'red'", "x != 'red'", "x in ['green', 'blue']", "!(x in ['red', 'blue'])", "x >= 'green'", "x != 'pink'", "x != 'red' && x != 'green'"},
		},
		"score": {
			[]string{"0", "1", "2", "3", "4", "5"},
			[]string{"x >= 0", "x > 0", "x != 0", "!(x <= 0)", "x != 5", "x < 5", "x > 9", "x <= 9", "x == 3", "x >= 3"},
		},
	} {
		for _, from := range of.texts {
			for _, to := range of.texts {
				a, b := sense(t, strings.ReplaceAll(from, "x", "observed."+name)), sense(t, strings.ReplaceAll(to, "x", "observed."+name))
				is := !slices.ContainsFunc(of.worlds, func(v string) bool {
					world := expr.Values{Roots: map[string]value.Value{expr.RootObserved: exprtest.JSON(`{"` + name + `": ` + v + `}`)}}
					return a.Eval(world).Truth == expr.True && b.Eval(world).Truth != expr.True
				})
				if said := follows(a, b); said && !is || !said && is && name != "shade" {
					t.Errorf("%s: %q follows from %q: said %v, is %v", name, to, from, said, is)
				}
			}
		}
	}
}

// What is said to follow does so, whatever the values are.
func TestWhatFollowsIsTrue(t *testing.T) {
	t.Parallel()
	types, compiler := anyTypes(), expr.NewCompiler()
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		partial, _ := anyScope(t)
		left := anyBoolean(t, 1)
		right := anyBoolean(t, rapid.IntRange(0, 1).Draw(t, "depth"))
		switch rapid.IntRange(0, 3).Draw(t, "kin") {
		case 0:
			left = fmt.Sprintf("%s && %s", left, right)
		case 1:
			right = fmt.Sprintf("%s || %s", left, right)
		case 2:
			left, right = fmt.Sprintf("!(%s || %s)", left, right), "!("+right+")"
		}
		from, to := must(t, compiler, left, types), must(t, compiler, right, types)
		if !follows(expr.Sense{Condition: from, Scope: partial}, expr.Sense{Condition: to, Scope: partial}) {
			return
		}
		told["what follows"]++
		for i := range 8 {
			world := completed(t, partial, i)
			if from.Eval(world).Truth == expr.True && to.Eval(world).Truth != expr.True {
				t.Fatalf("%q is true and %q is %v, in %v", left, right, to.Eval(world).Truth, world)
			}
		}
	}, "what follows")
}

func must(t *rapid.T, compiler *expr.Compiler, text string, types *expr.Types) *expr.Condition {
	compiled, faults := compiler.Condition(text, types)
	if len(faults) > 0 {
		t.Fatalf("%s: %v", text, faults)
	}
	return compiled
}

// completed draws a value for each unknown.
func completed(t *rapid.T, partial expr.Values, turn int) expr.Values {
	whole := func(name string) value.Value {
		return value.Int(rapid.Int64Range(-2, 2).Draw(t, fmt.Sprint(name, turn)))
	}
	fill := func(m value.Member) value.Value {
		switch {
		case m.Value.Kind() == value.KindList:
			items := make([]value.Value, len(m.Value.Items()))
			for i, item := range m.Value.Items() {
				if items[i] = item; item.IsUnknown() {
					items[i] = whole(fmt.Sprint("item", i))
				}
			}
			return value.List(items...)
		case !m.Value.IsUnknown():
			return m.Value
		case m.Name == "s":
			return value.String(rapid.SampledFrom([]string{"", "x", "xy"}).Draw(t, fmt.Sprint("s", turn)))
		case m.Name == "i", m.Name == "j", m.Name == "o":
			return whole(m.Name)
		default:
			return value.Bool(rapid.Bool().Draw(t, fmt.Sprint(m.Name, turn)))
		}
	}
	world := expr.Values{Roots: map[string]value.Value{}}
	inputs, _ := partial.Root(expr.RootInputs)
	var members []value.Member
	for _, m := range inputs.Members() {
		members = append(members, value.Member{Name: m.Name, Value: fill(m)})
	}
	for _, root := range []string{expr.RootInputs, expr.RootVars} {
		world.Roots[root] = value.Object(members...)
	}
	return world
}
