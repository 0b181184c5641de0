package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/engine/window"
)

// windowTypes is a runbook with two windows: offpeak at weekends in Shanghai, always open.
func windowTypes(t *testing.T) *expr.Types {
	t.Helper()
	shanghai, err := window.Zone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	windows := expr.Windows{}
	for name, cron := range map[string]string{"offpeak": "0 1 * * 6,0", "always": "0 * * * *"} {
		set, faults := window.Cron(cron, 4*time.Hour, shanghai)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		windows[name] = &window.Window{Zone: shanghai, Opens: set}
	}
	return expr.NewTypes(nil, nil, nil).WithWindows(windows)
}

// at is a scope at a time in which, perhaps, somebody has overridden a window.
type at struct {
	expr.Values
	overridden string
}

func (s at) Overridden(name string) (by, reason string, ok bool) {
	return "alice", "the fix cannot wait", name == s.overridden
}

func scopeAt(now, overridden string) at {
	return at{expr.Values{Roots: map[string]value.Value{expr.RootNow: value.String(now)}}, overridden}
}

const closed, open = "2026-11-27T21:48:00+08:00", "2026-11-28T03:30:00+08:00"

func TestWindowsAreAsked(t *testing.T) {
	t.Parallel()
	types, compiler := windowTypes(t), expr.NewCompiler()
	for _, c := range []struct {
		text, now, overridden string
		want                  expr.Truth
	}{
		{`window("offpeak", now)`, closed, "", expr.False},
		{`window("offpeak", now)`, open, "", expr.True},
		{`window("offpeak", now + duration("2h"))`, open, "", expr.False},
		{`window("offpeak", timestamp("2026-11-28T01:00:00+08:00"))`, closed, "", expr.True},
		{`windowRemaining("offpeak", now) == duration("0s")`, closed, "", expr.True},
		{`windowRemaining("offpeak", now) == duration("90m")`, open, "", expr.True},
		{`window("offpeak", now)`, closed, "offpeak", expr.True},
		{`window("offpeak", now)`, closed, "always", expr.False},
		{`windowRemaining("offpeak", now) > duration("1000h")`, closed, "offpeak", expr.True},
		{`[1, 2, 3].all(h, window("always", now + duration(string(h) + "h")))`, closed, "", expr.True},
		{`lists.range(1000).all(i, window("always", now))`, closed, "", expr.Failed}, // which costs too much
	} {
		condition, faults := compiler.Condition(c.text, types)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", c.text, faults)
		}
		if got := condition.Eval(scopeAt(c.now, c.overridden)); got.Truth != c.want {
			t.Errorf("%s at %s: %v (%v), want %v", c.text, c.now, got.Truth, got.Err, c.want)
		}
	}
	condition, _ := compiler.Condition(`window("offpeak", now)`, types)
	later := expr.Values{Roots: map[string]value.Value{expr.RootNow: value.Unknown(value.Cause{Reason: "it depends on the time"})}}
	if got := condition.Eval(later); got.Truth != expr.Unknown || len(got.Causes) != 1 {
		t.Errorf("before the run it is %v because of %v", got.Truth, got.Causes)
	}
	if got := condition.Windows(); len(got) != 1 || got[0] != "offpeak" {
		t.Errorf("it asks for %v", got)
	}
}

func TestWindowsAreExplained(t *testing.T) {
	t.Parallel()
	condition, faults := expr.NewCompiler().Condition(`window("offpeak", now) || windowRemaining("offpeak", now) > duration("5m")`, windowTypes(t))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, c := range []struct{ now, overridden, want string }{
		{closed, "", "offpeak is closed; it opens Sat 01:00 Asia/Shanghai, in 3h12m"},
		{open, "", "offpeak is open until Sat 05:00 Asia/Shanghai, for 1h30m"},
		{closed, "offpeak", "offpeak is closed; it opens Sat 01:00 Asia/Shanghai, in 3h12m; alice has overridden it: the fix cannot wait"},
	} {
		tree := condition.Explain(scopeAt(c.now, c.overridden))
		if got := tree.Children[0].Note; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// A condition that is false says until when it stays so: until a window opens, or until one closes
// of which too little is left; where anything else can change, nothing is said.
func TestUntilWhenAConditionStaysFalse(t *testing.T) {
	t.Parallel()
	types, compiler := windowTypes(t), expr.NewCompiler()
	const opens, closes = "2026-11-28T01:00:00+08:00", "2026-11-28T05:00:00+08:00"
	for _, c := range []struct{ text, now, want string }{
		{`window("offpeak", now)`, closed, opens},
		{`window("offpeak", now) && inputs.go`, closed, opens},
		{`windowRemaining("offpeak", now) > duration("2h")`, closed, opens},
		{`windowRemaining("offpeak", now) > duration("2h")`, open, closes},
		{`duration("2h") <= windowRemaining("offpeak", now)`, open, closes},
		{`!(windowRemaining("offpeak", now) < duration("2h"))`, open, closes},
		{`duration(run.remaining) <= windowRemaining("offpeak", now)`, open, closes},
		{`windowRemaining("offpeak", now) < duration("1h")`, open, ""},
		{`!(windowRemaining("offpeak", now) >= duration("1h"))`, open, ""},
		{`windowRemaining("offpeak", now) == duration("1h")`, open, ""},
		{`windowRemaining("offpeak", now) > duration("2h") || now > timestamp("2027-01-01T00:00:00Z")`, open, ""},
		{`window("offpeak", now + duration("1h"))`, closed, ""},
	} {
		condition, faults := compiler.Condition(c.text, types)
		if len(faults) > 0 {
			t.Errorf("%s: %+v", c.text, faults)
			continue
		}
		scope := scopeAt(c.now, "")
		scope.Roots[expr.RootInputs] = value.Object(value.Member{Name: "go", Value: value.Bool(true)})
		scope.Roots[expr.RootRun] = value.Object(value.Member{Name: "remaining", Value: value.String("2h0m0s")})
		verdict := condition.Eval(scope)
		got := ""
		if !verdict.Still.IsZero() {
			got = verdict.Still.Format(time.RFC3339)
		}
		if verdict.Truth != expr.False || got != c.want {
			t.Errorf("%s at %s: %v (%v) until %q, want %q", c.text, c.now, verdict.Truth, verdict.Err, got, c.want)
		}
	}
}

func TestUnknownWindowsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	types, compiler := windowTypes(t), expr.NewCompiler()
	for marked, want := range map[string]string{
		`window(«"ofpeak"», now)`:                      `This runbook has no window "ofpeak"; it has always, offpeak. did you mean offpeak?`,
		`windowRemaining(«"x"», now) > duration("1h")`: `This runbook has no window "x"`,
		`window(«"off" + "peak"», now)`:                "nothing that is computed",
		`«window("offpeak")»`:                          "window cannot be called with a string",
		`«window("offpeak", "now")»`:                   "window cannot be called with a string and a string",
		`«windowRemaining("offpeak", now)»`:            "The condition is a duration",
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(marked)
		_, faults := compiler.Condition(text, types)
		if len(faults) != 1 || !strings.Contains(faults[0].Detail+" "+faults[0].Hint, want) {
			t.Errorf("%s: got %+v, want %q", text, faults, want)
			continue
		}
		if got := text[faults[0].Start:faults[0].End]; !strings.Contains(marked, "«"+got+"»") {
			t.Errorf("%s: at %q", text, got)
		}
	}
	if _, faults := compiler.Condition(`window("offpeak", now)`, expr.NewTypes(nil, nil, nil)); len(faults) != 1 || !strings.Contains(faults[0].Detail, "it has none") {
		t.Errorf("got %+v", faults)
	}
}
