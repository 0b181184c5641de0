package machine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// losing is a plan of two changes, of a second each, that loses some data.
func losing(tb testing.TB, lost value.Value) *plan.Plan {
	tb.Helper()
	p := planOf(tb, change("a"), change("b", "a"))
	p.RTO, p.RPO, p.DataLoss = 2*time.Second, time.Minute, &plan.Binding{Name: "dataLoss", Source: fixed{lost}}
	return p
}

func TestARunThatSucceededIsMeasured(t *testing.T) {
	t.Parallel()
	span := func(d time.Duration) *time.Duration { return &d }
	for name, c := range map[string]struct {
		lost value.Value
		want event.Measured
		met  bool
	}{
		"kept":         {value.String("1m"), event.Measured{Lost: span(time.Minute)}, true},
		"nothing":      {value.String("0s"), event.Measured{Lost: span(0)}, true},
		"too much":     {value.String("61s"), event.Measured{Lost: span(61 * time.Second)}, false},
		"no unit":      {value.Int(61), event.Measured{Why: "it is of the type integer, and no duration such as 90s"}, false},
		"a secret":     {value.String("987s").Secret(), event.Measured{Why: "it is computed of a secret, which no record shows"}, false},
		"very long":    {value.String(strings.Repeat("x", 1000)), event.Measured{Why: `"` + strings.Repeat("x", 40) + `…" is no duration such as 90s`}, false},
		"no duration":  {value.String("a lot"), event.Measured{Why: `"a lot" is no duration such as 90s`}, false},
		"in advance":   {value.String("-1s"), event.Measured{Why: "it is -1s, and nothing is lost that is yet to come"}, false},
		"not known":    {value.Unknown(value.Cause{Step: "a", Reason: "it was lost"}), event.Measured{Why: "it is not known: step a: it was lost"}, false},
		"null is none": {value.Null(), event.Measured{Why: "it is of the type null, and no duration such as 90s"}, false},
	} {
		w := newWorld(t, losing(t, c.lost), 1)
		got := w.run().Measured
		c.want.At, c.want.Took, c.want.RTO, c.want.RPO = epoch.Add(2*time.Second), 2*time.Second, 2*time.Second, time.Minute
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if got.Met() != c.met {
			t.Errorf("%s: met is %v", name, got.Met())
		}
	}
}

func TestATimeThatIsTooLongIsMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, losing(t, value.String("0s")), 1)
	w.attempts = func(machine.Attempt) answer { return answer{takes: 1500 * time.Millisecond, outputs: value.Object()} }
	if got := w.run().Measured; got.Met() || got.Late() != time.Second || got.Over() != 0 {
		t.Errorf("it is %+v", got)
	}
}

// A drill that is taken back was a drill, and what it took is known then too, in a replay as well.
func TestWhatWasMeasuredStaysWhenItIsTakenBack(t *testing.T) {
	t.Parallel()
	p := losing(t, value.String("1s"))
	w := newWorld(t, p, 1)
	before := w.run().Measured
	w.result = nil
	w.ask(event.RollbackAsked)
	after := w.run()
	if after.Outcome != event.OutcomeRolledBack || !after.Measured.Met() || !after.Measured.At.Equal(before.At) {
		t.Errorf("it ended %s, and measured %+v", after.Outcome, after.Measured)
	}
	again := machine.New(p)
	for _, fact := range w.facts() {
		again.Next(fact)
	}
	if diff := cmp.Diff(after.Measured, again.Result().Measured); diff != "" {
		t.Errorf("a replay measures something else (-want +got)\n%s", diff)
	}
}

func TestWhatPromisesNothingIsNotMeasured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a")), 1)
	if got := w.run().Measured; got != nil {
		t.Errorf("it measured %+v", got)
	}
	failed := newWorld(t, losing(t, value.String("1s")), 1)
	fails(failed, "b", event.Do, sdk.Permanent)
	if got := failed.run().Measured; got != nil {
		t.Errorf("of a run that failed it measured %+v", got)
	}
}

// What failed of a run that succeeded all the same is kept, where it changes something or cleans up,
// and so is that no step was done.
func TestWhatFailedOfASuccessIsKept(t *testing.T) {
	t.Parallel()
	continued := func(s *plan.Step) *plan.Step {
		s.OnFailure = plan.Continue
		return s
	}
	skipped := func(s *plan.Step) *plan.Step {
		s.LeftOut = &event.LeftOut{Mode: event.Drill}
		return s
	}
	finally := func(s *plan.Step) *plan.Step {
		s.Finally = true
		return continued(s)
	}
	for name, c := range map[string]struct {
		steps  []*plan.Step
		failed string
		idle   bool
	}{
		"none":             {steps: []*plan.Step{change("b")}},
		"a change":         {steps: []*plan.Step{continued(change("a")), change("b", "a")}, failed: "a"},
		"a look":           {steps: []*plan.Step{continued(read("a")), change("b", "a")}},
		"of finally":       {steps: []*plan.Step{change("b"), finally(read("a"))}, failed: "a"},
		"all that is done": {steps: []*plan.Step{continued(change("a"))}, failed: "a", idle: true},
		"none is done":     {steps: []*plan.Step{skipped(change("b")), finally(read("c"))}, idle: true},
	} {
		p := planOf(t, c.steps...)
		p.RTO = time.Hour
		w := newWorld(t, p, 1)
		fails(w, "a", event.Do, sdk.Permanent)
		got := w.run()
		if got.Outcome != event.OutcomeSucceeded || strings.Join(got.Measured.Failed, ", ") != c.failed || got.Measured.Idle != c.idle {
			t.Errorf("%s: it ended %s, and measured %+v", name, got.Outcome, got.Measured)
		}
	}
}

// promised draws what a runbook promises, and what measures it.
func promised(t *rapid.T, p *plan.Plan) {
	p.RTO = rapid.SampledFrom([]time.Duration{0, 5 * time.Second, time.Hour}).Draw(t, "rto")
	p.RPO = rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "rpo")
	if lost := rapid.SampledFrom([]string{"", "1s", "1h", "much"}).Draw(t, "lost"); lost != "" {
		p.DataLoss = &plan.Binding{Name: "dataLoss", Source: fixed{value.String(lost)}}
	}
}

// checkMeasures holds a journal against what measures promise: nothing is measured before the run has
// succeeded, that is measured once, where something is promised, and it stays whatever follows.
func checkMeasures(t *rapid.T, w *world) {
	var measured *event.Measured
	promises := w.plan.RTO > 0 || w.plan.RPO > 0 || w.plan.DataLoss != nil
	for _, e := range w.journal {
		if e.Type != event.RunFinished {
			continue
		}
		if measured == nil && promises && e.Result.Outcome == event.OutcomeSucceeded {
			measured = e.Result.Measured
			if measured == nil || !measured.At.Equal(e.Time) || measured.Took != e.Time.Sub(epoch) {
				t.Fatalf("at %s it measured %+v", e.Time, measured)
			}
		}
		if diff := cmp.Diff(measured, e.Result.Measured); diff != "" {
			t.Fatalf("a run that ends as %s measures something else (-want +got)\n%s", e.Result.Outcome, diff)
		}
	}
}
