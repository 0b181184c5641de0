package steps

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
)

// params are parameters as a runbook gives them.
type params = map[string]any

// closedPort is an address at which nobody listens. No system gives this port to whoever
// asks for any, as a parallel test does.
const closedPort = "127.0.0.1:1"

// progressOf is all the progress that an action told its host, a line each.
func progressOf(host *sdktest.Host) string {
	var lines []string
	for _, p := range host.ProgressTold() {
		lines = append(lines, p.Message)
	}
	return strings.Join(lines, "\n")
}

// apply applies an action as an engine does: checked parameters in, checked outputs out.
func apply[I, O any](t *testing.T, action sdk.Action[I, O], with params) (O, error) {
	t.Helper()
	outputs, _, err := applyTold(t.Context(), t, action, with)
	return outputs, err
}

func applyTold[I, O any](ctx context.Context, t *testing.T, action sdk.Action[I, O], with params) (O, *sdktest.Host, error) {
	t.Helper()
	host := &sdktest.Host{}
	var outputs O
	raw, err := handlerOf(t, action).Apply(ctx, request(t, action, with), host)
	if err != nil {
		return outputs, host, err
	}
	checkAgainst(t, "outputs", schema.For[O](), raw)
	if err := json.Unmarshal(raw, &outputs); err != nil {
		t.Fatalf("outputs: %v", err)
	}
	return outputs, host, nil
}

func handlerOf[I, O any](t *testing.T, action sdk.Action[I, O]) sdk.Handler {
	t.Helper()
	handler, err := action.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func request[I, O any](t *testing.T, _ sdk.Action[I, O], with params) sdk.Request {
	t.Helper()
	raw, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	checkAgainst(t, "parameters", schema.For[I](), raw)
	return sdk.Request{Params: raw, Key: "run-1-step-do", Attempt: 1}
}

func checkAgainst(t *testing.T, what string, shape *schema.Schema, raw []byte) {
	t.Helper()
	validator, err := schema.Compile(shape)
	if err != nil {
		t.Fatal(err)
	}
	var data any
	if err := json.Unmarshal(raw, &data); err != nil {
		t.Fatal(err)
	}
	for _, fault := range validator.Validate(data) {
		t.Errorf("%s: %s", what, fault.Message)
	}
}

// failure is an error that a test expects; text must be part of its message.
type failure struct {
	class sdk.Class
	field string
	text  string
}

func (f failure) check(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s %q", f.class, f.text)
	}
	is := sdk.AsError(err)
	if is.Class != f.class || is.Field != f.field || !strings.Contains(is.Message, f.text) {
		t.Errorf("error is %s, field %q: %s\nwant %s, field %q: …%s…", is.Class, is.Field, is.Message, f.class, f.field, f.text)
	}
}

// serve starts an HTTP server and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// serveNothing starts an HTTP server that never answers, says when it was asked, and
// returns its address. A server sees its client leave only once it has read the whole
// request, and waits for its handlers when it is closed; so the end of the test ends
// them too.
func serveNothing(t *testing.T, asked func()) string {
	t.Helper()
	over := make(chan struct{})
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		asked()
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	t.Cleanup(func() { close(over) }) // before the server is closed
	return address
}

// answers is a handler that gives one answer after the other, and the last for ever.
func answers(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		next := handlers[0]
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
		mu.Unlock()
		next(w, r)
	}
}

// says is a handler that answers with a status and a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// TestPlansSayWhatIsNotKnownYet takes one parameter after the other out of the examples.
// What a plan then says must be whole sentences, with no gap where the parameter would be.
func TestPlansSayWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	handlers, err := Builtin(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	gap := regexp.MustCompile(`  |[ :]$|^ |\b0s\b`)
	for _, handler := range handlers {
		description := handler.Describe()
		for _, example := range description.Examples {
			for name := range example.With {
				known := maps.Clone(example.With)
				delete(known, name)
				raw, err := json.Marshal(known)
				if err != nil {
					t.Fatal(err)
				}
				preview, err := handler.Plan(t.Context(), sdk.Request{Params: raw, Unknown: []string{name}})
				said := append(append([]string{preview.Summary}, preview.Warnings...), preview.Blockers...)
				for _, change := range preview.Changes {
					said = append(said, change.Target)
				}
				for _, text := range said {
					if err != nil || gap.MatchString(text) {
						t.Errorf("%s without %s: the plan says %q, %v", description.Name, name, text, err)
					}
				}
			}
		}
	}
}

func TestExamplesArePossible(t *testing.T) {
	t.Parallel()
	handlers, err := Builtin(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, handler := range handlers {
		description := handler.Describe()
		t.Run(description.Name, func(t *testing.T) {
			t.Parallel()
			if len(description.Examples) == 0 {
				t.Error("there is no example")
			}
			for _, example := range description.Examples {
				raw, err := json.Marshal(example.With)
				if err != nil {
					t.Fatal(err)
				}
				checkAgainst(t, example.Title, description.Input, raw)
				if _, err := handler.Plan(t.Context(), sdk.Request{Params: raw}); err != nil {
					t.Errorf("%s: plan: %v", example.Title, err)
				}
			}
		})
	}
}
