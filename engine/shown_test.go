package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/preview"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps"
)

// wanderer is a plugin in this process whose connection reaches another target each time.
type wanderer struct {
	*sdk.Served
	reaches []string // none: it cannot be made
	did     int
	asked   int // to make the connection
	fails   bool
	hangs   bool
}

func newWanderer(t *testing.T, reaches ...string) *wanderer {
	t.Helper()
	w := &wanderer{reaches: reaches}
	served, err := sdk.Plugin[struct{}]{Name: "wanderer", Version: "1.0.0", Summary: "Wanders", Actions: []sdk.Declaration{
		sdk.Action[struct{}, struct{}]{
			Name: "work", Summary: "Works", Effect: sdk.Change,
			Plan: func(context.Context, *sdk.Call[struct{}]) (sdk.Preview, error) {
				return sdk.Preview{Summary: "would work"}, nil
			},
			Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) {
				if w.fails {
					return struct{}{}, sdk.Errorf(sdk.Permanent, "no")
				}
				w.did++
				return struct{}{}, nil
			},
		},
	}}.Served()
	if err != nil {
		t.Fatal(err)
	}
	w.Served = served
	return w
}

func (w *wanderer) Open(string, string, *semver.Constraints) (catalog.Provider, error) { return w, nil }

func (w *wanderer) Describe() sdk.PluginDescription { return w.Description }

func (*wanderer) SHA256() string { return "00" }

func (*wanderer) Variables([]string) map[string]string { return nil }

func (w *wanderer) Connect(_ string, _ json.RawMessage, _ []string, _ func([]byte), told func(context.Context, sdk.Target) error) map[string]sdk.Handler {
	handler, _ := w.Handler("work")
	return map[string]sdk.Handler{"work": over{handler, w, told}}
}

// planned is a plan of so many steps that use it.
func (w *wanderer) planned(t *testing.T, steps ...string) (*engine.Engine, *engine.Plan) {
	t.Helper()
	e, err := engine.New(engine.Config{Plugins: w, State: t.TempDir(), Version: "0.1.0"})
	if err != nil {
		t.Fatal(err)
	}
	text := locking("") + "onFailure: pause\nplugins: {w: {source: wanderer}}\nsteps:\n"
	for _, id := range steps {
		text += "  - {id: " + id + ", uses: w.work, rollback: {none: it only works}}\n"
	}
	return e, plannedWhole(t, e, text)
}

// over is an action over the connection.
type over struct {
	sdk.Handler
	wanderer *wanderer
	told     func(context.Context, sdk.Target) error
}

func (o over) Reach(ctx context.Context) error {
	o.wanderer.asked++
	if o.wanderer.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if len(o.wanderer.reaches) == 0 {
		err := sdk.Errorf(sdk.Transient, "nobody answers")
		err.Connection = "w"
		return err
	}
	name := o.wanderer.reaches[0]
	o.wanderer.reaches = o.wanderer.reaches[1:]
	return o.told(ctx, sdk.Target{ID: name, Title: name})
}

func (o over) Plan(ctx context.Context, request sdk.Request) (sdk.Preview, error) {
	if len(o.wanderer.reaches) == 0 {
		return sdk.Preview{}, o.Reach(ctx)
	}
	return o.Handler.Plan(ctx, request)
}

func (o over) Apply(ctx context.Context, request sdk.Request, host sdk.Host) (json.RawMessage, error) {
	if err := o.Reach(ctx); err != nil {
		return nil, err
	}
	return o.Handler.Apply(ctx, request, host)
}

// What a person saw that a connection reaches is what the run reaches, from its first use on.
func TestTheTargetThatWasShownIsTheOneThatIsUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reaches []string
		outcome event.Outcome
		why     string
	}{
		"the same":    {[]string{"red", "red"}, event.OutcomeSucceeded, ""},
		"another one": {[]string{"red", "blue"}, event.OutcomePaused, "it reaches blue now, where the plan that was shown before the run reached red:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWanderer(t, c.reaches...)
			e, made := w.planned(t, "a")
			if shown, _ := preview.Of(t.Context(), made.Plan, preview.Options{AtOnce: 1}); shown.Connections[0].Target.Title != "red" {
				t.Fatalf("shown: %+v", shown.Connections[0])
			}
			result, err := e.Run(t.Context(), made, process(), runOptions)
			if err != nil || result.Outcome != c.outcome {
				t.Fatalf("ended %q (%+v, %v), want %q", result.Outcome, result.Failure, err, c.outcome)
			}
			if c.why != "" && (w.did > 0 || !strings.Contains(result.Failure.Message, c.why)) {
				t.Errorf("did %d, failed: %s", w.did, result.Failure.Message)
			}
		})
	}
}

// A target that does not answer takes its time to be found out, and takes it once.
func TestNothingIsAskedOverAConnectionThatCannotBeMade(t *testing.T) {
	t.Parallel()
	w := newWanderer(t)
	_, made := w.planned(t, "a", "b", "c")
	shown, _ := preview.Of(t.Context(), made.Plan, preview.Options{AtOnce: 2})
	for _, step := range shown.Steps {
		if !strings.Contains(step.PreviewError, "connection w: nobody answers") {
			t.Errorf("%s: %q", step.ID, step.PreviewError)
		}
	}
	if w.asked != 1 {
		t.Errorf("it was asked for %d times", w.asked)
	}
}

// Whoever takes a run up is not held by a target that does not answer, and is told of it.
func TestATargetThatDoesNotAnswerHoldsNobodyWhoTakesARunUp(t *testing.T) {
	t.Parallel()
	w := newWanderer(t, "red", "red")
	e, made := w.planned(t, "a")
	w.fails = true
	result, err := e.Run(t.Context(), made, process(), runOptions)
	if err != nil || result.Outcome != event.OutcomePaused {
		t.Fatalf("ended %q, %v", result.Outcome, err)
	}
	folder, err := e.Store().Open(journal.Latest)
	if err != nil {
		t.Fatal(err)
	}
	again := func(p run.Process, ask event.Type) (event.Result, error) {
		made, err := e.Planned(folder, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e.Resume(t.Context(), folder, made, p, run.Resumption{Ask: ask, By: "bob"})
	}
	stopped := process()
	controls := make(chan event.Event, 1)
	controls <- event.Event{Type: event.PauseAsked}
	stopped.Controls = controls
	w.hangs = true
	_, err = again(stopped, event.ResumeAsked)
	if _, is := errors.AsType[*run.StoppedError](err); !is {
		t.Errorf("stopped: %v", err)
	}
	w.hangs, w.fails, w.reaches = false, false, nil
	if result, err := again(process(), event.ResumeAsked); err != nil || !strings.Contains(result.Failure.Message, "nobody answers") {
		t.Errorf("ended %q (%+v), %v", result.Outcome, result.Failure, err)
	}
	text, err := os.ReadFile(folder.JournalPath())
	if err != nil || !strings.Contains(string(text), "what connection w reaches cannot be told now: nobody answers") {
		t.Errorf("journaled: %s, %v", text, err)
	}
	// It is nobody's word.
	w.fails = true
	if result, err := again(process(), event.RollbackAsked); err != nil || result.Failure.Message != "rollback asked by bob" {
		t.Errorf("ended %q (%+v), %v", result.Outcome, result.Failure, err)
	}
}

// A run that has paused before it first used a connection which its plan had shown is taken up, and
// what the connection reaches then is in the journal before anything is done over it.
func TestARunIsTakenUpThatHasOnlyShownWhatItReaches(t *testing.T) {
	t.Parallel()
	w := newWanderer(t, "red", "red", "red")
	handlers, err := steps.Builtin(steps.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Handlers: handlers, Plugins: w, State: t.TempDir(), Version: "0.1.0"})
	if err != nil {
		t.Fatal(err)
	}
	made := plannedWhole(t, e, locking("")+"plugins: {w: {source: wanderer}}\nsteps:\n  - {id: sign, uses: approve, with: {message: \"Go?\"}}\n"+
		"  - {id: a, uses: w.work, rollback: {none: it only works}}\n")
	if shown, _ := preview.Of(t.Context(), made.Plan, preview.Options{AtOnce: 1}); shown.Connections[0].Target.Title != "red" {
		t.Fatalf("shown: %+v", shown.Connections[0])
	}
	if result, err := e.Run(t.Context(), made, process(), runOptions); err != nil || result.Outcome != event.OutcomePaused {
		t.Fatalf("ended %q, %v", result.Outcome, err)
	}
	folder, err := e.Store().Open(journal.Latest)
	if err != nil {
		t.Fatal(err)
	}
	yes := process()
	yes.Asker = asker(func(context.Context, sdk.Question) (sdk.Answer, error) {
		return sdk.Answer{Approved: true, By: "bob"}, nil
	})
	again, err := e.Planned(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it once waited for itself
	defer cancel()
	result, err := e.Resume(ctx, folder, again, yes, run.Resumption{Ask: event.ResumeAsked, By: "bob"})
	if err != nil || result.Outcome != event.OutcomeSucceeded || w.did != 1 {
		t.Fatalf("ended %q (%+v), %v; did %d", result.Outcome, result.Failure, err, w.did)
	}
	text, err := os.ReadFile(folder.JournalPath())
	if reached := strings.Count(string(text), `"target.reached"`); err != nil || reached != 2 {
		t.Errorf("it says %d times what was reached, %v:\n%s", reached, err, text)
	}
}
