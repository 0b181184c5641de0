package draft

import "strings"

// Plugin returns the files of a plugin to start from, by their names: a module with an
// action that keeps the contract, its tests, a Makefile and a workflow. gatebook is the
// version to build against, and local, where there is one, a folder that holds it.
func Plugin(name, gatebook, local string) map[string]string {
	replace := ""
	if local != "" {
		replace = "\nreplace github.com/gatebook/gatebook => " + local + "\n"
	}
	fill := strings.NewReplacer("NAME", name, "PACKAGE", strings.ReplaceAll(name, "-", ""), "GATEBOOK", gatebook, "REPLACE\n", replace)
	files := map[string]string{
		"go.mod":                   pluginModule,
		"main.go":                  pluginMain,
		"keep.go":                  pluginAction,
		"keep_test.go":             pluginTest,
		"Makefile":                 pluginMakefile,
		".github/workflows/ci.yml": pluginWorkflow,
		"greet.yaml":               pluginRunbook,
		"README.md":                pluginReadme,
		".gitignore":               "bin/\ndist/\n",
	}
	for file, text := range files {
		files[file] = fill.Replace(text)
	}
	return files
}

const pluginModule = `module example.com/gatebook-plugin-NAME

go 1.26

require github.com/gatebook/gatebook GATEBOOK
REPLACE
`

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

// KeepInput is what a step says under with.
type KeepInput struct {
	Name string ` + "`" + `json:"name" required:"true" pattern:"^[a-z][a-z0-9-]*$" doc:"Name of the text."` + "`" + `
	Text string ` + "`" + `json:"text" required:"true" doc:"What it shall be."` + "`" + `
}

// KeepOutput is what later steps and conditions see.
type KeepOutput struct {
	Changed bool ` + "`" + `json:"changed" required:"true" doc:"Whether it was another text before."` + "`" + `
}

// former is what there was before, which Undo puts back.
type former struct {
	Existed bool
	Text    string
}

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
			before, err := target.read(call.Input.Name)
			if err != nil {
				return sdk.Preview{}, err
			}
			if before.Existed && before.Text == call.Input.Text {
				return sdk.Preview{Summary: "would change nothing"}, nil
			}
			return sdk.Preview{Summary: "would keep " + call.Input.Name, Changes: []sdk.Delta{
				{Target: "text " + call.Input.Name, Kind: "text", Op: "update"},
			}}, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[KeepInput]) (KeepOutput, error) {
			before, err := target.read(call.Input.Name)
			if err != nil || before.Existed && before.Text == call.Input.Text {
				return KeepOutput{}, err
			}
			// On gatebook's disk before the first change, so that Undo works after any crash.
			if err := call.SaveBefore(ctx, before); err != nil {
				return KeepOutput{}, err
			}
			call.Progressf("writing %s", call.Input.Name)
			return KeepOutput{Changed: true}, target.write(call.Input.Name, call.Input.Text)
		},
		// Observe answers after a crash whether an Apply whose answer was lost was done.
		Observe: func(_ context.Context, call *sdk.Call[KeepInput]) (sdk.Observed[KeepOutput], error) {
			now, err := target.read(call.Input.Name)
			switch {
			case err != nil:
				return sdk.Observed[KeepOutput]{}, err
			case now.Existed && now.Text == call.Input.Text:
				return sdk.Observed[KeepOutput]{State: sdk.Done, Outputs: KeepOutput{Changed: true}, Detail: "The text is there."}, nil
			case call.Before == nil: // no attempt came as far as the change
				return sdk.Observed[KeepOutput]{State: sdk.Untouched, Detail: "Nothing was written."}, nil
			default:
				return sdk.Observed[KeepOutput]{State: sdk.NotDone, Detail: "There is another text, and writing it again does no harm."}, nil
			}
		},
		// Undo takes back what this Apply did, and only that.
		Undo: func(_ context.Context, call *sdk.Call[KeepInput]) error {
			before, saved, err := sdk.LoadBefore[former](call)
			if err != nil || !saved {
				return err
			}
			now, err := target.read(call.Input.Name)
			switch {
			case err != nil || now == before:
				return err
			case now.Text != call.Input.Text:
				return sdk.Errorf(sdk.Conflict, "somebody changed %s meanwhile", call.Input.Name)
			}
			return target.restore(call.Input.Name, before)
		},
	}
}

func (f *folder) read(name string) (former, error) {
	text, err := f.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return former{}, nil
	}
	if err != nil {
		return former{}, sdk.Errorf(sdk.Transient, "read %s: %w", name, err)
	}
	return former{Existed: true, Text: string(text)}, nil
}

func (f *folder) write(name, text string) error {
	if err := f.root.WriteFile(name, []byte(text), 0o600); err != nil {
		return sdk.Errorf(sdk.Transient, "write %s: %w", name, err)
	}
	return nil
}

func (f *folder) restore(name string, before former) error {
	if before.Existed {
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

func TestPluginIsSound(t *testing.T) {
	t.Parallel()
	if _, err := plugin().Served(); err != nil {
		t.Fatal(err)
	}
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
		)
	})
}

// What somebody else did since is not lost for the sake of an Undo.
func TestUndoLeavesAForeignTextAlone(t *testing.T) {
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
	if request.Outputs, err = handler.Apply(t.Context(), request, host); err != nil {
		t.Fatal(err)
	}
	if err := target.write("greeting", "somebody else's"); err != nil {
		t.Fatal(err)
	}
	request.Before = host.StateBefore()
	err = handler.Undo(t.Context(), request, host)
	if err == nil || sdk.AsError(err).Class != sdk.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
	if now, _ := target.read("greeting"); now.Text != "somebody else's" {
		t.Errorf("the text is %q", now.Text)
	}
}
`

const pluginMakefile = `# The version stands in main.go, and nowhere else.
VERSION   := $(shell sed -nE 's/.*Version: +"([^"]+)".*/\1/p' main.go)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64
SHA256SUM := $(if $(shell command -v sha256sum),sha256sum,shasum -a 256)

# Without cgo, so that what is built here and what is released are the same bytes.
export CGO_ENABLED := 0

.PHONY: build
build: ## Build the plugin into bin/
	go build -trimpath -o bin/gatebook-plugin-NAME .

.PHONY: test
test: ## Run the tests
	go test ./...

# What a release needs so that one lock serves every platform:
#   gatebook plugins lock NAME --checksums dist/SHA256SUMS
.PHONY: dist
dist: ## Build for every platform, with checksums
	rm -rf dist && mkdir dist
	for platform in $(PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; suffix=; \
		if [ $$os = windows ]; then suffix=.exe; fi; \
		GOOS=$$os GOARCH=$$arch \
		go build -trimpath -o dist/gatebook-plugin-NAME_$(VERSION)_$${os}_$$arch$$suffix . || exit 1; \
	done
	cd dist && $(SHA256SUM) gatebook-plugin-* > SHA256SUMS
`

const pluginWorkflow = `name: ci
on: [push, pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: {go-version-file: go.mod}
      - run: make test build
`

const pluginRunbook = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: greet, version: 1.0.0}
plugins:
  n: {source: NAME}
connections:
  here: {plugin: n, with: {folder: .}}
steps:
  - {id: greet, uses: n.keep, with: {name: greeting, text: hello}}
`

const pluginReadme = `# gatebook-plugin-NAME

A plugin of [gatebook](https://github.com/gatebook/gatebook).

    go mod tidy
    make test build
    gatebook plugins lock NAME --plugin-dir bin
    gatebook plan greet.yaml --plugin-dir bin
`
