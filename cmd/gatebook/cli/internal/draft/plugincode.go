package draft

const pluginMain = `// Command gatebook-plugin-NAME serves the actions of NAME to gatebook.
package main

import (
	"context"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/serve"
)

func main() { serve.Main(plugin()) }

// Config is what a connection says of its target. The tags are the whole declaration:
// schema, documentation and validation come from them.
type Config struct {
	Folder string ` + "`" + `json:"folder" required:"true" minLength:"1" doc:"Folder that holds the texts."` + "`" + `
}

// plugin declares the plugin. One process serves one connection, so that actions find
// what Configure reached.
func plugin() sdk.Plugin[Config] {
	target := &folder{}
	return sdk.Plugin[Config]{
		Name:    "NAME",
		Version: "0.1.0",
		Summary: "Texts that are kept in a folder",
		Configure: func(_ context.Context, config Config) error {
			return target.open(config.Folder)
		},
		// A run that is taken up again does nothing to another target than it began at.
		Target:  func(context.Context) (sdk.Target, error) { return target.identity() },
		Actions: []sdk.Declaration{keep(target)},
	}
}
`

const pluginAction = `package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// folder is the target: replace it by a client of the system that you act on.
type folder struct{ root *os.Root }

func (f *folder) open(path string) (err error) {
	if f.root, err = os.OpenRoot(path); err != nil {
		return sdk.FieldErrorf("folder", "cannot be opened: %v", err)
	}
	return nil
}

// identity tells the folder from any other. A folder has nothing better than its path: take
// what stays as it is whatever the address and whoever asks, as a UID or the number of an account.
func (f *folder) identity() (sdk.Target, error) {
	path, err := filepath.Abs(f.root.Name())
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	return sdk.Target{ID: path, Title: "the folder " + path}, err
}

// KeepInput is what a step says under with.
type KeepInput struct {
	Name string ` + "`" + `json:"name" required:"true" pattern:"^[a-z][a-z0-9-]*$" doc:"Name of the text."` + "`" + `
	Text string ` + "`" + `json:"text" required:"true" doc:"What it shall be."` + "`" + `
}

// KeepOutput is what later steps and conditions see.
type KeepOutput struct {
	Changed bool ` + "`" + `json:"changed" required:"true" doc:"Whether it was another text before."` + "`" + `
}

// state is what there is under a name. Its zero is nothing, which is not the empty text.
type state struct {
	Exists bool
	Text   string
}

// wanted is the state that a step asks for.
func (in KeepInput) wanted() state { return state{Exists: true, Text: in.Text} }

func keep(target *folder) sdk.Action[KeepInput, KeepOutput] {
	return sdk.Action[KeepInput, KeepOutput]{
		Name:        "keep",
		Summary:     "Keep a text under a name",
		Description: "Writes the text, unless it is there already.",
		Effect:      sdk.Change,
		Idempotent:  true,
		Examples: []schema.Example{
			{Title: "A greeting", With: map[string]any{"name": "greeting", "text": "hello"}},
		},
		// Plan reads only: it is what a reviewer sees.
		Plan: func(_ context.Context, call *sdk.Call[KeepInput]) (sdk.Preview, error) {
			if !call.Knows("name", "text") {
				return sdk.Preview{Summary: "would keep a text"}, nil
			}
			now, err := target.read(call.Input.Name)
			if err != nil {
				return sdk.Preview{}, err
			}
			if now == call.Input.wanted() {
				return sdk.Preview{Summary: "would change nothing"}, nil
			}
			return sdk.Preview{Summary: "would keep " + call.Input.Name, Changes: []sdk.Delta{
				{Target: "text " + call.Input.Name, Kind: "text", Op: "update"},
			}}, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[KeepInput]) (KeepOutput, error) {
			now, err := target.read(call.Input.Name)
			if err != nil {
				return KeepOutput{}, err
			}
			// A second attempt finds what the first one did, of which the answer was lost: what
			// was there before is what that one saved, and not what is there now.
			before, saved, err := sdk.LoadBefore[state](call)
			switch {
			case err != nil:
				return KeepOutput{}, err
			case now == call.Input.wanted():
				return KeepOutput{Changed: saved}, nil
			case saved && now != before:
				return KeepOutput{}, sdk.Errorf(sdk.Conflict, "somebody changed %s meanwhile", call.Input.Name)
			}
			// On gatebook's disk before the first change, so that Undo works after any crash.
			if err := call.SaveBefore(ctx, now); err != nil {
				return KeepOutput{}, err
			}
			call.Progressf("writing %s", call.Input.Name)
			return KeepOutput{Changed: true}, target.write(call.Input.Name, call.Input.Text)
		},
		// Observe answers after a crash whether an Apply whose answer was lost was done, or
		// an Undo.
		Observe: func(_ context.Context, call *sdk.Call[KeepInput]) (sdk.Observed[KeepOutput], error) {
			before, saved, err := sdk.LoadBefore[state](call)
			if err != nil || !saved { // no attempt came as far as the change
				return sdk.Observed[KeepOutput]{State: sdk.Untouched, Detail: "Nothing was written."}, err
			}
			from, to := before, call.Input.wanted()
			if call.Undo {
				from, to = to, from
			}
			now, err := target.read(call.Input.Name)
			switch {
			case err != nil:
				return sdk.Observed[KeepOutput]{}, err
			case now == to:
				return sdk.Observed[KeepOutput]{State: sdk.Done, Outputs: KeepOutput{Changed: true}, Detail: "It is as it shall be."}, nil
			case now == from:
				return sdk.Observed[KeepOutput]{State: sdk.NotDone, Detail: "It is still as it was."}, nil
			default:
				return sdk.Observed[KeepOutput]{State: sdk.CannotTell, Detail: "Somebody else wrote another text."}, nil
			}
		},
		// Undo takes back what this Apply did, and only that.
		Undo: func(_ context.Context, call *sdk.Call[KeepInput]) error {
			before, saved, err := sdk.LoadBefore[state](call)
			if err != nil || !saved {
				return err
			}
			now, err := target.read(call.Input.Name)
			switch {
			case err != nil || now == before:
				return err
			case now != call.Input.wanted():
				return sdk.Errorf(sdk.Conflict, "somebody changed %s meanwhile", call.Input.Name)
			}
			return target.restore(call.Input.Name, before)
		},
	}
}

func (f *folder) read(name string) (state, error) {
	text, err := f.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, sdk.Errorf(sdk.Transient, "read %s: %w", name, err)
	}
	return state{Exists: true, Text: string(text)}, nil
}

// write puts the whole text there at once, so that no crash leaves half of it.
func (f *folder) write(name, text string) error {
	half := name + ".new" // which is no name of a text
	err := f.root.WriteFile(half, []byte(text), 0o600)
	if err == nil {
		err = f.root.Rename(half, name)
	}
	if err != nil {
		return sdk.Errorf(sdk.Transient, "write %s: %w", name, err)
	}
	return nil
}

func (f *folder) restore(name string, before state) error {
	if before.Exists {
		return f.write(name, before.Text)
	}
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sdk.Errorf(sdk.Transient, "remove %s: %w", name, err)
	}
	return nil
}
`

const pluginTest = `package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestPluginKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.RunPlugin(t, plugin, map[string]any{"folder": t.TempDir()})
}

// TestKeepKeepsTheContract runs the suite that every action passes: plan changes nothing,
// undo restores, cancel is prompt, and so on.
func TestKeepKeepsTheContract(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := &folder{}
	if err := target.open(dir); err != nil {
		t.Fatal(err)
	}
	handler, err := keep(target).Handler()
	if err != nil {
		t.Fatal(err)
	}
	// Each check has a text of its own, since they run side by side.
	names := make(chan string, 100)
	for i := range cap(names) {
		names <- "text-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	world := func(before string) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			name := <-names
			if before != "" {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			return sdktest.World{
				Params: map[string]any{"name": name, "text": "hello"},
				Probe: func() string {
					text, err := os.ReadFile(filepath.Join(dir, name))
					if err != nil {
						return "nothing"
					}
					return string(text)
				},
			}
		}
	}
	t.Run("contract", func(t *testing.T) {
		sdktest.Run(t, handler,
			sdktest.Case{Name: "a new text", World: world("")},
			sdktest.Case{Name: "another text", World: world("good bye")},
			sdktest.Case{Name: "the same text", World: world("hello")},
		)
	})
}

// What somebody else did since is not lost for the sake of an Undo, nor of a second attempt.
func TestAForeignChangeIsLeftAlone(t *testing.T) {
	t.Parallel()
	foreign := map[string]func(*folder) error{
		"another text": func(f *folder) error { return f.write("greeting", "somebody else's") },
		"removed":      func(f *folder) error { return f.restore("greeting", state{}) },
	}
	for name, change := range foreign {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := &folder{}
			if err := target.open(t.TempDir()); err != nil {
				t.Fatal(err)
			}
			if err := target.write("greeting", "good bye"); err != nil {
				t.Fatal(err)
			}
			handler, err := keep(target).Handler()
			if err != nil {
				t.Fatal(err)
			}
			host := &sdktest.Host{}
			request := sdk.Request{Params: []byte(` + "`" + `{"name": "greeting", "text": ""}` + "`" + `), Key: "test", Attempt: 1}
			if _, err := handler.Apply(t.Context(), request, host); err != nil {
				t.Fatal(err)
			}
			if err := change(target); err != nil {
				t.Fatal(err)
			}
			theirs, _ := target.read("greeting")
			request.Before = host.StateBefore()
			if seen, err := handler.Observe(t.Context(), request, host); err != nil || seen.State != sdk.CannotTell {
				t.Errorf("Observe: got %v, %v", seen, err)
			}
			if err := handler.Undo(t.Context(), request, host); err == nil || sdk.AsError(err).Class != sdk.Conflict {
				t.Errorf("Undo: got %v, want a conflict", err)
			}
			request.Attempt = 2
			if _, err := handler.Apply(t.Context(), request, host); err == nil || sdk.AsError(err).Class != sdk.Conflict {
				t.Errorf("a second attempt: got %v, want a conflict", err)
			}
			if now, _ := target.read("greeting"); now != theirs {
				t.Errorf("there is %+v now, and there was %+v", now, theirs)
			}
		})
	}
}

// An Undo whose answer was lost is looked after as an Apply is.
func TestObserveTellsWhetherItWasTakenBack(t *testing.T) {
	t.Parallel()
	target := &folder{}
	if err := target.open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	handler, err := keep(target).Handler()
	if err != nil {
		t.Fatal(err)
	}
	host := &sdktest.Host{}
	request := sdk.Request{Params: []byte(` + "`" + `{"name": "greeting", "text": "hello"}` + "`" + `), Key: "test", Attempt: 1}
	if _, err := handler.Apply(t.Context(), request, host); err != nil {
		t.Fatal(err)
	}
	request.Before, request.Undo = host.StateBefore(), true
	if seen, err := handler.Observe(t.Context(), request, host); err != nil || seen.State != sdk.NotDone {
		t.Errorf("before it was taken back: got %v, %v", seen, err)
	}
	if err := handler.Undo(t.Context(), request, host); err != nil {
		t.Fatal(err)
	}
	if seen, err := handler.Observe(t.Context(), request, host); err != nil || seen.State != sdk.Done {
		t.Errorf("after it was taken back: got %v, %v", seen, err)
	}
}
`
