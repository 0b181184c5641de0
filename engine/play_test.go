package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps"
)

// play is an engine whose actions do what a test says, and a process that drives its
// runs. The actions are play.read, play.change, with its own Undo, play.seen, which can
// also be observed after a crash, play.ask, which asks for a secret, play.hand, which asks people to
// change something, and play.raw, which returns what no action of the SDK does.
type play struct {
	tb       testing.TB
	engine   *engine.Engine
	process  run.Process
	controls chan event.Event
	watch    *audience

	books   books           // the policy of the runbooks
	lock    string          // that the runbooks declare
	data    json.RawMessage // what play.data returns
	secret  string          // what the inputs' secrets are read as when a run is resumed
	rubbish json.RawMessage // what play.raw returns

	// words are what people say became of lost attempts, when a run is resumed.
	words map[string]sdk.State

	mu    sync.Mutex
	deeds map[string]deed
	done  []string // what was done, in order: the name, with a "-" before it where it was undone
}

// deed is what an action does: the name of an undo is that of the step with a "-"
// before it, that of a look at what became of it has a "?".
type deed func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error)

type playInput struct {
	Name string `json:"name" required:"true" doc:"What is done."`
	With string `json:"with" doc:"Anything."`
	Env  string `json:"env" secret:"true" doc:"Anything secret."`

	Grace schema.Duration `json:"grace" default:"10s" doc:"How long its end takes."`
}

type playOutput struct {
	Said  string `json:"said" doc:"What it says."`
	Token string `json:"token" secret:"true" doc:"What nobody may see."`
}

// newPlay returns a play. It belongs to the bubble that it is made in.
func newPlay(tb testing.TB) *play {
	tb.Helper()
	p := &play{tb: tb, controls: make(chan event.Event), watch: &audience{}, deeds: make(map[string]deed), secret: secret}
	p.engine = p.newEngine(tb.TempDir())
	p.process = process()
	p.process.Watch, p.process.Controls = p.watch, p.controls
	return p
}

func (p *play) newEngine(state string) *engine.Engine {
	p.tb.Helper()
	handlers, err := steps.Builtin(steps.Options{Dir: p.tb.TempDir()})
	if err != nil {
		p.tb.Fatal(err)
	}
	e, err := engine.New(engine.Config{Handlers: append(handlers, p.handlers()...), Policies: &p.books, State: state, Version: "0.1.0"})
	if err != nil {
		p.tb.Fatal(err)
	}
	return e
}

// books are the files of the policy that all runbooks go by.
type books struct{ policy, signers string }

func (b *books) Find(string) (*source.File, error) {
	if b.policy == "" {
		return nil, nil //nolint:nilnil // it has none
	}
	return source.NewFile(people.FileName, []byte("apiVersion: gatebook/v1\nkind: Policy\n"+b.policy)), nil
}

func (b *books) Open(string, string) (*source.File, error) {
	return source.NewFile("signers", []byte(b.signers)), nil
}

func (p *play) handlers() []sdk.Handler {
	undo := func(ctx context.Context, call *sdk.Call[playInput]) error {
		call.Input.Name = "-" + call.Input.Name
		_, err := p.does(ctx, call)
		return err
	}
	observe := func(ctx context.Context, call *sdk.Call[playInput]) (sdk.Observed[playOutput], error) {
		if do := p.deed("?" + call.Input.Name); do != nil {
			if _, err := do(ctx, call); err != nil {
				return sdk.Observed[playOutput]{}, err
			}
		}
		if slices.Contains(p.did(), call.Input.Name) && !call.Undo {
			return sdk.Observed[playOutput]{State: sdk.Done, Outputs: playOutput{Said: call.Input.Name}}, nil
		}
		return sdk.Observed[playOutput]{State: sdk.NotDone}, nil
	}
	ask := func(context.Context, *sdk.Call[playInput]) (sdk.Question, error) {
		fields, err := schema.Of(reflect.TypeFor[playOutput]())
		return sdk.Question{Message: "What do you say?", Fields: fields}, err
	}
	answer := func(_ context.Context, _ *sdk.Call[playInput], answer sdk.Answer) (playOutput, error) {
		var out playOutput
		if err := json.Unmarshal(answer.Fields, &out); err != nil {
			return out, err
		}
		if out.Said == "" {
			return out, sdk.FieldErrorf("said", "%s says nothing", answer.Fields)
		}
		return out, nil
	}
	var handlers []sdk.Handler
	for _, a := range []sdk.Action[playInput, playOutput]{
		{Name: "play.read", Summary: "look", Effect: sdk.Read, Apply: p.does},
		{Name: "play.change", Summary: "change", Effect: sdk.Change, Apply: p.does, Undo: undo, GraceParam: "grace"},
		{Name: "play.seen", Summary: "change and tell", Effect: sdk.Change, Apply: p.does, Observe: observe, Undo: undo},
		{Name: "play.ask", Summary: "ask", Effect: sdk.Read, Ask: ask, Answer: answer},
		{Name: "play.hand", Summary: "ask for a change", Effect: sdk.Change, Ask: ask, Answer: answer},
		{Name: "play.raw", Summary: "talk rubbish", Effect: sdk.Change, Apply: p.does, Observe: observe, Undo: undo},
	} {
		h, err := a.Handler()
		if err != nil {
			p.tb.Fatal(err)
		}
		if a.Name == "play.raw" || a.Name == "play.ask" || a.Name == "play.hand" {
			h = raw{h, p}
		}
		handlers = append(handlers, h)
	}
	data, err := sdk.Action[playInput, playData]{
		Name: "play.data", Summary: "return any data", Effect: sdk.Read,
		Apply: func(context.Context, *sdk.Call[playInput]) (out playData, err error) {
			err = json.Unmarshal(p.data, &out)
			return out, err
		},
	}.Handler()
	if err != nil {
		p.tb.Fatal(err)
	}
	return append(handlers, data)
}

// playData are outputs of which nothing is known before.
type playData struct {
	Data json.RawMessage `json:"data" doc:"Anything."`
}

// raw returns what the test says, byte for byte.
type raw struct {
	sdk.Handler
	play *play
}

func (r raw) Apply(context.Context, sdk.Request, sdk.Host) (json.RawMessage, error) {
	return r.play.rubbish, nil
}

func (r raw) Answer(ctx context.Context, request sdk.Request, answer sdk.Answer) (json.RawMessage, error) {
	if r.play.rubbish != nil {
		return r.play.rubbish, nil
	}
	return r.Handler.Answer(ctx, request, answer)
}

func (r raw) Observe(ctx context.Context, request sdk.Request, host sdk.Host) (sdk.Observation, error) {
	if r.play.rubbish != nil {
		return sdk.Observation{State: sdk.Done, Outputs: r.play.rubbish}, nil
	}
	return r.Handler.Observe(ctx, request, host)
}

func (p *play) does(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
	out := playOutput{Said: call.Input.Name}
	var err error
	if do := p.deed(call.Input.Name); do != nil {
		out, err = do(ctx, call)
	}
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.done = append(p.done, call.Input.Name)
	}
	return out, err
}

func (p *play) deed(name string) deed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deeds[name]
}

// on says what an action does that is given the name.
func (p *play) on(name string, do deed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deeds[name] = do
}

// did returns what was done so far.
func (p *play) did() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.done)
}

// end is how a run ended, as far as this process is concerned.
type end struct {
	event.Result
	err error
}

// start starts a run and returns when nothing happens by itself any more without time
// going by.
func (p *play) start(text string, given ...input.Given) <-chan end {
	p.tb.Helper()
	pl := plannedWhole(p.tb, p.engine, locking(p.lock)+text, given...)
	return p.going(func() (event.Result, error) {
		return p.engine.Run(context.Background(), pl, p.process, runOptions)
	})
}

func (p *play) going(drive func() (event.Result, error)) <-chan end {
	ends := make(chan end, 1)
	go func() {
		result, err := drive()
		ends <- end{result, err}
	}()
	synctest.Wait()
	return ends
}

// run runs a runbook to its end or pause.
func (p *play) run(text string, given ...input.Given) end {
	p.tb.Helper()
	return <-p.start(text, given...)
}

// resume takes the latest run up again.
func (p *play) resume(ask event.Type) <-chan end {
	p.tb.Helper()
	folder := p.folder()
	pl, err := p.engine.Planned(folder, func(string, string) (string, error) { return p.secret, nil })
	if err != nil {
		p.tb.Fatal(err)
	}
	return p.going(func() (event.Result, error) {
		return p.engine.Resume(context.Background(), folder, pl, p.process, run.Resumption{Ask: ask, By: "bob", Words: p.words})
	})
}

// forget makes a world in which nothing was done.
func (p *play) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = nil
}

// folder is that of the latest run.
func (p *play) folder() *journal.Run {
	p.tb.Helper()
	folder, err := p.engine.Store().Open(journal.Latest)
	if err != nil {
		p.tb.Fatal(err)
	}
	return folder
}

// post asks something of the latest run, as another process does.
func (p *play) post(request run.Request) string {
	p.tb.Helper()
	request.By = "carol"
	id, err := run.Post(p.folder(), p.process.Now(), uint64(len(p.events())), request)
	if err != nil {
		p.tb.Fatal(err)
	}
	return id
}

// events are those in the journal of the latest run.
func (p *play) events() []event.Event {
	p.tb.Helper()
	var events []event.Event
	if _, err := p.folder().Replay(func(r journal.Record) error {
		var e event.Event
		err := json.Unmarshal(r.Payload, &e)
		events = append(events, e)
		return err
	}); err != nil {
		p.tb.Fatal(err)
	}
	return events
}

// of are the events of a type in the journal of the latest run.
func (p *play) of(t event.Type) []event.Event {
	p.tb.Helper()
	return slices.DeleteFunc(p.events(), func(e event.Event) bool { return e.Type != t })
}

// ends checks how a run ended, and what was done in it.
func (p *play) ends(got end, want event.Outcome, did ...string) {
	p.tb.Helper()
	if got.err != nil || got.Outcome != want {
		p.tb.Fatalf("ended %q (%+v, %v), want %q", got.Outcome, got.Failure, got.err, want)
	}
	if !slices.Equal(p.did(), did) {
		p.tb.Errorf("done: %q, want %q", p.did(), did)
	}
}

// audience keeps what it is told.
type audience struct {
	mu     sync.Mutex
	events []event.Event
	lines  []string
}

func (a *audience) Event(e event.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
}

func (a *audience) Output(step, stream, line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, step+" "+stream+" "+line)
}

func (a *audience) Progress(step string, p sdk.Progress) { a.Output(step, "progress", p.Message) }

// heard is everything that the audience was told, as text.
func (a *audience) heard() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var text strings.Builder
	for _, e := range a.events {
		line, err := json.Marshal(e)
		if err != nil {
			panic(err)
		}
		text.Write(line)
		text.WriteByte('\n')
	}
	return text.String() + strings.Join(a.lines, "\n")
}

// waits is a deed that goes on until it is cancelled.
func waits(ctx context.Context, _ *sdk.Call[playInput]) (playOutput, error) {
	<-ctx.Done()
	return playOutput{}, ctx.Err()
}

// fail is a deed that fails.
func fail(class sdk.Class) deed {
	return func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
		return playOutput{}, sdk.Errorf(class, "it is broken")
	}
}

// times is a deed that fails so many times, and then succeeds.
func times(n int, class sdk.Class) deed {
	return func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
		if n--; n >= 0 {
			return playOutput{}, sdk.Errorf(class, "it is broken")
		}
		return playOutput{Said: "at last"}, nil
	}
}

// locking returns the header of a runbook that declares a lock, or none.
func locking(lock string) string {
	if lock == "" {
		return header
	}
	return strings.Replace(header, "version: 1.0.0", "version: 1.0.0, lock: "+lock, 1)
}

var runOptions = engine.RunOptions{By: "alice", Parallelism: 4, Seed: 1}

const secret = "hunter22-and-more"

var errSilent = errors.New("nobody is there")
