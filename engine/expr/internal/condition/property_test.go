package condition_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// anyScope draws values for the inputs of anyTypes, some of them unknown, and a
// completion: the same with a value for each unknown.
func anyScope(t *rapid.T) (partial, complete expr.Values) {
	var some, all []value.Member
	add := func(name string, v value.Value) {
		all = append(all, value.Member{Name: name, Value: v})
		if rapid.Bool().Draw(t, name+" is unknown") {
			v = value.Unknown(value.Cause{Step: name, Reason: "drawn"})
		}
		some = append(some, value.Member{Name: name, Value: v})
	}
	for _, name := range []string{"a", "b", "c"} {
		add(name, value.Bool(rapid.Bool().Draw(t, name)))
	}
	for _, name := range []string{"i", "j"} {
		add(name, value.Int(rapid.Int64Range(-2, 2).Draw(t, name)))
	}
	add("s", value.String(rapid.SampledFrom([]string{"", "x", "xy"}).Draw(t, "s")))
	var known, hidden []value.Value
	for k := range rapid.IntRange(0, 3).Draw(t, "length") {
		item := value.Int(rapid.Int64Range(-2, 2).Draw(t, fmt.Sprint("item ", k)))
		known = append(known, item)
		if rapid.Bool().Draw(t, fmt.Sprint("item is unknown ", k)) {
			item = value.Unknown(value.Cause{Step: "item", Reason: "drawn"})
		}
		hidden = append(hidden, item)
	}
	all = append(all, value.Member{Name: "l", Value: value.List(known...)})
	some = append(some, value.Member{Name: "l", Value: value.List(hidden...)})
	if rapid.Bool().Draw(t, "has o") {
		add("o", value.Int(1))
	}
	roots := func(members []value.Member) expr.Values {
		return expr.Values{Roots: map[string]value.Value{expr.RootInputs: value.Object(members...), expr.RootVars: value.Object(members...)}}
	}
	return roots(some), roots(all)
}

func anyTypes() *expr.Types {
	whole, truth := schema.Schema{Type: schema.TypeInteger}, schema.Schema{Type: schema.TypeBoolean}
	return expr.NewTypes(exprtest.Fields("a b c i j s l",
		exprtest.Field("a", truth), exprtest.Field("b", truth), exprtest.Field("c", truth), exprtest.Field("i", whole), exprtest.Field("j", whole), exprtest.Field("o", whole),
		exprtest.Field("s", schema.Schema{Type: schema.TypeString}), exprtest.Field("l", schema.Schema{Type: schema.TypeArray, Items: &whole}),
	), nil, nil)
}

// anyBoolean draws a condition over the names of anyTypes, through the typed inputs
// and through the untyped vars.
func anyBoolean(t *rapid.T, depth int) string {
	root := rapid.SampledFrom([]string{expr.RootInputs, expr.RootVars}).Draw(t, "root")
	n := func() string { return fmt.Sprint(rapid.Int64Range(-2, 2).Draw(t, "n")) }
	leaves := []string{
		"~.a", "~.b", "~.c", "~.i == ~.j", "~.i > " + n(), "~.i + ~.j < " + n(), "~.s == 'x'", "~.s + ~.s == 'xx'", "~.s.startsWith('x')",
		"~.l == [1, 2]", "~.i in ~.l", "1 in ~.l", "~.l.exists(x, x > ~.i)", "~.l.all(x, x < " + n() + ")", "~.l.size() > 1", "~.l[0] == 1",
		"~.l.map(x, x + 1) == [1]", "~.l.exists_one(x, x == 1)", "has(~.o)", "has(~.o) && ~.o == 1", "~.?o.orValue(2) == 2", "10 / ~.i > 1",
		"~.l.filter(x, x > 0).size() == 1", "{'k': ~.i} == {'k': 1}", "[~.i, ~.j] == [1, 1]", "[~.l] == [[1]]", "!(~.i in [~.j])", "~.o == null",
	}
	if depth == 0 {
		return strings.ReplaceAll(rapid.SampledFrom(leaves).Draw(t, "leaf"), "~", root)
	}
	left, right := anyBoolean(t, depth-1), anyBoolean(t, depth-1)
	switch rapid.IntRange(0, 4).Draw(t, "operator") {
	case 0:
		return "(" + left + " && " + right + ")"
	case 1:
		return "(" + left + " || " + right + ")"
	case 2:
		return "!(" + left + ")"
	case 3:
		return "(" + left + " ? " + right + " : " + anyBoolean(t, depth-1) + ")"
	default:
		return "((" + left + ") == (" + right + "))"
	}
}

// What a condition says of a partly unknown scope must be what it says of every
// completion of it.
func TestPartialEvaluationIsSound(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), anyTypes()
	rapid.Check(t, func(t *rapid.T) {
		text := anyBoolean(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		condition, faults := compiler.Condition(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		partial, complete := anyScope(t)
		early, late := condition.Eval(partial), condition.Eval(complete)
		if late.Truth == expr.Unknown {
			t.Fatalf("%s: unknown, though everything is known", text)
		}
		if (early.Truth == expr.True || early.Truth == expr.False) && early.Truth != late.Truth {
			t.Fatalf("%s: %v before and %v after", text, early.Truth, late.Truth)
		}
		if early.Truth == expr.Unknown && (len(early.Causes) == 0 || early.Residual == "") {
			t.Fatalf("%s: unknown without a cause or a residual: %+v", text, early)
		}
	})
}

// The residual of an unknown condition must itself be a condition that says the same
// of every completion.
func TestResidualIsEquivalent(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), anyTypes()
	rapid.Check(t, func(t *rapid.T) {
		text := anyBoolean(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		condition, _ := compiler.Condition(text, types)
		partial, complete := anyScope(t)
		early, late := condition.Eval(partial), condition.Eval(complete)
		if early.Truth != expr.Unknown || late.Truth == expr.Failed {
			t.Skip("nothing is left, or nothing comes of it")
		}
		residual, faults := compiler.Condition(early.Residual, types)
		if len(faults) > 0 {
			t.Fatalf("%s left %s: %+v", text, early.Residual, faults)
		}
		if got := residual.Eval(complete); got.Truth != late.Truth {
			t.Fatalf("%s is %v, and what it left is %v: %s", text, late.Truth, got.Truth, early.Residual)
		}
	})
}
