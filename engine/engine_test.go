package engine_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/steps"
)

// newEngine returns an engine with the built-in actions and a state of its own.
func newEngine(tb testing.TB) *engine.Engine {
	tb.Helper()
	handlers, err := steps.Builtin(steps.Options{Environ: os.Environ(), Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	e, err := engine.New(engine.Config{Handlers: handlers, State: tb.TempDir(), Version: "0.1.0"})
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

const header = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: test, version: 1.0.0}
`

// planned makes the plan of a runbook that must have no errors.
func planned(tb testing.TB, e *engine.Engine, text string, given ...input.Given) *engine.Plan {
	tb.Helper()
	return plannedWhole(tb, e, header+text, given...)
}

func plannedWhole(tb testing.TB, e *engine.Engine, text string, given ...input.Given) *engine.Plan {
	tb.Helper()
	runbook, found := e.Check(source.NewFile("test.yaml", []byte(text)))
	if found.HasErrors() {
		tb.Fatal(texts(found))
	}
	p, found, err := e.Plan(runbook, given)
	if err != nil {
		tb.Fatal(err)
	}
	if found.HasErrors() {
		tb.Fatal(texts(found))
	}
	return p
}

func texts(found diag.List) string {
	var lines []string
	for _, d := range found {
		lines = append(lines, d.Range.String()+": "+d.Rule.Code+" "+d.Rule.Summary+": "+d.Detail)
	}
	return strings.Join(lines, "\n")
}

func process() run.Process {
	return run.Process{
		Now:   time.Now,
		Info:  event.Process{PID: os.Getpid(), Host: "test", User: "alice", Version: "0.1.0"},
		Owner: journal.Owner{PID: os.Getpid(), Host: "test", User: "alice"},
	}
}

func TestRunOfRealProcesses(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	p := planned(t, e, `
inputs:
  name: {type: string}
steps:
  - id: hello
    uses: exec
    with: {command: [echo, "hello ${{ inputs.name }}"]}
    rollback: {none: it only prints}
    verify: {expr: 'steps.hello.outputs.exitCode == 0'}
  - id: again
    uses: exec
    with: {command: [echo, "${{ steps.hello.outputs.stdout }}"]}
    rollback: {none: it only prints}
    gate: {expr: 'steps.hello.outputs.stdout.startsWith("hello")'}
outputs:
  said: ${{ steps.again.outputs.stdout }}
`, input.Given{Name: "name", Text: "world", By: input.ByFlag, Origin: "-i name"})
	result, err := e.Run(t.Context(), p, process(), engine.RunOptions{By: "alice", Parallelism: 2})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != event.OutcomeSucceeded {
		t.Fatalf("result = %+v (%+v)", result, result.Failure)
	}
	said, _ := result.Outputs.Get("said")
	if text, _ := said.AsString(); strings.TrimSpace(text) != "hello world" {
		t.Errorf("said %q", text)
	}
}

func TestFailureIsTakenBack(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	dir := t.TempDir()
	p := planned(t, e, `
inputs:
  dir: {type: string}
onFailure: rollback
steps:
  - id: make
    uses: exec
    with: {command: [touch, "${{ inputs.dir }}/made"]}
    rollback: {uses: exec, with: {command: [rm, "${{ inputs.dir }}/made"]}}
  - id: break
    uses: exec
    with: {command: ["false"]}
    rollback: {uses: exec, with: {command: [touch, "${{ inputs.dir }}/taken-back"]}}
`, input.Given{Name: "dir", Text: dir, By: input.ByFlag, Origin: "-i dir"})
	result, err := e.Run(t.Context(), p, process(), engine.RunOptions{By: "alice", Parallelism: 2})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != event.OutcomeRolledBack || result.Step != "break" {
		t.Fatalf("result = %+v (%+v)", result, result.Failure)
	}
	if _, err := os.Stat(dir + "/made"); err == nil {
		t.Error("what was made is still there")
	}
	if _, err := os.Stat(dir + "/taken-back"); err != nil {
		t.Error("the step that failed was not taken back")
	}
}

func TestSecretsAreNotWrittenDown(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	const secret = "hunter22-and-more"
	p := planned(t, e, `
inputs:
  token: {type: string, secret: true}
steps:
  - id: leak
    uses: exec
    with: {script: 'echo "token is $TOKEN"; echo "$TOKEN" | base64', shell: sh, env: {TOKEN: "${{ inputs.token }}"}}
    rollback: {none: it only prints}
  - id: use
    uses: assert
    with: {that: "${{ steps.leak.outputs.stdout contains 'hunter22' }}"}
`, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
	result, err := e.Run(t.Context(), p, process(), engine.RunOptions{By: "alice", Parallelism: 2})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != event.OutcomeSucceeded {
		t.Fatalf("result = %+v (%+v)", result, result.Failure)
	}
	masker := value.NewMasker(value.String(secret).Secret())
	err = os.CopyFS(t.TempDir(), os.DirFS(e.Store().Root())) // every file can be read
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files(t, e.Store().Root()) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if masker.Text(string(content)) != string(content) {
			t.Errorf("%s holds the secret:\n%s", path, content)
		}
	}
}

func files(t *testing.T, root string) []string {
	t.Helper()
	var paths []string
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		path := root + "/" + entry.Name()
		if entry.IsDir() {
			paths = append(paths, files(t, path)...)
			continue
		}
		paths = append(paths, path)
	}
	return paths
}
