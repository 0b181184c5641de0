package expr_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
)

// patience is only for what hangs, on a slow, busy machine under the race detector.
const patience = time.Minute

// appetite is what no expression may allocate.
const appetite = 512 << 20

// bounded does work that must end, and must not take much memory.
func bounded(t *testing.T, name string, work func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	hangs := time.AfterFunc(patience, func() { panic(fmt.Sprintf("%.80s hangs", name)) })
	work()
	hangs.Stop()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > appetite {
		t.Errorf("%.80s allocated %d MiB", name, used>>20)
	}
}

// wantCost holds an error to that of an expression that costs too much.
func wantCost(t *testing.T, name string, err error) {
	t.Helper()
	if !errors.Is(err, cost.ErrTooMuch) {
		t.Errorf("%.80s: got %v, want %v", name, err, cost.ErrTooMuch)
	}
}

func hostileScope() expr.Values {
	scope := exprtest.Scope()
	many := make([]value.Value, 10_000)
	for i := range many {
		many[i] = value.Int(int64(i))
	}
	texts := make([]value.Value, 300)
	for i := range texts {
		texts[i] = value.String(strings.Repeat("a", 5_000))
	}
	scope.Roots[expr.RootVars] = value.ObjectOf(map[string]value.Value{
		"many":  value.List(many...),
		"texts": value.List(texts...),
		"long":  value.String(strings.Repeat("a", 1<<20)),
	})
	return scope
}

// Each of these works on much, again and again, by another function. CEL counts little
// or nothing of it, or only when it is done.
func TestConditionsThatCostTooMuchFail(t *testing.T) {
	types, compiler, scope := exprtest.Types(), expr.NewCompiler(), hostileScope()
	for _, text := range []string{
		`vars.many.sort().size() > 0`, `vars.many.reverse().size() > 0`, `vars.many.slice(0, 5000).size() > 0`, `vars.many.flatten().size() > 0`,
		`(vars.many + vars.many).size() > 0`, `vars.many == vars.many`, `!(-1 in vars.many)`, `math.greatest(vars.many) > 0`, `!(vars.long in vars.texts)`,
		`bytes(vars.long).size() > 0`, `base64.encode(bytes(vars.long)) != ""`, `vars.long.reverse() != ""`, `vars.long.lowerAscii() != ""`, `vars.long.trim() != ""`,
		`vars.long.split("").size() > 0`, `vars.long.substring(1) != ""`, `vars.long.charAt(1) == "a"`, `vars.long.indexOf("b") < 0`, `"%s".format([vars.long]) != ""`,
		`"%s".format([vars.many]) != ""`, `strings.quote(vars.long) != ""`, `json.encode(vars.many) != ""`, `string(vars.long) != ""`, `vars.long.size() > 1`, `vars.long + "" != ""`,
		`{"a": 1, "b": 2}[?vars.long].hasValue() || true`, `inputs.labels[?vars.long].hasValue() || true`, `lists.range(20000).size() > 1`, `vars.texts.join(",") != ""`, `vars.texts.sort().size() > 0`, `vars.texts == vars.texts`,
		`vars.texts.distinct().size() > 0`, `sets.contains(vars.many, vars.many)`, `sets.equivalent(vars.many, vars.many)`, `sets.intersects(vars.many, [-1]) || true`,
		`semver.satisfies("1.0.0", "` + strings.Repeat(">=1 <2 || ", 20) + `>=1")`, `now.getHours("Asia/Shanghai") >= 0`, `!vars.long.matches("^b+$")`,
		`"a".matches("(a{9}){9}" + string(a)) || true`, `vars.long.replace("a", "b") != ""`,
	} {
		t.Run(text, func(t *testing.T) {
			loop := `lists.range(50000).filter(a, ` + text + `).size() > 0`
			condition, faults := compiler.Condition(loop, types)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			bounded(t, text, func() { wantCost(t, text, condition.Eval(scope).Err) })
		})
	}
}

// One call may do more than its size says.
func TestCallsThatCostTooMuchFail(t *testing.T) {
	types, compiler, scope := exprtest.Types(), expr.NewCompiler(), hostileScope()
	for _, text := range []string{
		`sets.intersects(lists.range(30000), lists.range(30000).map(x, x + 100000))`, `vars.many.distinct().size() == 1`,
		`vars.long.indexOf(vars.long.substring(250000) + "b") < 0`, `vars.long.lastIndexOf("b" + vars.long.substring(250000)) < 0`,
		`vars.long.matches("(a?){50}(a?){50}(a?){50}b")`, `vars.long.replace("a", vars.long) == ""`, `lists.range(1000000).size() > 0`,
	} {
		condition, faults := compiler.Condition(text, types)
		if len(faults) > 0 {
			t.Fatal(text, faults)
		}
		bounded(t, text, func() { wantCost(t, text, condition.Eval(scope).Err) })
	}
}

// What people do with as much data as a step may return stays within the limits.
func TestOrdinaryWorkOnMuchDataIsAllowed(t *testing.T) {
	types, compiler, scope := exprtest.Types(), expr.NewCompiler(), hostileScope()
	for _, text := range []string{
		`vars.many.size() == 10000 && vars.many[5] == 5 && 77 in vars.many`, `vars.many.all(a, a >= 0 && vars.many.size() == 10000)`,
		`vars.many.sort()[0] == 0 && vars.many.map(a, a + 1).size() == 10000`, `!vars.long.contains("b") && vars.long.startsWith("a")`,
		`!vars.long.matches("(?i)error|failed") && vars.texts.all(t, t.matches("^a+$"))`, `vars.texts.exists(t, t == "b") || vars.texts.size() == 300`,
	} {
		condition, faults := compiler.Condition(text, types)
		if len(faults) > 0 {
			t.Fatal(text, faults)
		}
		if verdict := condition.Eval(scope); verdict.Truth != expr.True {
			t.Errorf("%s: %v, %v", text, verdict.Truth, verdict.Err)
		}
	}
}

func TestTemplatesThatCostTooMuchFail(t *testing.T) {
	types, compiler, scope := exprtest.Types(), expr.NewCompiler(), hostileScope()
	for _, text := range []string{
		`${{ all(1..90000, semver.satisfies("1.0.0", "` + strings.Repeat(">=1 <2 || ", 20) + `>=1")) }}`, `${{ all(1..90000, let x = semver.valid(vars.long); true) }}`,
		`${{ all(1..90000, let x = date(now).Format(vars.long); true) }}`, `${{ vars.long matches "(a?){50}(a?){50}(a?){50}b" }}`,
		`${{ all(1..50000, "aaaa" matches ("(a{9}){9}" + string(#)) || true) }}`,
		strings.Repeat(`${{ vars.long }}`, 1000), strings.Repeat(`${{ len(vars.many) }} `, 1000),
	} {
		template, faults := compiler.Template(text, types)
		if len(faults) > 0 {
			t.Fatal(text, faults)
		}
		bounded(t, text, func() {
			_, err := template.Eval(scope)
			wantCost(t, text, err)
		})
	}
}

func TestRegularExpressionsThatAreTooLargeAreFaults(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for _, pattern := range []string{"(a?){500}(a?){500}(a?){500}(a?){500}b", strings.Repeat("a{1000}", 1500), `(?i)[A-\x{1e942}]`} {
		if _, faults := compiler.Condition(`inputs.name.matches("`+pattern+`")`, types); len(faults) != 1 || faults[0].Start != 20 {
			t.Errorf("%.30s: %+v", pattern, faults)
		}
		if _, faults := compiler.Template(`${{ inputs.name matches "`+pattern+`" }}`, types); len(faults) != 1 || faults[0].Start != 24 {
			t.Errorf("%.30s: %+v", pattern, faults)
		}
	}
}

func TestTheRegularExpressionsOfARunbookAreBounded(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	refused := 0
	for i := range 500 {
		if _, faults := compiler.Condition(fmt.Sprintf(`inputs.name.matches("(?:a{100}){9}%d")`, i), types); len(faults) > 0 {
			refused++
		}
	}
	if refused == 0 || refused > 300 {
		t.Errorf("%d of 500 are refused", refused)
	}
}

func TestHostileConditionsEndQuickly(t *testing.T) {
	types, compiler, scope := exprtest.Types(), expr.NewCompiler(), hostileScope()
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
	types, compiler, scope := exprtest.Types(), expr.NewCompiler(), hostileScope()
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
