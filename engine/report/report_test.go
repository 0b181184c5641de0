package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds a document against the file of its name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update writes it anew:\n%s", name, diff)
	}
}

var began = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// examplePlan is a plan of four steps, one of which asks people.
func examplePlan(t *testing.T) *plan.Plan {
	t.Helper()
	text := func(name, text string) value.Member { return value.Member{Name: name, Value: value.String(text)} }
	gate := &plan.Condition{
		Expr: "steps.before.outputs.ready >= 3", Message: "not enough replicas are ready", At: "web.yaml:20:9",
		State: plan.State{Truth: "unknown", Causes: []value.Cause{{Step: "before", Reason: "it is an output"}}},
	}
	verify := &plan.Condition{
		Name: "error rate", Expr: "observed.value < 0.01", At: "web.yaml:30:9",
		Observe: &plan.Use{Action: "prometheus.query", Effect: sdk.Read}, Within: 10 * time.Minute, Every: 15 * time.Second, Hold: time.Minute,
		State: plan.State{Truth: "unknown"},
	}
	p, err := plan.New(plan.Plan{
		Runbook: plan.Header{Name: "web-upgrade", Version: "1.2.0", Title: "Upgrade the web tier", File: "web.yaml", Digest: "sha256:aa"},
		Inputs: value.Object(text("image", "web:2"),
			value.Member{Name: "token", Value: value.String("s3cret").Secret()}),
		Lock: "web", RTO: 30 * time.Minute, OnFailure: plan.Rollback,
		Steps: []*plan.Step{
			{ID: "before", At: "web.yaml:10:5", Use: plan.Use{Action: "http.check", Effect: sdk.Read, Params: value.Object(text("url", "http://web/healthz"))}, OnFailure: plan.Rollback},
			{
				ID: "upgrade", Title: "Upgrade the service", At: "web.yaml:15:5", Timeout: time.Minute, OnFailure: plan.Rollback,
				Use: plan.Use{Action: "exec", Effect: sdk.Change, Params: value.Object(
					value.Member{Name: "command", Value: value.List(value.String("deploy"), value.String("web:2"))},
					value.Member{Name: "stdin", Value: value.Unknown(value.Cause{Step: "before", Reason: "it is an output"})},
				)},
				Needs: []plan.Edge{{Step: "before", Reason: plan.Referenced}}, Gate: []*plan.Condition{gate}, Verify: []*plan.Condition{verify},
				Retry:    plan.Retry{Attempts: 3, Delay: time.Second, Factor: 2},
				Rollback: &plan.Compensation{Use: &plan.Use{Action: "exec", Params: value.Object(text("script", "undeploy"))}},
			},
			{
				ID: "sign_off", At: "web.yaml:40:5", OnFailure: plan.Stop,
				Use:   plan.Use{Action: "approve", Effect: sdk.Read, Params: value.Object(text("message", "Clean up?")), Describe: sdk.Description{Asks: true}},
				Needs: []plan.Edge{{Step: "upgrade", Reason: plan.InOrder}},
			},
			{
				ID: "wipe", At: "web.yaml:50:5", OnFailure: plan.Rollback, Use: plan.Use{Action: "exec", Effect: sdk.Destroy},
				Needs:    []plan.Edge{{Step: "sign_off", Reason: plan.Needed}},
				Rollback: &plan.Compensation{None: "the volume is gone"},
			},
			{ID: "tell", At: "web.yaml:60:5", Finally: true, OnFailure: plan.Rollback, Use: plan.Use{Action: "notify.webhook", Effect: sdk.Change, Describe: sdk.Description{NothingToUndo: "it was sent"}}},
		},
		Record: []plan.Binding{{Name: "version", Value: value.String("web:2")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Digest = "sha256:bb" // the real one depends on every field of every floor below
	return p
}

// story makes the events of a run, a second apart.
type story struct {
	events []event.Event
	now    time.Time
}

func newStory() *story {
	s := &story{now: began}
	s.tell(event.Event{Type: event.RunStarted, Run: &event.Run{
		ID: "20261121-030000-abcd", Runbook: "web-upgrade", Version: "1.2.0", File: "web.yaml", Digest: "sha256:aa", PlanDigest: "sha256:bb",
		Gatebook: "0.1.0", By: "ann", Inputs: value.Object(value.Member{Name: "token", Value: value.String("s3cret").Secret()}),
		Record:  value.Object(value.Member{Name: "version", Value: value.String("web:2")}, value.Member{Name: "environment", Value: value.String("production")}),
		Process: event.Process{PID: 42, Host: "ops1", User: "ann"},
	}})
	return s
}

func (s *story) tell(e event.Event) *story {
	e.Time = s.now
	s.events = append(s.events, e)
	s.now = s.now.Add(time.Second)
	return s
}

func op(step string, part event.Part, attempt int) *event.Op {
	return &event.Op{Step: step, Part: part, Attempt: attempt}
}

func (s *story) decided(step string, part event.Part, status event.Status, f *event.Failure) *story {
	e := event.Event{Type: event.StepDecided, Op: op(step, part, 0), Status: status, Failure: f}
	if status.Settled() {
		e.Elapsed = 1500 * time.Millisecond
	}
	return s.tell(e)
}

func (s *story) attempt(step, action string, part event.Part, n int, f *event.Failure) *story {
	params := value.Object(value.Member{Name: "command", Value: value.List(value.String("deploy"))})
	s.tell(event.Event{Type: event.AttemptStarted, Op: op(step, part, n), Action: action, Params: &params})
	return s.tell(event.Event{Type: event.AttemptFinished, Op: op(step, part, n), Failure: f})
}

func (s *story) judged(step string, part event.Part, truth string, until *time.Time) *story {
	tree, err := json.Marshal(expr.Explanation{Text: "observed.value < 0.01", Value: "false", State: "value", Children: []*expr.Explanation{
		{Text: "observed.value", Value: "0.2", State: "value"}, {Text: "0.01", Value: "0.01", State: "value"},
	}})
	if err != nil {
		panic(err)
	}
	return s.tell(event.Event{Type: event.ConditionMet, Op: op(step, part, 1), Verdict: &event.Verdict{
		Name: "error rate", Expr: "observed.value < 0.01", Truth: truth, Message: "too many errors", Until: until, Explain: tree,
	}})
}

func (s *story) ended(r event.Result) *story {
	mode := event.Ended
	if r.Outcome == event.OutcomePaused {
		mode = event.Paused
	}
	s.tell(event.Event{Type: event.ModeChanged, Mode: mode})
	r.Elapsed = s.now.Sub(began)
	return s.tell(event.Event{Type: event.RunFinished, Result: &r})
}

func (s *story) asked() *story {
	return s.decided("sign_off", event.Do, event.Asking, nil).tell(event.Event{
		Type: event.AskOpened, Op: op("sign_off", event.Do, 0), Data: json.RawMessage(`{"message":"Clean up?"}`),
		Timer: &event.Timer{At: began.Add(2 * time.Hour)},
	})
}

// stories are runs that end, or stand, in each way there is.
func stories() map[string]*story {
	failed := &event.Failure{Class: sdk.Transient, Message: "exit code 1"}
	verify := &event.Failure{Class: event.VerifyFailed, Message: "too many errors"}
	until := began.Add(10 * time.Minute)
	upgraded := func() *story {
		return newStory().decided("before", event.Do, event.Succeeded, nil).
			attempt("upgrade", "exec", event.Do, 1, failed).attempt("upgrade", "exec", event.Do, 2, nil).
			decided("upgrade", event.Verify, event.Verifying, nil)
	}
	outputs := value.Object(value.Member{Name: "revision", Value: value.Int(7)})
	return map[string]*story{
		"succeeded": upgraded().judged("upgrade", event.Verify, "true", nil).decided("upgrade", event.Do, event.Succeeded, nil).
			ended(event.Result{Outcome: event.OutcomeSucceeded, Changed: []string{"upgrade"}, Outputs: &outputs}),
		"rolled-back": upgraded().judged("upgrade", event.Verify, "false", nil).decided("upgrade", event.Do, event.Failed, verify).
			tell(event.Event{Type: event.ModeChanged, Mode: event.Reverse}).
			decided("upgrade", event.Undo, event.Undoing, nil).attempt("upgrade", "exec", event.Undo, 1, nil).
			decided("upgrade", event.Undo, event.Undone, nil).
			ended(event.Result{Outcome: event.OutcomeRolledBack, Step: "upgrade", Failure: verify, Undone: []string{"upgrade"}}),
		"stuck": upgraded().judged("upgrade", event.Verify, "false", nil).decided("upgrade", event.Do, event.Failed, verify).
			tell(event.Event{Type: event.ModeChanged, Mode: event.Reverse}).
			attempt("upgrade", "exec", event.Undo, 1, failed).decided("upgrade", event.Undo, event.LeftOver, failed).
			ended(event.Result{Outcome: event.OutcomeStuck, Step: "upgrade", Failure: verify, Changed: []string{"upgrade"}, Left: []string{"upgrade"}}),
		"failed": newStory().decided("before", event.Do, event.Succeeded, nil).attempt("upgrade", "exec", event.Do, 3, failed).
			decided("upgrade", event.Do, event.Failed, failed).
			ended(event.Result{Outcome: event.OutcomeFailed, Step: "upgrade", Failure: failed, Changed: []string{"upgrade"}}),
		"gate-closed": newStory().judged("upgrade", event.Gate, "false", nil).
			decided("upgrade", event.Do, event.Failed, &event.Failure{Class: event.GateClosed, Message: "too many errors", Unchanged: true}).
			ended(event.Result{Outcome: event.OutcomeGateClosed, Step: "upgrade", Failure: &event.Failure{Class: event.GateClosed, Message: "too many errors"}}),
		"asking": upgraded().decided("upgrade", event.Do, event.Succeeded, nil).asked(),
		"paused": upgraded().decided("upgrade", event.Do, event.Succeeded, nil).asked().
			tell(event.Event{Type: event.PauseAsked, By: "ann", Reason: "signal interrupt"}).decided("sign_off", event.Do, event.Pending, nil).
			ended(event.Result{Outcome: event.OutcomePaused, Changed: []string{"upgrade"}, Asking: []string{"sign_off"}}),
		"lost": newStory().tell(event.Event{Type: event.AttemptStarted, Op: op("upgrade", event.Do, 1), Action: "exec"}).
			tell(event.Event{Type: event.RunResumed, Process: &event.Process{PID: 43, Host: "ops2"}}).
			tell(event.Event{Type: event.AttemptObserved, Op: op("upgrade", event.Do, 1), State: sdk.CannotTell, Reason: "the action cannot say whether it was done"}).
			ended(event.Result{Outcome: event.OutcomePaused, Step: "upgrade", Lost: []string{"upgrade"}, Failure: &event.Failure{Class: event.Lost, Message: "the action cannot say whether it was done"}}),
		"waiting": newStory().decided("upgrade", event.Gate, event.Waiting, nil).judged("upgrade", event.Gate, "false", &until),
	}
}

func TestDocumentsOfARun(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, trail := report.NewStatus(examplePlan(t)), report.NewAudit()
			for i, e := range told.events {
				status.Apply(e)
				trail.Add(uint64(i+1), e)
			}
			trail.Intact, trail.Head = true, "cafe"
			status.Output("upgrade", "\x1b[31mfailing\x1b[0m over")
			var b bytes.Buffer
			section := func(title string, err error) {
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "\n-- above: %s --\n", title)
			}
			section("status", report.StatusText(&b, status, told.now, report.Style{}))
			section("summary", report.Summary(&b, status, report.Style{}))
			section("audit", report.AuditText(&b, trail, report.Style{}))
			section("history", report.HistoryTable(&b, []report.Record{report.NewRecord(status)}, report.Style{}))
			section("history as CSV", report.HistoryCSV(&b, []report.Record{report.NewRecord(status)}))
			golden(t, "run-"+name, b.Bytes())
			if bytes.Contains(b.Bytes(), []byte("s3cret")) {
				t.Error("a secret is shown")
			}
		})
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	p := examplePlan(t)
	var b bytes.Buffer
	if err := report.Plan(&b, p, report.Style{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan", b.Bytes())
}

func TestPlanPutsWhatStandsInItsWayFirst(t *testing.T) {
	t.Parallel()
	p := examplePlan(t)
	step := p.Steps[1]
	step.Gate[0].State = plan.State{Truth: "false", Explain: &expr.Explanation{
		Text: "steps.before.outputs.ready >= 3", Value: "false", State: "value",
		Children: []*expr.Explanation{{Text: "steps.before.outputs.ready", Value: "2", State: "value"}, {Text: "3", Value: "3", State: "value"}},
	}}
	step.Preview = &sdk.Preview{Summary: "would deploy web:2", Blockers: []string{"The registry does not answer."}, Warnings: []string{"It is Friday."}}
	p.Steps[0].PreviewError = "no route to host"
	var b bytes.Buffer
	if err := report.PlanSummary(&b, p, report.Style{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan-problems", b.Bytes())
}

func TestStatusCountsEachStepOnce(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		p := examplePlan(t)
		status := report.NewStatus(p)
		for _, e := range told.events {
			status.Apply(e)
			total := 0
			for _, n := range status.Counts {
				total += n
			}
			if total != len(p.Steps) {
				t.Fatalf("%s: after %s the counts %v are of %d steps, not of %d", name, e.Type, status.Counts, total, len(p.Steps))
			}
		}
	}
}

func TestStatusWithoutPlanTellsTheSameOfTheStepsThatRan(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		with, without := report.NewStatus(examplePlan(t)), report.NewStatus(nil)
		for _, e := range told.events {
			with.Apply(e)
			without.Apply(e)
		}
		for _, step := range without.Steps {
			same, ok := with.Step(step.ID)
			if !ok || same.Status != step.Status || same.Attempt != step.Attempt || !same.Started.Equal(step.Started) {
				t.Errorf("%s: %s is %+v with the plan and %+v without", name, step.ID, same, step)
			}
		}
	}
}

func TestLineIsHarmless(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"plain":                        "plain",
		"  around  ":                   "around",
		"\x1b[2J\x1b[31mred\x1b[0m":    "red",
		"\x1b]0;title\aafter":          "after",
		"\x1b]8;;http://x\x1b\\link":   "link",
		"cut off \x1b[3":               "cut off",
		"cut off \x1b":                 "cut off",
		"two\nlines\r\n":               "two lines",
		"tab\tand bell\a":              "tab and bell",
		"right\u202eto left":           "rightto left",
		"日本語 stays":                    "日本語 stays",
		"broken \xff bytes":            "broken  bytes",
		"\u009b31mC1 is a control too": "31mC1 is a control too",
	}
	for text, want := range tests {
		if got := report.Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m\r\n\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		got := report.Line(text)
		for _, r := range got {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
				t.Errorf("Line(%q) lets %U through", text, r)
			}
		}
		if again := report.Line(got); again != got {
			t.Errorf("Line(%q) = %q, and again %q", text, got, again)
		}
	})
}

func TestFilterKeeps(t *testing.T) {
	t.Parallel()
	r := report.Record{Date: began, Runbook: "web", Result: "succeeded", Environment: "production", Operator: "ann"}
	tests := map[string]struct {
		filter report.Filter
		want   bool
	}{
		"all":            {report.Filter{}, true},
		"same":           {report.Filter{Runbook: "web", Result: "succeeded", Environment: "Production", Operator: "ann"}, true},
		"other runbook":  {report.Filter{Runbook: "db"}, false},
		"other result":   {report.Filter{Result: "failed"}, false},
		"other operator": {report.Filter{Operator: "bob"}, false},
		"since then":     {report.Filter{Since: began}, true},
		"since later":    {report.Filter{Since: began.Add(1)}, false},
	}
	for name, test := range tests {
		if got := test.filter.Keep(r); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestCSVIsNoFormula(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.HistoryCSV(&b, []report.Record{{Date: began, Remark: "=cmd|' /C calc'!A0", Version: "-1"}}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !bytes.Contains(b.Bytes(), []byte("'=cmd")) || !bytes.Contains(b.Bytes(), []byte("'-1")) {
		t.Errorf("got %s", got)
	}
}

func TestElapsed(t *testing.T) {
	t.Parallel()
	tests := map[time.Duration]string{
		-time.Second: "0s", 1500 * time.Microsecond: "2ms", 1249 * time.Millisecond: "1.2s",
		30 * time.Minute: "30m", 2 * time.Hour: "2h", 90*time.Minute + 5*time.Second: "1h30m5s",
	}
	for d, want := range tests {
		if got := report.Elapsed(d); got != want {
			t.Errorf("Elapsed(%s) = %s, want %s", d, got, want)
		}
	}
}

func BenchmarkStatusApply(b *testing.B) {
	const steps = 10_000
	p := plan.Plan{}
	for i := range steps {
		p.Steps = append(p.Steps, &plan.Step{ID: fmt.Sprintf("s%d", i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		status := report.NewStatus(&p)
		for _, step := range p.Steps {
			status.Apply(event.Event{Type: event.AttemptStarted, Op: op(step.ID, event.Do, 1)})
			status.Apply(event.Event{Type: event.StepDecided, Op: op(step.ID, event.Do, 0), Status: event.Succeeded})
		}
	}
}

// Of several conditions that do not hold the one is explained that the step failed by,
// not the one that was looked at last.
func TestTheConditionThatFailedTheStepIsExplained(t *testing.T) {
	t.Parallel()
	status := report.NewStatus(examplePlan(t))
	judged := func(index int, truth, message string) {
		status.Apply(event.Event{
			Type: event.ConditionMet, Op: &event.Op{Step: "upgrade", Part: event.Verify, Index: index, Attempt: 1},
			Verdict: &event.Verdict{Expr: "x", Truth: truth, Message: message},
		})
	}
	judged(0, "false", "too many errors")
	judged(1, "false", "too slow")
	judged(0, "true", "too many errors")
	judged(0, "false", "too many errors")
	judged(1, "true", "too slow")
	judged(2, "false", "too few requests")
	status.Apply(event.Event{
		Type: event.StepDecided, Op: op("upgrade", event.Do, 0), Status: event.Failed,
		Failure: &event.Failure{Class: event.VerifyFailed, Message: "too many errors: not true within 5s"},
	})
	if step, _ := status.Step("upgrade"); step.Verdict == nil || step.Verdict.Message != "too many errors" {
		t.Errorf("explained is %+v", step.Verdict)
	}
}
