package template_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

func TestTemplatesAreEvaluated(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	const later = `{"$unknown":[{"step":"drain","reason":"it is an output"}]}`
	for text, want := range map[string]string{
		``:                             `""`,
		`hello`:                        `"hello"`,
		`$${{ inputs.name }}`:          `"${{ inputs.name }}"`,
		`$${{ x }} ${{ inputs.name }}`: `"${{ x }} web"`,
		`${{ inputs.count }}`:          `3`,
		` ${{ inputs.count }}`:         `" 3"`,
		`${{ inputs["name"] }}`:        `"web"`,
		`${{ inputs.nodes }}`:          `["a","b"]`,
		`n=${{ inputs.count }} ${{inputs.nodes}} ${{ inputs.ratio }} ${{ inputs.flag }}`: `"n=3 [\"a\",\"b\"] 0.5 true"`,
		`${{ inputs.count + 1 }}`:                       `4`,
		`${{ inputs.count / 2 }}`:                       `1.5`,
		`${{ int(inputs.count / 2) }}`:                  `1`,
		`${{ inputs.count % 2 }}`:                       `1`,
		`${{ inputs.opt }}`:                             `null`,
		`${{ inputs.opt ?? 7 }}`:                        `7`,
		`${{ inputs.opt == nil }}`:                      `true`,
		`${{ inputs.labels.zz ?? "d" }}`:                `"d"`,
		`${{ inputs.labels.x }}`:                        `"y"`,
		`${{ inputs.free.a[0] }}`:                       `1`,
		`${{ inputs.nodes[inputs.count - 3] }}`:         `"a"`,
		`${{ inputs.servers[0].name }}`:                 `"s"`,
		`${{ {"a": {"b": "}}"}} }}`:                     `{"a":{"b":"}}"}}`,
		`${{ filter(inputs.nodes, # startsWith "a") }}`: `["a"]`,
		`${{ map(inputs.servers, .port) }}`:             `[80]`,
		`${{ groupBy(inputs.nodes, len(#)) }}`:          `{"1":["a","b"]}`,
		`${{ split("a,b", ",") }}`:                      `["a","b"]`,
		`${{ uniq([1, 1, 2]) }}`:                        `[1,2]`,
		`${{ inputs.nodes | join(", ") }}`:              `"a, b"`,
		`${{ replace(inputs.name, "e", "EE") }}`:        `"wEEb"`,
		`${{ repeat("ab", 2) }}`:                        `"abab"`,
		`${{ let x = inputs.count; x * 2 }}`:            `6`,
		`${{ inputs.flag ? "a" : "b" }}`:                `"a"`,
		`${{ inputs.count in [1, 3] }}`:                 `true`,
		`${{ steps.before.outputs.evicted }}`:           `2`,
		`${{ steps.before.error?.class ?? "none" }}`:    `"none"`,
		`${{ steps.omitted.outputs?.evicted ?? 0 }}`:    `0`,
		`${{ steps.omitted.status }}`:                   `"skipped"`,
		`${{ run.outcome }}`:                            `"succeeded"`,
		`${{ now }}`:                                    `"2026-05-05T00:00:00Z"`,
		`${{ date(now).Year() }}`:                       `2026`,
		`${{ date(now) }}`:                              `"2026-05-05T00:00:00Z"`,
		`${{ duration(inputs.took) }}`:                  `"1m30s"`,
		`${{ duration(inputs.took).Seconds() }}`:        `90.0`,
		`${{ semver.compare("1.2", "1.10") }}`:          `-1`,
		`${{ semver.major("v3.1") }}`:                   `3`,
		`${{ quantity("1Ki") }}`:                        `1024.0`,
		// what is not known yet, and secrets
		`${{ steps.drain.outputs.evicted }}`:     `{"$unknown":[{"step":"drain","reason":"it is an output"}]}`,
		`${{ steps.drain.outputs.evicted + 1 }}`: `{"$unknown":[{"step":"drain","reason":"it is an output"}]}`,
		`x${{ steps.drain.outputs.evicted }}`:    `{"$unknown":[{"step":"drain","reason":"it is an output"}]}`,
		`${{ vars.mixed }}`:                      `[1,{"$unknown":[{"step":"drain","reason":"it is an output"}]}]`,
		`${{ inputs.token }}`:                    `{"$secret":true}`,
		`a${{ inputs.token }}`:                   `{"$secret":true}`,
		`${{ upper(inputs.token) }}`:             `{"$secret":true}`,
		`${{ inputs.token }}${{ vars.later }}`:   `{"$secret":true}`,
		// an item that may be left alone, of a list of which not all is known
		`${{ vars.mixed[-2] }}`:                                     later,
		`${{ len(vars.mixed) > 2 ? vars.mixed[2] : 1 }}`:            later,
		`${{ vars.mixed[1] == 1 && vars.mixed[2] == 1 }}`:           later,
		`${{ vars.mixed[1] ?? vars.mixed[2] }}`:                     later,
		`${{ map(vars.mixed, vars.mixed[2]) }}`:                     later,
		`${{ inputs.free.z?.[vars.mixed[2]] ?? 1 }}`:                later,
		`${{ let vars = {"mixed": [1, 2, 3]}; vars.mixed[2] }}`:     `3`,
		`${{ let x = vars.later; let mixed = [1]; [x, mixed[1]] }}`: later,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			template, faults := compiler.Template(text, types)
			if len(faults) > 0 {
				t.Fatalf("faults: %+v", faults)
			}
			got, err := template.Eval(exprtest.Scope())
			if err != nil {
				t.Fatal(err)
			}
			document, err := got.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if string(document) != want {
				t.Errorf("got %s, want %s", document, want)
			}
			if computes := strings.Contains(strings.ReplaceAll(text, "$${{", ""), "${{"); template.Literal() == computes {
				t.Errorf("Literal is %v", template.Literal())
			}
		})
	}
}

func TestFaultsOfTemplatesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for _, c := range []struct{ text, code, says string }{
		{`é ${{ inputs.«nam» }}`, "GB0304", "did you mean name?"},
		{`${{ inputs[«"nam"»] }}`, "GB0304", "did you mean name?"},
		{`${{ «input».name }}`, "GB0302", "did you mean inputs?"},
		{`${{ «each».value }}`, "GB0302", "a step that has foreach"},
		{`${{ «$env» }}`, "GB0302", "There is no $env here"},
		{`${{ inputs.opt == «null» }}`, "GB0302", "write nil"},
		{`${{ steps.«drian».outputs.x }}`, "GB0303", "did you mean drain?"},
		{`a ${{ 1 + steps.drain.outputs.«evictd» }} b`, "GB0304", "did you mean evicted?"},
		{`${{ map(inputs.servers, .«prt») }}`, "GB0304", "did you mean port?"},
		{`${{ inputs.name.«foo» }}`, "GB0305", "is a string and has no fields"},
		{`${{ inputs.count «+» "x" }}`, "GB0305", "+ cannot be applied to an integer and a string."},
		{`${{ «len»(inputs.count) }}`, "GB0305", "Invalid argument for len"},
		{`${{ «steps» }}`, "GB0305", "name a step"},
		{`${{ «foo»(1) }}`, "GB0307", "There is no function foo."},
		{`${{ «now»() }}`, "GB0307", "There is no function now."},
		{`${{ «semver.comprae»("1", "2") }}`, "GB0307", "did you mean semver.compare?"},
		{`${{ date(now).«Local»() }}`, "GB0307", "There is no method Local"},
		{`${{ «date»("a", "b", "Local") }}`, "GB0307", "a text and a layout"},
		{`${{ inputs.name «=» 2 }}`, "GB0301", "use == to compare"},
		{`${{ inputs.name «+» }}`, "GB0301", "ends where a value should follow"},
		{`${{« »}}`, "GB0301", "nothing between"},
		{`a «${{ inputs.name»`, "GB0309", "has no }}"},
		{`a «${{ "}}"»`, "GB0309", "has no }}"},
		{`${{ quantity(«"1X"») }}`, "GB0310", "not a quantity"},
		{"${{«" + strings.Repeat("(", 70) + "1" + strings.Repeat(")", 70) + "»}}", "GB0308", "nested 70 deep"},
	} {
		t.Run(c.text[:min(len(c.text), 60)], func(t *testing.T) {
			t.Parallel()
			text, start, end := exprtest.Marked(c.text)
			template, faults := compiler.Template(text, types)
			if template != nil {
				t.Error("a template with faults must be nil")
			}
			exprtest.WantFault(t, faults, c.code, c.says, start, end)
		})
	}
}

func TestEachPartOfATemplateIsChecked(t *testing.T) {
	t.Parallel()
	_, faults := expr.NewCompiler().Template(`${{ input.name }} ${{ inputs.nam + steps.x.status }} ${{ inputs.count + "x" }}`, exprtest.Types())
	var codes []string
	for _, f := range faults {
		codes = append(codes, f.Rule.Code)
	}
	if diff := cmp.Diff([]string{"GB0302", "GB0304", "GB0303", "GB0305"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestFailuresOfTemplatesSayWhy(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for text, want := range map[string]string{
		`x${{ inputs.opt }}`:                                     `inputs.opt has no value to put into the text; give one with inputs.opt ?? ""`,
		`${{ inputs.opt + 1 }}`:                                  "inputs.opt + 1: inputs.opt has no value",
		`${{ inputs.labels.zz }}`:                                "inputs.labels.zz has no value",
		`${{ steps.before.error.class }}`:                        "steps.before.error has no value",
		`${{ steps.omitted.outputs.evicted }}`:                   "steps.omitted has no outputs: the step is skipped",
		`${{ inputs.nodes[5] }}`:                                 "inputs.nodes[5]: index out of range: 5 (array length is 2)",
		`${{ vars.mixed[2] }}`:                                   "vars.mixed[2]: index out of range: 2 (array length is 2)",
		`${{ vars.mixed[-3]?.x ?? 1 }}`:                          "vars.mixed[-3]?.x ?? 1: index out of range: -3 (array length is 2)",
		`${{ [upper(vars.mixed[1]), string(vars.mixed[2].x)] }}`: "[upper(vars.mixed[1]), string(vars.mixed[2].x)]: index out of range: 2 (array length is 2)",
		`${{ let x = vars.later; vars.mixed[2] == 1 ? x : 1 }}`:  "let x = vars.later; vars.mixed[2] == 1 ? x : 1: index out of range: 2 (array length is 2)",
		`${{ inputs.token + vars.mixed[2] }}`:                    "inputs.token + vars.mixed[2]: the evaluation failed; the reason may hold a secret and is not shown",
		`${{ int(inputs.name) }}`:                                "int(inputs.name): invalid operation: int(web)",
		`${{ int(inputs.token) }}`:                               "int(inputs.token): the evaluation failed; the reason may hold a secret and is not shown",
		`${{ 1 / 0 }}`:                                           "1 / 0: the result is not a finite number",
		`${{ reduce(1..100, #acc + #acc, "x") }}`:                `reduce(1..100, #acc + #acc, "x"): ` + cost.ErrTooMuch.Error(),
	} {
		template, faults := compiler.Template(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		if _, err := template.Eval(exprtest.Scope()); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestShapeIsWhatIsKnown(t *testing.T) {
	t.Parallel()
	compiler, types := expr.NewCompiler(), exprtest.Types()
	for text, want := range map[string]*schema.Schema{
		`x`:                          {Type: schema.TypeString},
		`x${{ inputs.count }}`:       {Type: schema.TypeString},
		`${{ inputs.took }}`:         {Type: schema.TypeString, Format: schema.FormatDuration},
		`${{ inputs.count + 1 }}`:    {Type: schema.TypeInteger},
		`${{ inputs.count / 1 }}`:    {Type: schema.TypeNumber},
		`${{ inputs.free }}`:         {},
		`${{ inputs.count > 1 }}`:    {Type: schema.TypeBoolean},
		`${{ map(inputs.nodes, #)}}`: {Type: schema.TypeArray},
		`${{ {"a": 1} }}`:            {Type: schema.TypeObject},
	} {
		template, faults := compiler.Template(text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		if diff := cmp.Diff(want, template.Shape()); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

func TestOffsetsOfRefsAreInTheTemplate(t *testing.T) {
	t.Parallel()
	text := `é ${{ inputs.name }} and ${{ [ steps.before.outputs["note"]?.x, inputs . count ] }}`
	if _, faults := expr.NewCompiler().Template(text, exprtest.Types()); len(faults) != 1 {
		t.Fatalf("want the fault of .x on a string, got %+v", faults)
	}
	text = strings.Replace(text, "?.x", "", 1)
	template, faults := expr.NewCompiler().Template(text, exprtest.Types())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	var got []string
	for _, r := range template.Refs() {
		got = append(got, text[r.Start:r.End])
	}
	if diff := cmp.Diff([]string{"inputs.name", `steps.before.outputs["note"]`, "inputs . count"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLiteralNeedsNoScope(t *testing.T) {
	t.Parallel()
	template, _ := expr.NewCompiler().Template("plain", exprtest.Types())
	if got, err := template.Eval(nil); err != nil || !got.Equal(value.String("plain")) {
		t.Errorf("got %v, %v", got, err)
	}
}
