package dossier_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// nowPlan is the example as it was looked at: its gates are all that a gate can be now.
func nowPlan(t testing.TB) *plan.Plan {
	t.Helper()
	p := example.Plan(t)
	at := time.Date(2026, 5, 5, 2, 0, 0, 0, time.UTC)
	outputs := value.Object(
		value.Member{Name: "body", Value: value.String("it is well\x1b[31m, and " + strings.Repeat("more ", 30))},
		value.Member{Name: "headers", Value: value.Object(value.Member{Name: "age", Value: value.Int(1)})},
		value.Member{Name: "ready", Value: value.Int(2)},
		value.Member{Name: "key", Value: value.String("k3y").Secret()},
	)
	p.LookedAt, p.Steps[0].Seen = &at, &plan.Seen{Outputs: &outputs}
	gate := func(within time.Duration, now *plan.Now) *plan.Condition {
		c := *p.Steps[1].Gate[0]
		c.Message, c.Within, c.Every, c.Now = "too few are ready", within, time.Second, now
		if now.Observed != nil {
			c.Observe = &plan.Use{Action: "http.check"}
		}
		return &c
	}
	untrue := func() *plan.Now {
		return &plan.Now{Truth: "false", Explain: &expr.Explanation{Text: "a >= 3", Value: "false", State: "value", Children: []*expr.Explanation{
			{Text: "steps.before.outputs.ready", Value: "2", State: "value"}, {Text: "3", Value: "3", State: "value"},
		}}}
	}
	p.Steps[1].Gate = []*plan.Condition{
		gate(0, &plan.Now{Truth: "true", Observed: &plan.Seen{Outputs: &outputs}}),
		gate(0, untrue()),
		gate(time.Minute, untrue()),
		gate(0, &plan.Now{Truth: "failed", Detail: "there is no item 3."}),
		gate(0, &plan.Now{Truth: "failed", Detail: "no route to host", Observed: &plan.Seen{Error: "no route to host"}}),
		gate(0, &plan.Now{Truth: "failed", Detail: "there is no pod", Observed: &plan.Seen{Error: "there is no pod", Waits: true}}),
		gate(0, &plan.Now{Truth: "unknown", Observed: &plan.Seen{Outputs: &outputs}}),
	}
	p.Steps[2].Seen = &plan.Seen{Error: "the server answered 404"}
	p.Steps[3].Seen = &plan.Seen{Error: "it has no record", Waits: true}
	return p
}

func TestPlanSaysWhatIsSoNow(t *testing.T) {
	t.Parallel()
	p := nowPlan(t)
	var b bytes.Buffer
	if err := dossier.Text(&b, p, review.Of(p, nil), layout.Style{Columns: 100}); err != nil {
		t.Fatal(err)
	}
	golden(t, "now", b.Bytes())
}

// TestPlanFitsItsColumns: whatever a plan says, no line of it is wider than asked, and what is
// cut is there where it is asked for as a whole.
func TestPlanFitsItsColumns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := nowPlan(t)
		long := rapid.StringOfN(rapid.SampledFrom([]rune("abc -/日👩\n")), 0, 400, -1)
		p.Runbook.Title, p.Steps[1].Title = long.Draw(rt, "title"), long.Draw(rt, "title of a step")
		p.Steps[1].Gate[0].Expr, p.Steps[0].PreviewError = long.Draw(rt, "expression"), long.Draw(rt, "error")
		p.Steps[0].Params = value.Object(value.Member{Name: "url", Value: value.String(long.Draw(rt, "url") + "end-of-url")})
		var diff strings.Builder
		for i := range rapid.IntRange(0, 90).Draw(rt, "lines of a difference") {
			fmt.Fprintf(&diff, "%s%d %s\n", rapid.SampledFrom([]string{" ", "+", "-"}).Draw(rt, "sign"), i, strings.Repeat("x", rapid.SampledFrom([]int{1, 100, 300}).Draw(rt, "width")))
		}
		p.Steps[1].Preview = &sdk.Preview{Summary: long.Draw(rt, "summary"), Changes: []sdk.Delta{{
			Kind: "Deployment", Op: "update", Target: long.Draw(rt, "target"), Diff: diff.String(),
		}}}
		columns := rapid.IntRange(60, 120).Draw(rt, "columns")
		var folded, wide bytes.Buffer
		for _, text := range []struct {
			to    *bytes.Buffer
			style layout.Style
		}{{&folded, layout.Style{Columns: columns}}, {&wide, layout.Style{Wide: true}}} {
			if err := dossier.Text(text.to, p, review.Of(p, nil), text.style); err != nil {
				rt.Fatal(err)
			}
		}
		for line := range strings.Lines(folded.String()) {
			if width := layout.Width(strings.TrimSuffix(line, "\n")); width > columns {
				rt.Errorf("%d of %d columns: %s", width, columns, line)
			}
		}
		for line := range strings.Lines(diff.String()) {
			if !strings.Contains(wide.String(), strings.TrimSpace(line)) {
				rt.Errorf("--wide has not all: %s", line)
			}
		}
		if !strings.Contains(wide.String(), "end-of-url") || strings.Contains(wide.String(), "--wide shows all") {
			rt.Errorf("--wide cuts:\n%s", wide.String())
		}
	})
}

func TestDifferencesAreFoldedAndCut(t *testing.T) {
	t.Parallel()
	lines := func(sign string, n int) string { return strings.Repeat(sign+"x\n", n) }
	for name, test := range map[string]struct{ diff, want string }{
		"what is short stays":          {lines(" ", 7) + lines("+", 1), lines(" ", 7) + lines("+", 1)},
		"what is unchanged is folded":  {lines("-", 1) + lines(" ", 9) + lines("+", 1), lines("-", 1) + lines(" ", 3) + "… 3 unchanged lines\n" + lines(" ", 3) + lines("+", 1)},
		"what is long is cut":          {lines("+", 100), lines("+", 60) + "… 40 more lines; --wide shows all\n"},
		"what is cut counts as it was": {lines("+", 59) + lines(" ", 50) + lines("+", 2), lines("+", 59) + lines(" ", 1) + "… 51 more lines; --wide shows all\n"},
		"one more line is no cut":      {lines("+", 61), lines("+", 61)},
		"a line that is wide is cut":   {"+" + strings.Repeat("x", 250) + "\n", "+" + strings.Repeat("x", 198) + "… (52 more columns; --wide shows all)\n"},
	} {
		p := example.Plan(t)
		p.Steps[1].Preview = &sdk.Preview{Changes: []sdk.Delta{{Op: "update", Target: "T", Diff: test.diff}}}
		var b bytes.Buffer
		if err := dossier.Text(&b, p, review.Of(p, nil), layout.Style{Columns: 1000}); err != nil {
			t.Fatal(err)
		}
		_, shown, _ := strings.Cut(b.String(), "update T\n")
		shown, _, _ = strings.Cut(shown, "├─ verify")
		if shown = strings.ReplaceAll(shown, "│     ", ""); shown != test.want {
			t.Errorf("%s: got\n%swant\n%s", name, shown, test.want)
		}
	}
}

// What a step that reads is verified by is looked at first where it is false now.
func TestAVerifyThatIsFalseNowComesFirst(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	p.Steps[0].Verify = []*plan.Condition{{Expr: "steps.before.outputs.ready == 6", State: plan.State{Truth: "unknown"}, Now: &plan.Now{Truth: "false"}}}
	var b bytes.Buffer
	if err := dossier.Summary(&b, p, review.Of(p, nil), layout.Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "look at this first\n└─ before: verify false now: steps.before.outputs.ready == 6\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
}
