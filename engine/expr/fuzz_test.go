package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
)

// wantPlaced holds a fault to what its readers rely on.
func wantPlaced(t *testing.T, text string, faults []expr.Fault) {
	t.Helper()
	for _, f := range faults {
		if f.Rule == nil || f.Detail == "" || f.Start < 0 || f.Start > f.End || f.End > len(text) {
			t.Errorf("%q: bad fault %+v", text, f)
		}
	}
}

func wantRefs(t *testing.T, text string, refs []expr.Ref) {
	t.Helper()
	for _, r := range refs {
		if r.Start < 0 || r.Start >= r.End || r.End > len(text) {
			t.Errorf("%q: reference %v at %d-%d", text, r, r.Start, r.End)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		``, `true`, `inputs.count > 2 && steps.drain.outputs.evicted > 1`, `has(inputs.opt) || inputs.?opt.orValue(1) == 2`,
		`inputs.nodes.exists(n, n.startsWith("a"))`, `vars.later ? 1 : "é"`, `now - inputs.at > duration("1h")`, `semver.compare("1", '2') < 0`,
		`{"a": [1, -2u, b'x', r"\d", 1.5e3, null]}.a[0] == 1`, "a // b\n== '''c'''", `inputs.name == "`, `steps["drain"]`, `1 in vars.mixed`, `quantity("1Gi") > 3`,
	} {
		f.Add(text)
	}
	compiler, types := expr.NewCompiler(), exprtest.Types()
	f.Fuzz(func(t *testing.T, text string) {
		begin := time.Now()
		condition, faults := compiler.Condition(text, types)
		wantPlaced(t, text, faults)
		if (condition == nil) != (len(faults) > 0) {
			t.Fatalf("%q: condition %v with faults %+v", text, condition, faults)
		}
		if condition != nil {
			wantRefs(t, text, condition.Refs())
			verdict := condition.Eval(exprtest.Scope())
			if (verdict.Truth == expr.Failed) != (verdict.Err != nil) || (verdict.Truth == expr.Unknown) != (verdict.Residual != "") {
				t.Errorf("%q: %+v", text, verdict)
			}
			condition.Explain(exprtest.Scope())
		}
		if took := time.Since(begin); took > patience {
			t.Errorf("%q took %v", text, took)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{
		``, `x`, `${{ inputs.count }}`, `a ${{ inputs.name + "x" }} b ${{ steps.before.outputs["evicted"] }}`, `$${{ x }}`, `${{ {"a": "}}"} }}`,
		`${{ filter(inputs.nodes, # startsWith "a") | join(",") }}`, `${{ let x = vars.mixed; x[0] ?? 1 }}`, `${{ inputs?.opt ?? inputs.free.a[-1:] }}`,
		`${{ semver.compare("1", "2") }}`, `${{ date(now).Format("2006") }}`, `${{ é`, `${{ 1..3 }}`, "${{ `a` }}", `${{ inputs.count ** 2 % 3 }}`, `${{ reduce([1], #acc + #) }}`,
	} {
		f.Add(text)
	}
	compiler, types := expr.NewCompiler(), exprtest.Types()
	f.Fuzz(func(t *testing.T, text string) {
		begin := time.Now()
		template, faults := compiler.Template(text, types)
		wantPlaced(t, text, faults)
		if (template == nil) != (len(faults) > 0) {
			t.Fatalf("%q: template %v with faults %+v", text, template, faults)
		}
		if template != nil {
			wantRefs(t, text, template.Refs())
			got, err := template.Eval(exprtest.Scope())
			mayBeWhole := strings.HasPrefix(text, "${{") && strings.HasSuffix(text, "}}")
			if err == nil && !mayBeWhole && got.Kind() != value.KindString && !got.IsUnknown() {
				t.Errorf("%q gives %#v, which is no text", text, got)
			}
		}
		if took := time.Since(begin); took > patience {
			t.Errorf("%q took %v", text, took)
		}
	})
}
