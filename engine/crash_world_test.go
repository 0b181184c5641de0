//go:build unix

package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps"
)

// The crash test runs a runbook in a child process, which kills itself with SIGKILL at
// one point; another child resumes the run. The points are every record of the journal
// as it is about to be written, and every moment just before and just after an action
// has had its effect. The effects are files, so that they outlive the process as those
// of a real system do.

const crashChild = "GATEBOOK_CRASH_CHILD"

// crashOrder tells a child what to do.
type crashOrder struct {
	State, World string
	Runbook      string // the rest of the runbook
	Lock         string // that it declares
	Limit        uint64 // of the size of a file, in bytes, on Linux; 0: none
	Resume       bool
	People       bool // sign what is asked
	Windows      bool // of which one is overridden from the beginning, and one by whoever resumes
	Stepwise     bool // go step by step, and let each change begin
	Choice       *event.Choice
	Where        string // what is given for the input of that name; empty: nothing
	KillAtEvent  int64  // 0: never
	KillAtEffect int64  // counted in this child; 0: never
	After        bool   // of the effect, rather than before it
}

// crashReport is what a child that was not killed says at its end.
type crashReport struct {
	Outcome event.Outcome
	Step    string
	Outputs string
	Error   string
	Events  int64
	Effects int64
}

func TestMain(m *testing.M) {
	if order := os.Getenv(crashChild); order != "" {
		if err := json.NewEncoder(os.Stdout).Encode(crashedChild(order)); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func killMyself() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

// crashWorld is what the actions of the crash test act upon.
type crashWorld struct {
	order   crashOrder
	effects atomic.Int64
}

type crashInput struct {
	Name string `json:"name" doc:"The file to make."`
	Fail int    `json:"fail" doc:"How many attempts fail before."`
	Gone bool   `json:"gone" doc:"Whether it fails for good."`
}

type crashOutput struct {
	Made string `json:"made" doc:"The file that was made."`
}

func (w *crashWorld) path(parts ...string) string {
	return filepath.Join(append([]string{w.order.World}, parts...)...)
}

// effect has an effect on the world, with the chance to die on either side of it.
func (w *crashWorld) effect(do func() error) error {
	mine := w.effects.Add(1) == w.order.KillAtEffect
	if mine && !w.order.After {
		killMyself()
	}
	err := do()
	if mine && w.order.After {
		killMyself()
	}
	return err
}

// log has an effect: a line that says it, in one write, so that no crash can halve it.
func (w *crashWorld) log(line string) error {
	f, err := os.OpenFile(w.path("effects"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	return err
}

// has reports whether a thing is in the world: it was made and not removed since.
func (w *crashWorld) has(name string) bool {
	content, _ := os.ReadFile(w.path("effects")) // there is none before the first
	there := false
	for line := range strings.Lines(string(content)) {
		switch strings.TrimSpace(line) {
		case name:
			there = true
		case "-" + name:
			there = false
		}
	}
	return there
}

// failures counts an attempt's failure of the kind that goes away by itself.
func (w *crashWorld) failsNow(in crashInput) (bool, error) {
	so, err := os.ReadFile(w.path("failed-" + in.Name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	if len(so) >= in.Fail {
		return false, nil
	}
	return true, os.WriteFile(w.path("failed-"+in.Name), append(so, '.'), 0o600)
}

func (w *crashWorld) make(idempotent bool) func(context.Context, *sdk.Call[crashInput]) (crashOutput, error) {
	return func(_ context.Context, call *sdk.Call[crashInput]) (crashOutput, error) {
		fails, err := w.failsNow(call.Input)
		if err != nil {
			return crashOutput{}, err
		}
		if fails {
			return crashOutput{}, sdk.Errorf(sdk.Transient, "not yet")
		}
		if call.Input.Gone {
			return crashOutput{}, sdk.Errorf(sdk.Permanent, "it is gone")
		}
		err = w.effect(func() error {
			if idempotent && w.has(call.Input.Name) {
				return nil
			}
			return w.log(call.Input.Name)
		})
		return crashOutput{Made: call.Input.Name}, err
	}
}

func (w *crashWorld) handlers() []sdk.Handler {
	remove := func(_ context.Context, call *sdk.Call[crashInput]) error {
		return w.effect(func() error {
			if !w.has(call.Input.Name) {
				return nil
			}
			return w.log("-" + call.Input.Name)
		})
	}
	observe := func(_ context.Context, call *sdk.Call[crashInput]) (sdk.Observed[crashOutput], error) {
		if w.has(call.Input.Name) == call.Undo {
			return sdk.Observed[crashOutput]{State: sdk.NotDone}, nil
		}
		return sdk.Observed[crashOutput]{State: sdk.Done, Outputs: crashOutput{Made: call.Input.Name}}, nil
	}
	actions := []sdk.Action[crashInput, crashOutput]{
		{Name: "crash.put", Summary: "make a file, idempotently", Effect: sdk.Change, Idempotent: true, Apply: w.make(true), Undo: remove},
		{Name: "crash.seen", Summary: "make a file, and tell whether", Effect: sdk.Change, Apply: w.make(false), Observe: observe, Undo: remove},
		{Name: "crash.blind", Summary: "make a file", Effect: sdk.Change, Apply: w.make(false), Undo: remove},
		{Name: "crash.look", Summary: "look for a file", Effect: sdk.Read, Apply: func(_ context.Context, call *sdk.Call[crashInput]) (crashOutput, error) {
			if fails, err := w.failsNow(call.Input); fails || err != nil {
				return crashOutput{Made: "not yet"}, err
			}
			return crashOutput{Made: call.Input.Name}, nil
		}},
	}
	var handlers []sdk.Handler
	for _, a := range actions {
		h, err := a.Handler()
		if err != nil {
			panic(err)
		}
		handlers = append(handlers, h)
	}
	return handlers
}

// crashWatcher kills the process at a record, as if the write of its group had come just
// so far: it is told when the group is in the journal, and nothing has followed yet.
type crashWatcher struct {
	kill   int64
	state  string
	before int64 // records of earlier processes
	people bool  // answer what is asked
	events atomic.Int64
}

func (w *crashWatcher) Event(e event.Event) {
	if w.people && e.Type == event.AskOpened {
		w.answer()
	}
	if n := w.events.Add(1); n == w.kill {
		path, lines := journalLines(w.state)
		kept := strings.Join(lines[:w.before+n-1], "")
		if err := os.Truncate(path, int64(len(kept))); err != nil {
			panic(err)
		}
		killMyself()
	}
}

// answer leaves the signed answers of two people, the same each time.
func (w *crashWatcher) answer() {
	folder, err := journal.NewStore(w.state).Open(journal.Latest)
	if err != nil {
		panic(err)
	}
	began, err := engine.Began(folder)
	if err != nil {
		panic(err)
	}
	for i, who := range []string{"ann", "bob"} {
		request, err := signed(people.Statement{
			Plan: began.AnswersTo(), Run: began.ID, Step: "sign_off", Part: string(event.Do), Message: "Go on?",
			Answer: people.Yes, Person: who, Time: folder.Made(),
		}, who)
		if err == nil {
			_, err = run.Post(folder, time.Now(), uint64(i), request)
		}
		if err != nil {
			panic(err)
		}
	}
}

// letsBegin is a person at the terminal who lets each change begin.
type letsBegin struct{}

var _ run.Stepper = letsBegin{}

func (letsBegin) Ask(context.Context, *plan.Step, sdk.Question, run.Attacher) (sdk.Answer, error) {
	return sdk.Answer{}, errors.New("nothing else is asked")
}

func (letsBegin) Step(context.Context, *plan.Step, sdk.Question) (event.Type, sdk.Answer, error) {
	return event.Answered, sdk.Answer{Approved: true, By: "bob"}, nil
}

// journalLines returns the records of the latest run, and where they are.
func journalLines(state string) (path string, lines []string) {
	folder, err := journal.NewStore(state).Open(journal.Latest)
	if err != nil {
		panic(err)
	}
	content, err := os.ReadFile(folder.JournalPath())
	if err != nil {
		panic(err)
	}
	return folder.JournalPath(), slices.Collect(strings.Lines(string(content)))
}

func (w *crashWatcher) Output(string, string, string) {}
func (w *crashWatcher) Progress(string, sdk.Progress) {}

func crashedChild(text string) crashReport {
	var order crashOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		panic(err)
	}
	world := &crashWorld{order: order}
	watch := &crashWatcher{kill: order.KillAtEvent, state: order.State, people: order.People}
	if order.Resume {
		_, lines := journalLines(order.State)
		watch.before = int64(len(lines))
	}
	if order.Limit > 0 {
		if err := limitFiles(order.Limit); err != nil {
			panic(err)
		}
	}
	result, err := world.drive(watch)
	report := crashReport{
		Outcome: result.Outcome, Step: result.Step, Events: watch.events.Load(), Effects: world.effects.Load(),
	}
	if result.Outputs != nil {
		report.Outputs = result.Outputs.String()
	}
	if err != nil {
		report.Error = err.Error()
	}
	return report
}

func (w *crashWorld) drive(watch run.Watcher) (event.Result, error) {
	var policy books
	handlers := w.handlers()
	if w.order.People {
		builtin, failed := steps.Builtin(steps.Options{Dir: w.order.World})
		var err error
		if policy, err = team(); err != nil || failed != nil {
			return event.Result{}, errors.Join(err, failed)
		}
		handlers = append(handlers, builtin...)
	}
	e, err := engine.New(engine.Config{Handlers: handlers, Policies: &policy, Files: innerFile, State: w.order.State, Version: "0.1.0"})
	if err != nil {
		return event.Result{}, err
	}
	p := process()
	p.Watch, p.Wait = watch, w.order.People
	if w.order.Stepwise {
		p.Asker = letsBegin{}
	}
	if !w.order.Resume {
		runbook, found := e.Check(source.NewFile("crash.yaml", []byte(locking(w.order.Lock)+w.order.Runbook)))
		if found.HasErrors() {
			return event.Result{}, errors.New(texts(found))
		}
		made, _, err := e.PlanPart(runbook, w.order.given(), w.order.Choice)
		if err != nil {
			return event.Result{}, err
		}
		return e.Run(context.Background(), made, p, engine.RunOptions{
			By: "alice", Parallelism: 3, Seed: 1, Overrides: w.overrides("early"), Stepwise: w.order.Stepwise,
			Remaining: map[string]event.Left{"each": {Step: 3 * time.Second}},
		})
	}
	folder, err := e.Store().Open(journal.Latest)
	if err != nil {
		return event.Result{}, err
	}
	made, err := e.Planned(folder, nil)
	if err != nil {
		return event.Result{}, err
	}
	words, err := w.look(made, folder)
	if err != nil {
		return event.Result{}, err
	}
	return e.Resume(context.Background(), folder, made, p, run.Resumption{Ask: event.ResumeAsked, By: "alice", Words: words, Overrides: w.overrides("late")})
}

// overrides has a window count as open.
func (w *crashWorld) overrides(window string) []event.Override {
	if !w.order.Windows {
		return nil
	}
	return []event.Override{{Window: window, By: "alice", Reason: "it must be now"}}
}

// look is the person who is asked about steps that nobody can tell of: those that were
// begun, and of which the journal does not say how they ended.
func (w *crashWorld) look(p *engine.Plan, folder *journal.Run) (map[string]sdk.State, error) {
	words := make(map[string]sdk.State)
	_, err := folder.Replay(func(r journal.Record) error {
		var e event.Event
		if err := json.Unmarshal(r.Payload, &e); err != nil || e.Op == nil {
			return err
		}
		s, _ := p.Step(e.Op.Step)
		switch {
		case s.Action != "crash.blind" || e.Op.Part != event.Do:
		case e.Type == event.AttemptStarted:
			words[s.ID] = sdk.NotDone
			if w.has(s.ID) {
				words[s.ID] = sdk.Done
			}
		case e.Type == event.AttemptFinished, e.Type == event.AttemptObserved && e.State != sdk.CannotTell:
			delete(words, s.ID)
		}
		return nil
	})
	return words, err
}
