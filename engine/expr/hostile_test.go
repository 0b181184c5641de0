package expr

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/value"
)

// patience is what no expression may take, with room for a slow, busy machine: the
// limits are meant to end each in a fraction of it.
const patience = 5 * time.Second

// appetite is what no expression may allocate.
const appetite = 1 << 30

func bounded(t *testing.T, name string, work func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	work()
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	t.Logf("%-40.40s %8v %6d MiB", name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
	if took > patience {
		t.Errorf("%.80s took %v", name, took)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > appetite {
		t.Errorf("%.80s allocated %d MiB", name, used>>20)
	}
}

func hostileScope() Values {
	scope := exampleScope()
	many := make([]value.Value, 10_000)
	for i := range many {
		many[i] = value.Int(int64(i))
	}
	scope.Roots[RootVars] = value.ObjectOf(map[string]value.Value{
		"many": value.List(many...),
		"long": value.String(strings.Repeat("a", 1<<20)),
	})
	return scope
}

func TestHostileConditionsEndQuickly(t *testing.T) {
	types, compiler, scope := exampleTypes(), NewCompiler(), hostileScope()
	for _, text := range []string{
		`vars.many.all(a, vars.many.all(b, vars.many.all(c, a + b + c >= 0)))`,
		`vars.many.map(a, vars.many.map(b, vars.many)).size() > 0`,
		`["x"]` + strings.Repeat(`.map(a, a + a)`, 60) + `.size() == 1`,
		`[[1]]` + strings.Repeat(`.map(a, [a, a])`, 60) + `.size() == 1`,
		`lists.range(1000000000).size() == 1`,
		`lists.range(1000000).all(a, lists.range(1000000).all(b, true))`,
		`vars.long.replace("", vars.long).size() == 1`,
		`vars.many.map(a, vars.long).join(vars.long).size() == 1`,
		`vars.long.matches("(a*)*(a*)*(a*)*b")`,
		`vars.long.matches("(((a{1,100}){1,100}){1,100})b")`,
		`"%1000000000d".format([1]) == ""`,
		`"%.1000000000f".format([1.0]) == ""`,
		`vars.many.sort() == vars.many && vars.many.distinct().size() == 1`,
		`vars.many.flatten().slice(0, 5).size() == 5 && sets.equivalent(vars.many, vars.many)`,
		`vars.long.split("").map(a, vars.long.split("")).size() == 1`,
		`vars.many.all(a, vars.long.contains("b") || vars.long.lowerAscii() == vars.long)`,
		`vars.many.all(a, a in vars.many)`,
		`vars.many.all(a, vars.many == vars.many)`,
		`vars.long.reverse().reverse().reverse() == vars.long`,
		strings.Repeat("(", 10_000) + "true" + strings.Repeat(")", 10_000),
		strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60),
		strings.Repeat("!", 16_000) + "true",
		strings.Repeat("-", 16_000) + "1 == 1",
		strings.Repeat("[", 8_000), strings.Repeat("{", 8_000), strings.Repeat("a.", 8_000) + "a",
		"true" + strings.Repeat("&&true", 2_600), "1" + strings.Repeat("+1", 8_000) + " > 0",
		strings.Repeat("true?", 3_000) + "true" + strings.Repeat(":true", 2_000),
		strings.Repeat("x", 1<<20), strings.Repeat("\"", 16_000), strings.Repeat("?", 16_000),
		strings.Repeat("[1].map(a,", 500) + "a" + strings.Repeat(")", 500),
		strings.Repeat("has(", 60) + "a.b" + strings.Repeat(")", 60),
		"inputs.name" + strings.Repeat(".size()", 2000) + " > 1",
	} {
		bounded(t, text, func() {
			if condition, _ := compiler.Condition(text, types); condition != nil {
				condition.Eval(scope)
				condition.Explain(scope)
			}
		})
	}
}

func TestHostileTemplatesEndQuickly(t *testing.T) {
	types, compiler, scope := exampleTypes(), NewCompiler(), hostileScope()
	for _, text := range []string{
		`all(vars.many, all(vars.many, all(vars.many, true)))`,
		`all(1..1000000, all(1..1000000, true))`,
		`map(1..1000000, map(1..1000000, #))`,
		`reduce(1..1000, #acc + #acc, "x")`,
		`reduce(1..1000, [#acc, #acc], [1])`,
		doubling(`"xxxxxxxxxx"`, "_ + _"), doubling("[1]", "[_, _]"), doubling(`{"a": 1}`, `{"a": _, "b": _}`), doubling("[1]", "concat(_, _)"),
		`replace(vars.long, "", vars.long)`, `replace(vars.long, "a", vars.long)`,
		`repeat(vars.long, 1000000)`, `repeat("ab", -1)`, `map(1..1000, repeat("a", 1000000))`,
		`join(map(vars.many, vars.long), vars.long)`, `uniq(vars.many)`, `uniq(split(vars.long, ""))`,
		`all(vars.many, # in vars.many)`, `all(vars.many, vars.many == vars.many)`, `all(vars.many, vars.long contains "b")`,
		`all(vars.many, vars.long == vars.long + "")`, `all(vars.many, vars.long matches "(a*)*b")`,
		`vars.long matches "(((a{1,100}){1,100}){1,100})b"`,
		`all(vars.many, len(toJSON(vars.many)) > 0)`, `all(vars.many, len(sort(vars.many)) > 0)`, `all(vars.many, len(upper(vars.long)) > 0)`,
		`all(vars.many, vars.long[0:1000] == "")`, `flatten(map(vars.many, vars.many))`, `toPairs({"a": vars.many})`,
		`2 ** 100000 > 1`, `1..1000000000`, `fromJSON("[" + repeat("[", 100000))`, `fromJSON(repeat("[", 100000) + repeat("]", 100000))`,
		`count(1..100000, count(1..100000, true) > 0)`, `sum(vars.many, sum(vars.many, sum(vars.many, #)))`,
		`sortBy(vars.many, -#) | map({"a": vars.many})`, `groupBy(vars.many, vars.many)`, `any(vars.many, date("2020-01-01").Format(vars.long) == "")`,
		strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), strings.Repeat("!", 15_000) + "true", strings.Repeat("-", 15_000) + "1",
		strings.Repeat("[", 8_000), strings.Repeat("{", 8_000), "a" + strings.Repeat(".a", 7_000), "1" + strings.Repeat("+1", 7_000),
		strings.Repeat("true?", 2_500), strings.Repeat("let a=1;", 2_000), strings.Repeat("x", 1<<20), strings.Repeat("map([1],", 60) + "1" + strings.Repeat(")", 60),
		`fromBase64(toBase64(vars.long))`, `"` + strings.Repeat("a", 10_000) + `" matches "` + strings.Repeat("(a*)*", 1_000) + `b"`,
		"vars.long" + strings.Repeat("+vars.long", 1_000),
		"inputs.name" + strings.Repeat("|upper()", 1_500),
	} {
		bounded(t, text, func() {
			if template, _ := compiler.Template("${{ "+text+" }}", types); template != nil {
				_, err := template.Eval(scope)
				_ = err
			}
		})
	}
}

// doubling writes a chain of lets, each of which uses the one before it twice.
func doubling(first, next string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "let v0 = %s; ", first)
	for i := 1; i <= 60; i++ {
		before := fmt.Sprintf("v%d", i-1)
		fmt.Fprintf(&text, "let v%d = %s; ", i, strings.ReplaceAll(next, "_", before))
	}
	return text.String() + "v60"
}
