package live_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/live"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// theater is a run that a test plays to a view.
type theater struct {
	view live.View
}

func op(step string, part event.Part, attempt int) *event.Op {
	return &event.Op{Step: step, Part: part, Attempt: attempt}
}

func (p theater) tell(e event.Event) {
	e.Time = time.Now()
	p.view.Event(e)
}

func (p theater) start() {
	p.tell(event.Event{Type: event.RunStarted, Run: &event.Run{ID: "r1", Runbook: "web", Version: "1.2.0", By: "ann"}})
}

func (p theater) begin(step string, attempt int) {
	p.tell(event.Event{Type: event.AttemptStarted, Op: op(step, event.Do, attempt), Action: "exec"})
}

func (p theater) settle(step string, status event.Status) {
	e := event.Event{Type: event.StepDecided, Op: op(step, event.Do, 0), Status: status}
	if status == event.Failed {
		e.Failure = &event.Failure{Class: sdk.Permanent, Message: "exit code 1"}
	}
	p.tell(e)
}

func (p theater) wait(step string, within time.Duration) {
	until := time.Now().Add(within)
	p.tell(event.Event{Type: event.ConditionMet, Op: op(step, event.Gate, 1), Verdict: &event.Verdict{Name: "quiet", Expr: "x", Truth: "false", Until: &until}})
}

func (p theater) end(o event.Outcome) {
	p.tell(event.Event{Type: event.RunFinished, Result: &event.Result{Outcome: o}})
}

func examplePlan(ids ...string) *plan.Plan {
	p := &plan.Plan{Runbook: plan.Header{Name: "web", Version: "1.2.0"}}
	for _, id := range ids {
		p.Steps = append(p.Steps, &plan.Step{ID: id, Retry: plan.Retry{Attempts: 3}})
	}
	return p
}

// onTerminal plays to a terminal of a size, in a bubble where time is the test's.
func onTerminal(t *testing.T, columns, rows int, p *plan.Plan, play func(theater, *live.Terminal, *screen)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		shown := newScreen(t, columns)
		view := live.NewTerminal(shown, live.Options{
			Status: standing.New(p), Now: time.Now, Size: func() (int, int) { return shown.columns, rows },
		})
		play(theater{view}, view, shown)
		if err := view.Close(); err != nil {
			t.Error(err)
		}
	})
}

// frame lets the view draw.
func frame() {
	time.Sleep(live.FrameTime)
	synctest.Wait()
}

func TestTerminalShowsWhatGoesOnAndKeepsWhatEnded(t *testing.T) {
	t.Parallel()
	onTerminal(t, 60, 24, examplePlan("drain", "upgrade", "check"), func(play theater, _ *live.Terminal, shown *screen) {
		play.start()
		play.begin("drain", 1)
		play.begin("upgrade", 2)
		play.wait("check", time.Minute)
		play.tell(event.Event{Type: event.StepDecided, Op: op("check", event.Gate, 0), Status: event.Waiting})
		play.wait("check", time.Minute)
		play.view.Output("drain", "stdout", "\x1b[31mevicting\x1b[2J pod-7\x1b[0m")
		time.Sleep(2 * time.Second)
		frame()
		clock := layout.Clock(time.Now().Add(time.Minute - 2*time.Second - live.FrameTime))
		want := "› run r1 of web 1.2.0 started\nweb 1.2.0 · 2.1s · 0/3 done\n"
		if got := shown.text(); !strings.HasPrefix(got, want) {
			t.Errorf("the screen begins otherwise:\n%s\nwant\n%s", got, want)
		}
		for _, part := range []string{
			"? check    2.1s    waits until " + clock + ", 58s left: quiet", "› drain    2.1s    attempt 1/3 · evicting pod-7", "› upgrade  2.1s    attempt 2/3",
		} {
			if !strings.Contains(shown.text(), part) {
				t.Errorf("the screen lacks %q:\n%s", part, shown.text())
			}
		}
		play.settle("drain", event.Succeeded)
		play.settle("upgrade", event.Failed)
		frame()
		want = "› run r1 of web 1.2.0 started\n✓ drain succeeded\n✗ upgrade failed: exit code 1\nweb 1.2.0 · 2.2s · 2/3 done, 1 failed\n"
		if got := shown.text(); !strings.HasPrefix(got, want) {
			t.Errorf("the screen begins otherwise:\n%s\nwant\n%s", got, want)
		}
		play.end(event.OutcomeFailed)
	})
}

// Of lines that an action reads at several places, as the logs of tasks, a person sees
// where each is from; of a program's own he knows.
func TestALineSaysWhichStreamOfTheActionItIsFrom(t *testing.T) {
	t.Parallel()
	lines := map[string]string{"stdout": "hello", "stderr": "hello", "log": "hello", "gatebook": "hello", "web.2": "web.2 | hello"}
	for stream, want := range lines {
		onTerminal(t, 60, 24, examplePlan("logs"), func(play theater, _ *live.Terminal, shown *screen) {
			play.start()
			play.begin("logs", 1)
			play.view.Output("logs", stream, "hello")
			frame()
			if !strings.HasSuffix(strings.TrimSpace(shown.text()), "attempt 1/3 · "+want) {
				t.Errorf("the screen does not end with %q:\n%s", want, shown.text())
			}
		})
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			view := live.NewLines(&b, standing.New(examplePlan("logs")), layout.Style{}, time.Now)
			view.Output("logs", stream, "hello")
			if err := view.Close(); err != nil || b.String() != "logs | "+want+"\n" {
				t.Errorf("the lines are %q, %v, want %q", b.String(), err, want)
			}
		})
	}
}

func TestTerminalLeavesOnlyWhatStays(t *testing.T) {
	t.Parallel()
	var shown *screen
	onTerminal(t, 80, 24, examplePlan("drain"), func(play theater, view *live.Terminal, s *screen) {
		shown = s
		play.start()
		play.begin("drain", 1)
		frame()
		view.Say("Nothing new is started.")
		play.settle("drain", event.Succeeded)
	})
	want := "› run r1 of web 1.2.0 started\nNothing new is started.\n✓ drain succeeded"
	if diff := cmp.Diff(want, shown.text()); diff != "" {
		t.Error(diff)
	}
}

func TestTerminalDrawsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	onTerminal(t, 80, 24, examplePlan("drain"), func(play theater, _ *live.Terminal, shown *screen) {
		play.start()
		play.end(event.OutcomeSucceeded)
		frame()
		before := shown.writes
		time.Sleep(time.Minute)
		if shown.writes != before {
			t.Errorf("%d writes in a minute in which nothing happened", shown.writes-before)
		}
	})
}

func TestTerminalIsNotDrawnMoreThanTenTimesASecond(t *testing.T) {
	t.Parallel()
	onTerminal(t, 80, 24, examplePlan("drain"), func(play theater, _ *live.Terminal, shown *screen) {
		play.start()
		play.begin("drain", 1)
		frame()
		before := shown.writes
		for range 1000 {
			play.view.Output("drain", "stdout", "line")
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := shown.writes - before; n > 11 {
			t.Errorf("%d frames in a second", n)
		}
	})
}

func TestTerminalFitsItsSize(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, a := range "abcdefgh" {
		for _, b := range "abcdefgh" {
			ids = append(ids, "step_"+string(a)+string(b)+strings.Repeat("x", 20))
		}
	}
	for _, size := range [][2]int{{80, 24}, {40, 10}, {20, 3}, {200, 100}, {10, 2}} {
		onTerminal(t, size[0], size[1], examplePlan(ids...), func(play theater, _ *live.Terminal, shown *screen) {
			play.start()
			frame()
			stays := strings.Count(shown.text(), "\n")
			for _, id := range ids {
				play.begin(id, 1)
				play.view.Output(id, "stdout", strings.Repeat("日本語 ", 100))
			}
			frame()
			lines := strings.Split(shown.text(), "\n")[stays:]
			if len(lines) > size[1] {
				t.Errorf("%v: the region takes %d lines", size, len(lines))
			}
			for _, line := range lines {
				if layout.Width(line) > size[0] {
					t.Errorf("%v: a line takes %d columns: %q", size, layout.Width(line), line)
				}
			}
			if size[1] == 24 && !strings.Contains(shown.text(), "… and 43 more at work") {
				t.Errorf("those that do not fit are not counted:\n%s", shown.text())
			}
		})
	}
}

func TestTerminalIsTakenAsideForAQuestion(t *testing.T) {
	t.Parallel()
	onTerminal(t, 80, 24, examplePlan("drain", "ask"), func(play theater, view *live.Terminal, shown *screen) {
		play.start()
		play.begin("drain", 1)
		frame()
		view.Suspend()
		before := shown.writes
		play.settle("drain", event.Succeeded)
		time.Sleep(time.Second)
		if shown.writes != before {
			t.Error("it is drawn while somebody else has the screen")
		}
		if strings.Contains(shown.text(), "0/2 done") {
			t.Errorf("the region is still there:\n%s", shown.text())
		}
		view.Resume()
		if !strings.Contains(shown.text(), "✓ drain succeeded\nweb 1.2.0 · 1.1s · 1/2 done") {
			t.Errorf("the region did not come back:\n%s", shown.text())
		}
	})
}

func TestTerminalSaysHowElseAQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	onTerminal(t, 80, 24, examplePlan("ask"), func(play theater, _ *live.Terminal, shown *screen) {
		play.start()
		play.settle("ask", event.Asking)
		play.tell(event.Event{Type: event.AskOpened, Op: op("ask", event.Do, 0), Data: json.RawMessage(`{"message":"Go on?"}`)})
		frame()
		if want := "? ask asks: Go on? (gatebook approve r1 ask, or reject)\n"; !strings.Contains(shown.text(), want) {
			t.Errorf("the screen lacks %q:\n%s", want, shown.text())
		}
	})
}

type brokenPipe struct{ writes int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("broken pipe")
}

func TestABrokenOutputIsGivenUpAndTold(t *testing.T) {
	t.Parallel()
	views := map[string]func(*brokenPipe) live.View{
		"terminal": func(b *brokenPipe) live.View {
			return live.NewTerminal(b, live.Options{Status: standing.New(nil), Now: time.Now, Size: func() (int, int) { return 0, 0 }})
		},
		"lines": func(b *brokenPipe) live.View { return live.NewLines(b, standing.New(nil), layout.Style{}, time.Now) },
		"json":  func(b *brokenPipe) live.View { return live.NewJSON(b, time.Now) },
	}
	for name, view := range views {
		synctest.Test(t, func(t *testing.T) {
			b := &brokenPipe{}
			play := theater{view(b)}
			play.start()
			play.begin("drain", 1)
			play.view.Progress("drain", sdk.Progress{Message: "half"})
			frame()
			play.settle("drain", event.Succeeded)
			frame()
			if err := play.view.Close(); err == nil || b.writes != 1 {
				t.Errorf("%s: error %v after %d writes", name, err, b.writes)
			}
		})
	}
}

// A long count is told seldom, and yet never falls silent.
func TestLinesOfALongCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		play := theater{live.NewLines(&b, standing.New(examplePlan("drain")), layout.Style{}, time.Now)}
		for i := range 100 { // over 99 seconds
			play.view.Progress("drain", sdk.Progress{Message: fmt.Sprint(i+1, " of 100")})
			time.Sleep(time.Second)
		}
		if err := play.view.Close(); err != nil {
			t.Fatal(err)
		}
		var told []string
		for line := range strings.Lines(b.String()) {
			told = append(told, strings.TrimSuffix(strings.TrimPrefix(line, "drain … "), "\n"))
		}
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint(i+1, " of 100"))
		}
		want = append(want, "from here on, what is new is told every 10s",
			"30 of 100", "40 of 100", "50 of 100", "60 of 100", "70 of 100", "80 of 100", "90 of 100", "100 of 100")
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		play := theater{live.NewLines(&b, standing.New(examplePlan("drain", "ask")), layout.Style{}, time.Now)}
		play.start()
		play.begin("drain", 1)
		play.view.Output("drain", "stderr", "evicting\tpod-7\x1b[2J\n")
		for range 3 { // what is not new is not told again
			play.view.Progress("drain", sdk.Progress{Message: "3 of 5 pods are gone"})
		}
		play.tell(event.Event{Type: event.AttemptFinished, Op: op("drain", event.Do, 1), Failure: &event.Failure{Class: sdk.Transient, Message: "exit code 1"}})
		play.begin("drain", 2)
		play.tell(event.Event{Type: event.AttemptFinished, Op: op("drain", event.Do, 2)})
		play.wait("drain", time.Minute)
		play.settle("drain", event.Succeeded)
		play.settle("ask", event.Asking)
		play.tell(event.Event{Type: event.AskOpened, Op: op("ask", event.Do, 0), Data: json.RawMessage(`{"message":"Go on?"}`)})
		play.tell(event.Event{Type: event.Answered, Op: op("ask", event.Do, 0), Answer: &sdk.Answer{Approved: true, By: "bob", Comment: "fine"}})
		play.end(event.OutcomeSucceeded)
		if err := play.view.Close(); err != nil {
			t.Fatal(err)
		}
		at := layout.Clock(time.Now())
		want := strings.Join([]string{
			at + "  › run r1 of web 1.2.0 started",
			at + "  › drain runs exec",
			"drain | evicting pod-7",
			"drain … 3 of 5 pods are gone",
			at + "  ✗ drain attempt 1 failed: transient: exit code 1",
			at + "  › drain runs exec, attempt 2",
			at + `  ? drain gate "quiet" does not hold yet: x; it is looked at again until ` + layout.Clock(time.Now().Add(time.Minute)),
			at + "  ✓ drain succeeded",
			at + "  ? ask asks: Go on? (gatebook approve r1 ask, or reject)",
			at + "  ✓ ask was approved by bob: fine",
			at + "  ✓ the run succeeded",
		}, "\n") + "\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestJSONIsOneDocumentALine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		play := theater{live.NewJSON(&b, time.Now)}
		play.start()
		play.view.Output("drain", "stdout", "<two>\nlines \x1b[2J")
		play.view.Progress("drain", sdk.Progress{Message: "half", Done: 1, Total: 2})
		play.end(event.OutcomeSucceeded)
		if err := play.view.Close(); err != nil {
			t.Fatal(err)
		}
		var types []string
		for line := range bytes.Lines(b.Bytes()) {
			var told live.Told
			if err := json.Unmarshal(line, &told); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			types = append(types, string(told.Type))
			if told.Type == live.TypeOutput && told.Line != "<two>\nlines \x1b[2J" {
				t.Errorf("the line is changed: %q", told.Line)
			}
		}
		if diff := cmp.Diff([]string{"run.started", "output", "progress", "run.finished"}, types); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkTerminalEvent(b *testing.B) {
	view := live.NewTerminal(&bytes.Buffer{}, live.Options{
		Status: standing.New(examplePlan("drain")), Now: time.Now, Size: func() (int, int) { return 80, 24 },
	})
	defer view.Close()
	play := theater{view}
	b.ReportAllocs()
	for b.Loop() {
		play.begin("drain", 1)
		view.Output("drain", "stdout", "a line as programs print them")
	}
}
