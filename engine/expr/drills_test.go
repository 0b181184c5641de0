package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// drilled is a scope in which it is known when one runbook was last drilled: web; db never was.
type drilled struct{ expr.Values }

func (drilled) LastDrill(runbook string) (expr.LastDrill, bool) {
	switch runbook {
	case "web":
		return expr.LastDrill{At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Run: "20261101-000000-abcd"}, true
	case "db":
		return expr.LastDrill{Never: true}, true
	default:
		return expr.LastDrill{}, false
	}
}

func TestDrillsAreAsked(t *testing.T) {
	t.Parallel()
	now := expr.Values{Roots: map[string]value.Value{expr.RootNow: value.String("2026-11-22T00:00:00Z")}}
	for text, c := range map[string]struct {
		scope expr.Scope
		want  expr.Truth
	}{
		`lastDrill("web") < duration("505h")`:                                    {drilled{now}, expr.True},
		`lastDrill("web") < duration("504h")`:                                    {drilled{now}, expr.False},
		`lastDrill("db") < duration("87600h")`:                                   {drilled{now}, expr.False},
		`lastDrill("other") < duration("1h")`:                                    {drilled{now}, expr.Unknown},
		`lastDrill("other") < duration("1h") || true`:                            {drilled{now}, expr.True},
		`lastDrill("web") < duration("1h") || lastDrill("web") > duration("0s")`: {now, expr.Unknown},
	} {
		condition, faults := expr.NewCompiler().Condition(text, expr.NewTypes(nil, nil, nil))
		if len(faults) > 0 {
			t.Errorf("%s: %v", text, faults)
			continue
		}
		got := condition.Eval(c.scope)
		if got.Truth != c.want {
			t.Errorf("%s is %s (%v), want %s", text, got.Truth, got.Err, c.want)
		}
		if got.Truth == expr.Unknown && (len(got.Causes) == 0 || !strings.Contains(got.Causes[0].Reason, "when the run starts")) {
			t.Errorf("%s: it is not known as %v", text, got.Causes)
		}
	}
}

func TestADrillThatNeverWasExplainsItself(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"db":  "db was never drilled",
		"web": "the last good drill of web ended at 2026-11-01T00:00:00Z, run 20261101-000000-abcd",
	} {
		condition, _ := expr.NewCompiler().Condition(`lastDrill("`+name+`") < duration("1h")`, expr.NewTypes(nil, nil, nil))
		told := condition.Explain(drilled{expr.Values{Roots: map[string]value.Value{expr.RootNow: value.String("2026-11-22T00:00:00Z")}}})
		if len(told.Children) == 0 || !strings.Contains(told.Children[0].Note, want) {
			t.Errorf("of %s it says %+v, want %q", name, told.Children, want)
		}
	}
}

func TestWhatIsNoRunbookHasNoDrill(t *testing.T) {
	t.Parallel()
	types := expr.NewTypes(nil, nil, nil)
	for text, in := range map[string]*expr.Types{
		`lastDrill("Web Shop") < duration("1h")`:  types,
		`lastDrill("") < duration("1h")`:          types,
		`lastDrill(run.runbook) < duration("1h")`: types,
		`lastDrill("web") < duration("1h")`:       expr.TypesOver(nil),
	} {
		_, faults := expr.NewCompiler().Condition(text, in)
		if len(faults) != 1 || faults[0].Rule != diag.ExprBadDrill || faults[0].Start != len("lastDrill(") {
			t.Errorf("%s: %+v", text, faults)
		}
	}
}
