package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

type scaleInput struct {
	Name     string          `json:"name" required:"true" doc:"Service to scale."`
	Replicas int             `json:"replicas" default:"2" min:"0" max:"5" doc:"How many there shall be."`
	Wait     schema.Duration `json:"wait" default:"90s" doc:"How long to wait."`
}

type scaleOutput struct {
	Replicas int               `json:"replicas" required:"true" doc:"How many there are."`
	Pods     []string          `json:"pods" required:"true" doc:"Their names."`
	Labels   map[string]string `json:"labels" required:"true" doc:"Their labels."`
	Wait     schema.Duration   `json:"wait" required:"true" doc:"How long it waited."`
}

// scale is an action that needs no world; tests replace its parts.
func scale() sdk.Action[scaleInput, scaleOutput] {
	return sdk.Action[scaleInput, scaleOutput]{
		Name:    "shop.scale",
		Summary: "Set the number of replicas",
		Effect:  sdk.Change,
		Apply: func(_ context.Context, call *sdk.Call[scaleInput]) (scaleOutput, error) {
			return scaleOutput{Replicas: call.Input.Replicas, Wait: call.Input.Wait}, nil
		},
	}
}

func mustHandler[I, O any](t testing.TB, action sdk.Action[I, O]) sdk.Handler {
	t.Helper()
	handler, err := action.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestApplyFillsInDefaultsAndWritesNoNull(t *testing.T) {
	t.Parallel()
	handler := mustHandler(t, scale())
	got, err := handler.Apply(t.Context(), sdk.Request{Params: json.RawMessage(`{"name":"web"}`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"replicas":2,"pods":[],"labels":{},"wait":"1m30s"}`
	if string(got) != want {
		t.Errorf("got outputs %s, want %s", got, want)
	}
}

func TestDescriptionNamesWhatTheActionCanDo(t *testing.T) {
	t.Parallel()
	plain := mustHandler(t, scale()).Describe()
	if plain.CanPlan || plain.CanObserve || plain.CanUndo || plain.Asks {
		t.Errorf("an action of Apply alone claims to do more: %+v", plain)
	}
	if _, ok := plain.Input.Property("replicas"); !ok {
		t.Error("the input schema lacks replicas")
	}

	action := scale()
	action.Undo = func(context.Context, *sdk.Call[scaleInput]) error { return nil }
	action.Plan = func(context.Context, *sdk.Call[scaleInput]) (sdk.Preview, error) { return sdk.Preview{}, nil }
	able := mustHandler(t, action).Describe()
	if !able.CanPlan || !able.CanUndo || able.CanObserve {
		t.Errorf("got %+v, want plan and undo and no observe", able)
	}
}

func TestWhatAnActionCannotDoIsUnsupported(t *testing.T) {
	t.Parallel()
	handler := mustHandler(t, scale())
	request := sdk.Request{Params: json.RawMessage(`{"name":"web"}`)}
	_, plan := handler.Plan(t.Context(), request)
	_, observe := handler.Observe(t.Context(), request, nil)
	undo := handler.Undo(t.Context(), request, nil)
	_, ask := handler.Ask(t.Context(), request)
	_, answer := handler.Answer(t.Context(), request, sdk.Answer{})
	for name, err := range map[string]error{
		"Plan": plan, "Observe": observe, "Undo": undo, "Ask": ask, "Answer": answer,
	} {
		if !errors.Is(err, sdk.ErrUnsupported) {
			t.Errorf("%s: got %v, want ErrUnsupported", name, err)
		}
	}
}

func TestBadParametersNameTheField(t *testing.T) {
	t.Parallel()
	handler := mustHandler(t, scale())
	for params, want := range map[string]sdk.Error{
		`{"name":"web","replcas":3}`: {
			Field: "replcas", Message: "is not a known field; known are name, replicas and wait",
		},
		`{"name":7}`:                      {Field: "name", Message: "must be a string, got an integer"},
		`{"name":"web","wait":"long"}`:    {Field: "wait", Message: "must be a duration such as 300s or 1h30m, got long"},
		`{"name":"web","replicas":"x"}`:   {Field: "replicas", Message: "must be an integer, got a string"},
		`{"name":"web"} {"name":"other"}`: {Message: "the parameters cannot be read: more than one JSON document"},
		`[]`:                              {Message: "the value must be an object, got a list"},
	} {
		_, err := handler.Apply(t.Context(), sdk.Request{Params: json.RawMessage(params)}, nil)
		var got *sdk.Error
		if !errors.As(err, &got) {
			t.Errorf("%s: got %v, want an *sdk.Error", params, err)
			continue
		}
		if got.Field != want.Field || got.Message != want.Message {
			t.Errorf("%s:\n got %q %q\nwant %q %q", params, got.Field, got.Message, want.Field, want.Message)
		}
		if got.Class != sdk.Permanent || !got.Unchanged {
			t.Errorf("%s: got class %s, unchanged %t; want permanent, before anything changed", params, got.Class, got.Unchanged)
		}
	}
}

func TestErrorsKeepTheirType(t *testing.T) {
	t.Parallel()
	action := scale()
	action.Apply = func(context.Context, *sdk.Call[scaleInput]) (scaleOutput, error) {
		return scaleOutput{}, sdk.Errorf(sdk.Conflict, "somebody scaled web: %w", context.DeadlineExceeded)
	}
	_, err := mustHandler(t, action).Apply(t.Context(), sdk.Request{Params: json.RawMessage(`{"name":"web"}`)}, nil)
	if sdk.AsError(err).Class != sdk.Conflict || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %#v, want the conflict that wraps the deadline", err)
	}
}

// What an author says around an error that has a class reaches the person as well, and
// the error keeps its class and its field.
func TestWhatIsSaidAroundAnErrorIsKept(t *testing.T) {
	t.Parallel()
	inner := sdk.FieldErrorf("node", "is %w", context.Canceled)
	around := sdk.AsError(fmt.Errorf("node-1 is left cordoned: %w", inner))
	if want := "node: node-1 is left cordoned: is context canceled"; around.Error() != want {
		t.Errorf("got %q, want %q", around, want)
	}
	if around.Field != "node" || !around.Unchanged || around.Class != sdk.Permanent {
		t.Errorf("got %#v, want the field and the class of the inner error", around)
	}
	if !errors.Is(around, context.Canceled) || !errors.Is(sdk.AsError(errors.Join(fs.ErrClosed, fs.ErrExist)), fs.ErrExist) {
		t.Error("what the error was made from is lost")
	}
}

func TestAnActionThatIsStoppedSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	late, stop := context.WithTimeout(t.Context(), 0)
	defer stop()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for class, ctx := range map[sdk.Class]context.Context{sdk.Timeout: late, sdk.Cancelled: cancelled} {
		err := sdk.StoppedErrorf(ctx, "%d pods are left: %w", 3, fs.ErrClosed)
		if err.Class != class || err.Error() != "3 pods are left: file already closed" || !errors.Is(err, ctx.Err()) || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("got a %s error: %v", err.Class, err)
		}
	}
}

// recorder is a host that remembers what it was told.
type recorder struct {
	progress []sdk.Progress
	lines    []string
	before   json.RawMessage
	notes    map[string]json.RawMessage
}

func (r *recorder) Progress(p sdk.Progress) { r.progress = append(r.progress, p) }
func (r *recorder) Output(stream string, line []byte) {
	r.lines = append(r.lines, stream+": "+string(line))
}

func (r *recorder) Before(_ context.Context, state json.RawMessage) error {
	r.before = state
	return nil
}

func (r *recorder) Note(name string, fact json.RawMessage) error {
	r.notes[name] = fact
	return nil
}

func TestPanicIsAPermanentErrorWithItsStackInTheLog(t *testing.T) {
	t.Parallel()
	action := scale()
	action.Apply = func(context.Context, *sdk.Call[scaleInput]) (scaleOutput, error) {
		var pods []string
		return scaleOutput{Pods: pods[3:]}, nil
	}
	host := &recorder{}
	_, err := mustHandler(t, action).Apply(t.Context(), sdk.Request{Params: json.RawMessage(`{"name":"web"}`)}, host)
	if sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), "slice bounds out of range") {
		t.Errorf("got %v, want a permanent error that says what happened", err)
	}
	if !strings.Contains(strings.Join(host.lines, "\n"), "handler_test.go") {
		t.Errorf("the log does not show where it happened: %q", host.lines)
	}
}

func TestStateNotesAndLogReachTheHostAndComeBack(t *testing.T) {
	t.Parallel()
	type state struct{ Replicas int }
	action := scale()
	action.Apply = func(ctx context.Context, call *sdk.Call[scaleInput]) (scaleOutput, error) {
		if err := call.SaveBefore(ctx, state{Replicas: 4}); err != nil {
			return scaleOutput{}, err
		}
		call.Progressf("%d of %d", 1, 2)
		call.Log.Info("scaled", "to", call.Input.Replicas)
		return scaleOutput{}, call.Note("version", 17)
	}
	var restored state
	var version int
	action.Undo = func(_ context.Context, call *sdk.Call[scaleInput]) (err error) {
		if restored, _, err = sdk.LoadBefore[state](call); err != nil {
			return err
		}
		version, _, err = sdk.LoadNote[int](call, "version")
		return err
	}
	handler := mustHandler(t, action)
	host := &recorder{notes: map[string]json.RawMessage{}}
	request := sdk.Request{Params: json.RawMessage(`{"name":"web"}`)}
	if _, err := handler.Apply(t.Context(), request, host); err != nil {
		t.Fatal(err)
	}
	request.Before, request.Notes = host.before, host.notes
	if err := handler.Undo(t.Context(), request, host); err != nil {
		t.Fatal(err)
	}
	if restored.Replicas != 4 || version != 17 {
		t.Errorf("got %d replicas and version %d, want 4 and 17", restored.Replicas, version)
	}
	if diff := cmp.Diff([]sdk.Progress{{Message: "1 of 2"}}, host.progress); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if len(host.lines) != 1 || !strings.Contains(host.lines[0], `log: `) || !strings.HasSuffix(host.lines[0], "msg=scaled to=2") {
		t.Errorf("got lines %q, want the one that was logged", host.lines)
	}
}

func TestDeclarationsThatContradictThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	type timed struct {
		Wait time.Duration `json:"wait"`
	}
	for want, change := range map[string]func(*sdk.Action[scaleInput, scaleOutput]){
		"the name must be lower case":   func(a *sdk.Action[scaleInput, scaleOutput]) { a.Name = "Scale" },
		`"none" is not an effect`:       func(a *sdk.Action[scaleInput, scaleOutput]) { a.Effect = "none" },
		"one line without a full stop":  func(a *sdk.Action[scaleInput, scaleOutput]) { a.Summary = "Scales." },
		"there must be either Apply or": func(a *sdk.Action[scaleInput, scaleOutput]) { a.Apply = nil },
		`GraceParam names "replicas"`:   func(a *sdk.Action[scaleInput, scaleOutput]) { a.GraceParam = "replicas" },
		`GraceParam names "grace"`:      func(a *sdk.Action[scaleInput, scaleOutput]) { a.GraceParam = "grace" },
		`the example "Many" breaks the schema: replicas must be`: func(a *sdk.Action[scaleInput, scaleOutput]) {
			a.Examples = []schema.Example{{Title: "Many", With: map[string]any{"name": "web", "replicas": "many"}}}
		},
		`the example "Nobody" breaks the schema: name is required`: func(a *sdk.Action[scaleInput, scaleOutput]) {
			a.Examples = []schema.Example{{Title: "Nobody"}}
		},
		`the example "Never" is no JSON`: func(a *sdk.Action[scaleInput, scaleOutput]) {
			a.Examples = []schema.Example{{Title: "Never", With: map[string]any{"name": make(chan int)}}}
		},
		"only an action that reads": func(a *sdk.Action[scaleInput, scaleOutput]) { a.InPlan = true },
		"and asks nobody": func(a *sdk.Action[scaleInput, scaleOutput]) {
			a.Effect, a.InPlan, a.Apply = sdk.Read, true, nil
			a.Ask = func(context.Context, *sdk.Call[scaleInput]) (sdk.Question, error) { return sdk.Question{}, nil }
			a.Answer = func(context.Context, *sdk.Call[scaleInput], sdk.Answer) (scaleOutput, error) {
				return scaleOutput{}, nil
			}
		},
		"has nothing to undo": func(a *sdk.Action[scaleInput, scaleOutput]) {
			a.Effect = sdk.Read
			a.Undo = func(context.Context, *sdk.Call[scaleInput]) error { return nil }
		},
	} {
		action := scale()
		change(&action)
		if _, err := action.Handler(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	_, err := sdk.Action[timed, scaleOutput]{
		Name: "x", Summary: "X", Effect: sdk.Read,
		Apply: func(context.Context, *sdk.Call[timed]) (scaleOutput, error) { return scaleOutput{}, nil },
	}.Handler()
	if err == nil || !strings.Contains(err.Error(), "use schema.Duration") {
		t.Errorf("got %v, want advice to use schema.Duration", err)
	}
}

func TestDefaultsInsideListsDoNotLeakBetweenCalls(t *testing.T) {
	t.Parallel()
	type host struct {
		Name string `json:"name" required:"true" doc:"N."`
		Port int    `json:"port" default:"22" doc:"P."`
	}
	type input struct {
		Hosts []host   `json:"hosts" doc:"H."`
		Tags  []string `json:"tags" default:"[\"a\",\"b\"]" doc:"T."`
	}
	type output struct {
		Ports []int    `json:"ports" required:"true" doc:"P."`
		Tags  []string `json:"tags" required:"true" doc:"T."`
	}
	handler := mustHandler(t, sdk.Action[input, output]{
		Name: "x", Summary: "X", Effect: sdk.Read,
		Apply: func(_ context.Context, call *sdk.Call[input]) (out output, err error) {
			for _, h := range call.Input.Hosts {
				out.Ports = append(out.Ports, h.Port)
			}
			out.Tags = call.Input.Tags
			if len(out.Tags) > 0 {
				defer func() { call.Input.Tags[0] = "changed" }()
			}
			return out, nil
		},
	})
	for range 2 {
		got, err := handler.Apply(t.Context(), sdk.Request{
			Params: json.RawMessage(`{"hosts":[{"name":"a"},{"name":"b","port":2222}]}`),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"ports":[22,2222],"tags":["changed","b"]}`; string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	got, err := handler.Apply(t.Context(), sdk.Request{Params: json.RawMessage(`{"tags":["own"]}`)}, nil)
	if err != nil || string(got) != `{"ports":[],"tags":["changed"]}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func BenchmarkApply(b *testing.B) {
	handler := mustHandler(b, scale())
	request := sdk.Request{Params: json.RawMessage(`{"name":"web","replicas":3}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handler.Apply(b.Context(), request, nil); err != nil {
			b.Fatal(err)
		}
	}
}
