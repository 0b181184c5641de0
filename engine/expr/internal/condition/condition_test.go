package condition_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
)

func TestConditionsAreEvaluated(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for text, want := range map[string]expr.Truth{
		`inputs.count > 2`:                                  expr.True,
		`inputs.count > 2.5`:                                expr.True, // numbers of both kinds compare
		`inputs.opt == null`:                                expr.True,
		`inputs.opt > 3`:                                    expr.Failed,
		`has(inputs.opt)`:                                   expr.False,
		`has(inputs.name)`:                                  expr.True,
		`inputs.?opt.orValue(3) == 3`:                       expr.True,
		`inputs.took > duration("1m")`:                      expr.True,
		`now > inputs.at`:                                   expr.True,
		`now - inputs.at > duration("24h")`:                 expr.True,
		`inputs.nodes.exists(n, n == "b")`:                  expr.True,
		`inputs.servers.all(s, s.port == 80)`:               expr.True,
		`inputs.nodes.map(n, n + "x") == ["ax", "bx"]`:      expr.True,
		`[1, 2, 3].transformList(i, v, i * v) == [0, 2, 6]`: expr.True,
		`inputs.labels.x == "y"`:                            expr.True,
		`inputs.labels.z == "y"`:                            expr.Failed,
		`"z" in inputs.labels`:                              expr.False,
		`inputs.free.a[1] == 2.5`:                           expr.True,
		`steps.before.outputs.evicted == 2`:                 expr.True,
		`steps.before.status == "succeeded"`:                expr.True,
		`has(steps.before.error)`:                           expr.False,
		`steps.omitted.status == "skipped"`:                 expr.True,
		`has(steps.omitted.outputs)`:                        expr.False,
		`steps.omitted.outputs.evicted > 1`:                 expr.Failed,
		`run.actor == "ann"`:                                expr.True,
		`1 / 0 == 1`:                                        expr.Failed,
		`inputs.token == "hunter2"`:                         expr.True,
		`inputs.free`:                                       expr.Failed, // of any type, and not a boolean
		`inputs.name.replace("e", "o") == "wob"`:            expr.True,
		`inputs.nodes.join("-") == "a-b"`:                   expr.True,
		// what is not known yet
		`steps.drain.outputs.evicted > 1`:                 expr.Unknown,
		`has(steps.drain.outputs.note)`:                   expr.Unknown,
		`has(steps.drain.outputs)`:                        expr.Unknown,
		`!has(steps.drain.outputs.note) && !inputs.flag`:  expr.False,
		`inputs.flag || steps.drain.outputs.evicted > 1`:  expr.True,
		`steps.drain.outputs.evicted > 1 || inputs.flag`:  expr.True,
		`!inputs.flag && steps.drain.outputs.evicted > 1`: expr.False,
		`steps.drain.outputs.evicted > 1 && !inputs.flag`: expr.False,
		`vars.mixed[0] == 1`:                              expr.True,
		`vars.mixed[1] == 1`:                              expr.Unknown,
		`vars.mixed == [1]`:                               expr.Unknown,
		`size(vars.mixed) == 2`:                           expr.True,
		`vars.mixed.size() > 2`:                           expr.False,
		`size(vars.later) > 0`:                            expr.Unknown,
		`size([vars.later]) == 1`:                         expr.Unknown,
		`null == vars.later`:                              expr.Unknown,
		`"x" == vars.later`:                               expr.Unknown,
		`[vars.later] == [1]`:                             expr.Unknown,
		`{"a": vars.later} == {"a": 1}`:                   expr.Unknown,
		`1 in vars.mixed`:                                 expr.Unknown,
		`vars == vars`:                                    expr.Unknown,
		`vars.mixed.exists(x, x == 1)`:                    expr.Unknown,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			condition, faults := compiler.Condition(text, types)
			if len(faults) > 0 {
				t.Fatalf("faults: %+v", faults)
			}
			got := condition.Eval(exprtest.Scope())
			if got.Truth != want || (got.Err != nil) != (want == expr.Failed) {
				t.Errorf("got %v (%v), want %v", got.Truth, got.Err, want)
			}
			if want == expr.Unknown && (len(got.Causes) != 1 || got.Causes[0].Step != "drain") {
				t.Errorf("got causes %v, want the step drain", got.Causes)
			}
		})
	}
}

func TestFaultsOfConditionsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for _, c := range []struct{ text, code, says string }{
		{`steps.drain.outputs.«evictd» > 1`, "GB0304", "steps.drain.outputs has no field evictd; it has evicted, skipped, note. did you mean evicted?"},
		{`steps.«drian».outputs.evicted > 1`, "GB0303", "did you mean drain?"},
		{`«input».count > 1`, "GB0302", "did you mean inputs?"},
		{`«each».value > 1`, "GB0302", "a step that has foreach"},
		{`"é" == inputs.«nam»`, "GB0304", "did you mean name?"},
		{"inputs.count > 1 &&\n  inputs.«nodez».size() > 0", "GB0304", "did you mean nodes?"},
		{`inputs.servers.all(s, s.«prt» == 80)`, "GB0304", "s has no field prt; it has name, port."},
		{`inputs.name.«size» > 1`, "GB0305", "inputs.name is a string and has no fields."},
		{`«inputs.count == "3"»`, "GB0305", "== cannot be applied to an integer and a string."},
		{`inputs.flag && «inputs.took > 5»`, "GB0305", `a duration is written duration("5m")`},
		{`inputs.flag && («inputs.count + "a"») == 2`, "GB0305", "+ cannot be applied to an integer and a string"},
		{`inputs.flag && «inputs.name»`, "GB0305", "true or false is needed, and inputs.name is a string"},
		{`«inputs["count"]» == 3`, "GB0305", "write a dot"},
		{`inputs.name.«beginsWith»("w")`, "GB0307", "There is no function beginsWith."},
		{`inputs.name.«startWith»("w")`, "GB0307", "did you mean startsWith?"},
		{`semver.«comprae»("1", "2") == 0`, "GB0307", "did you mean compare?"},
		{`inputs.nodes.«map»(a, b, c, d)`, "GB0307", "map is not used with these arguments."},
		{`«inputs.count»`, "GB0306", "The condition is an integer"},
		{`«inputs.nodes.size()»`, "GB0306", "an integer"},
		{`«(inputs.count + 1) * 2»`, "GB0306", "an integer"},
		{`inputs.count «=» 3`, "GB0301", "use == to compare"},
		{`inputs.count > 1 «and» inputs.flag`, "GB0301", "write &&"},
		{`inputs.count «==»`, "GB0301", "ends where a value should follow"},
		{`inputs.name == «'abc»`, "GB0301", "is not closed"},
		{`inputs.count > 1 «)»`, "GB0301", "complete before )"},
		{`«»`, "GB0301", "empty"},
		{`inputs.took < duration(«"5 minutes"»)`, "GB0310", "invalid duration"},
		{`inputs.name.matches(«"("»)`, "GB0310", "missing closing )"},
		{`quantity(«"1QQ"») > 3.0`, "GB0310", "not a quantity"},
		{`semver.satisfies(inputs.name, «">=x.y"»)`, "GB0310", "not a version constraint"},
		{"«" + strings.Repeat("(", 70) + "true" + strings.Repeat(")", 70) + "»", "GB0308", "nested 70 deep"},
		{"«" + strings.Repeat("x", cost.MaxText+1) + "»", "GB0308", "the limit is 16384"},
		{"«inputs.flag \xff»", "GB0301", "UTF-8"},
	} {
		t.Run(c.text[:min(len(c.text), 60)], func(t *testing.T) {
			t.Parallel()
			text, start, end := exprtest.Marked(c.text)
			condition, faults := compiler.Condition(text, types)
			if condition != nil {
				t.Error("a condition with faults must be nil")
			}
			exprtest.WantFault(t, faults, c.code, c.says, start, end)
		})
	}
}

func TestAllFaultsAreReported(t *testing.T) {
	t.Parallel()
	_, faults := expr.NewCompiler().Condition(`steps.drain.outputs.evictd > 1 && input.count > "a" || inputs.count + "b" == 1`, exprtest.Types())
	var codes []string
	for _, f := range faults {
		codes = append(codes, f.Rule.Code)
	}
	if want := []string{"GB0304", "GB0302", "GB0305"}; !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v", codes, want)
	}
}

func TestResidualIsWhatIsLeft(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for text, want := range map[string]string{
		`steps.drain.outputs.evicted > 0`:                                                      `steps.drain.outputs.evicted > 0`,
		`inputs.flag && steps.drain.outputs.evicted > 1 && inputs.count == 3`:                  `steps.drain.outputs.evicted > 1`,
		`inputs.count == 4 || (steps.drain.outputs.evicted > 1 && inputs.flag)`:                `steps.drain.outputs.evicted > 1`,
		`inputs.flag ? steps.drain.outputs.evicted > 0 : false`:                                `steps.drain.outputs.evicted > 0`,
		`inputs.flag && (vars.later || has(steps.drain.outputs.note)) && vars.later`:           `(vars.later || has(steps.drain.outputs.note)) && vars.later`,
		`inputs.token == "hunter2" && steps.drain.outputs.skipped.exists(s, s == inputs.name)`: `steps.drain.outputs.skipped.exists(s, s == inputs.name)`,
	} {
		condition, faults := compiler.Condition(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		if got := condition.Eval(exprtest.Scope()).Residual; got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestFailuresSayWhy(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for text, want := range map[string]string{
		`inputs.opt > 3`:                    "inputs.opt has no value",
		`steps.before.error.class == "x"`:   "steps.before.error.class has no value",
		`steps.omitted.outputs.evicted > 1`: "steps.omitted has no outputs: the step is skipped",
		`1 / 0 == 1`:                        "division by zero",
		`int(inputs.token) == 1`:            "the evaluation failed; the reason may hold a secret and is not shown",
		`inputs.free`:                       "inputs.free is a map, and must be true or false",

		`lists.range(900000).all(a, [1,2,3].all(b, b > 0))`: cost.ErrTooMuch.Error(),
	} {
		condition, faults := compiler.Condition(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		if got := condition.Eval(exprtest.Scope()); got.Err == nil || got.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, got.Err, want)
		}
	}
}

func TestTheZoneOfTheMachineIsNotRead(t *testing.T) {
	t.Parallel()
	condition, faults := expr.NewCompiler().Condition(`now.getHours("Local") == 0`, exprtest.Types())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	if got := condition.Eval(exprtest.Scope()); got.Truth != expr.Failed || !strings.Contains(got.Err.Error(), "Local") {
		t.Errorf("got %+v, want a failure", got)
	}
}

func TestExplanationShowsEachPart(t *testing.T) {
	t.Parallel()
	condition, faults := expr.NewCompiler().Condition(
		`inputs.count > 2 && size(inputs.token + "x") == 8 && (inputs.token == "no" || steps.drain.outputs.evicted > 0) && inputs.nodes.exists(n, n == "b")`, exprtest.Types())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	explanation := condition.Explain(exprtest.Scope())
	got, err := json.MarshalIndent(explanation, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "hunter2") {
		t.Errorf("the secret is shown: %s", got)
	}
	lines := outline(explanation, "")
	want := []string{
		`inputs.count > 2… = unknown known after drain`,
		` inputs.count > 2 = value true`,
		`  inputs.count = value 3`,
		` size(inputs.toke… = value true`,
		`  size(inputs.toke… = value (secret)`,
		`   inputs.token + "… = value (secret)`,
		`    inputs.token = value (secret)`,
		` inputs.token == … = unknown known after drain`,
		`  inputs.token == … = value false`,
		`   inputs.token = value (secret)`,
		`  steps.drain.outp… = unknown known after drain`,
		`   steps.drain.outp… = unknown known after drain`,
		` inputs.nodes.exi… = value true`,
		`  inputs.nodes = value ["a","b"]`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func outline(e *expr.Explanation, indent string) []string {
	text := e.Text
	if len(text) > 16 {
		text = text[:16] + "…"
	}
	lines := []string{indent + text + " = " + e.State + " " + e.Value}
	for _, child := range e.Children {
		lines = append(lines, outline(child, indent+" ")...)
	}
	return lines
}

func TestSkippedPartsAreNotExplained(t *testing.T) {
	t.Parallel()
	condition, _ := expr.NewCompiler().Condition(`inputs.count > 9 && inputs.flag`, exprtest.Types())
	explanation := condition.Explain(exprtest.Scope())
	if last := explanation.Children[1]; last.State != expr.StateSkipped || last.Value != "" {
		t.Errorf("got %+v, want skipped", last)
	}
}

func TestRefsSayWhatIsUsed(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for text, want := range map[string][]string{
		`steps.before.outputs.evicted > inputs.count && has(inputs.opt)`:       {"steps.before.outputs.evicted", "inputs.count", "inputs.opt"},
		`inputs.labels["x"] == inputs.nodes[inputs.count]`:                     {"inputs.labels.x", "inputs.nodes", "inputs.count"},
		`inputs.nodes.exists(inputs, inputs == "a")`:                           {"inputs.nodes"},
		`inputs.servers.exists(s, s.name == steps.before.status)`:              {"inputs.servers", "steps.before.status"},
		`inputs.?opt.hasValue() || math.greatest(inputs.count, 1) > 1 || true`: {"inputs.opt", "inputs.count"},
	} {
		condition, faults := compiler.Condition(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		var got []string
		for _, r := range condition.Refs() {
			got = append(got, r.String())
			if id, ok := r.Step(); ok != (r.Root == expr.RootSteps) || ok && id != "before" {
				t.Errorf("%s: step of %v is %q", text, r, id)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

func TestVariantsAddRoots(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	if _, faults := compiler.Condition(`attempt < 3`, types); len(faults) != 1 {
		t.Errorf("attempt must not be in scope everywhere: %+v", faults)
	}
	attempt, failed := expr.AttemptShape(), expr.ErrorShape()
	retry := types.With(expr.RootError, failed).With(expr.RootAttempt, attempt)
	if retry != types.With(expr.RootError, failed).With(expr.RootAttempt, attempt) {
		t.Error("the same shapes must give the same Types")
	}
	condition, faults := compiler.Condition(`error.class == "transient" && attempt < 3`, retry)
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	scope := expr.Values{Roots: map[string]value.Value{expr.RootError: exprtest.JSON(`{"class": "transient", "message": "m"}`), expr.RootAttempt: value.Int(2)}}
	if got := condition.Eval(scope); got.Truth != expr.True {
		t.Errorf("got %v, want true", got)
	}
	if got := condition.Eval(expr.Values{}); got.Truth != expr.Unknown || len(got.Causes) == 0 {
		t.Errorf("got %v, want unknown with a cause", got)
	}
}

func TestSameTextIsCompiledOnce(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	first, _ := compiler.Condition(`inputs.count > 2`, types)
	second, _ := compiler.Condition(`inputs.count > 2`, types)
	if first != second {
		t.Error("the condition was compiled twice")
	}
}

func TestCompilerServesManyAtOnce(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	texts := []string{`inputs.count > 2`, `inputs.nam == "x"`, `steps.drain.outputs.nam == "x"`, `steps.drain.outputs.evicted > 1`}
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			text := texts[i%len(texts)]
			condition, faults := compiler.Condition(text, types.With(expr.RootAttempt, nil))
			if condition != nil {
				condition.Eval(exprtest.Scope())
				condition.Explain(exprtest.Scope())
			} else if strings.HasPrefix(text, "steps") && !strings.Contains(faults[0].Detail, "evicted") {
				t.Errorf("%s: %+v", text, faults)
			}
			template, _ := compiler.Template("${{ inputs.count + "+strconv.Itoa(i%7)+" }}", types)
			if _, err := template.Eval(exprtest.Scope()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
