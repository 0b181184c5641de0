package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
)

// compiled returns the schema of a document, ready to validate with.
func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	found, ok := documents.Find(name)
	if !ok {
		t.Fatalf("there is no schema of %q", name)
	}
	text, err := json.Marshal(found.Schema())
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, name string, text []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	if err := compiled(t, name).Validate(document); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// What is written fits the schemas that are given out, in a run that paused for a
// person and in one that failed and was taken back: they have steps in most states
// there are.
func TestJSONIsAsTheSchemasSay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		runbook string
		code    int
	}{
		"paused":     {runbook, 5},
		"taken back": {failing, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t)
			term.Screen.Stdin, term.Screen.Stdout, term.Screen.Stderr = false, false, false
			file := filepath.Join(term.Dir, "run.yaml")
			if err := os.WriteFile(file, []byte(test.runbook), 0o600); err != nil {
				t.Fatal(err)
			}
			if code := term.main(t, "run", file, "--yes", "--format", "json"); code != test.code {
				t.Fatalf("exit code %d\n%s", code, term.stderr.String())
			}
			for line := range bytes.Lines(term.stdout.Bytes()) {
				name := "event"
				if strings.HasPrefix(string(line), `{"type":"output"`) {
					name = "output"
				}
				validate(t, name, line)
			}
			if err := os.WriteFile(filepath.Join(term.Dir, "gatebook-plugin-odd"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for name, verb := range map[string][]string{
				"plugins":     {"plugins", "list", "--plugin-dir", term.Dir},
				"diagnostics": {"check", file}, "plan": {"plan", file}, "status": {"status"}, "history": {"history"},
				"audit": {"audit", "latest"}, "graph": {"graph", file}, "actions": {"actions"},
			} {
				term.stdout.Reset()
				if code := term.main(t, append(verb, "--format", "json")...); code != 0 {
					t.Fatalf("%s: exit code %d\n%s", name, code, term.stderr.String())
				}
				validate(t, name, term.stdout.Bytes())
			}
		})
	}
}

// failing has a warning, prints, waits, tries again, skips, fails, and cannot be taken
// back whole.
const failing = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: failing, version: 1.0.0, lock: one, owners: [ann]}
objectives: {rto: 1m}
inputs: {word: {type: string, default: hi}, unused: {type: string, default: ""}}
onFailure: rollback
steps:
  - {id: left, uses: exec, with: {command: [echo, "${{ inputs.word }}"]}}
  - {id: skipped, uses: assert, with: {that: true}, when: inputs.word == "no"}
  - id: undone
    uses: exec
    with: {command: [echo, "${{ steps.left.outputs.stdout }}"]}
    gate: {expr: steps.left.outputs.stdout == "hi", within: 1s, every: 10ms, hold: 20ms}
    rollback: {uses: exec, with: {command: [echo, back]}}
  - id: bad
    uses: exec
    needs: [left]
    with: {script: exit 3}
    retry: {attempts: 2, delay: 1ms, if: attempt < 2}
    rollback: {none: it does nothing}
finally:
  - {id: tell, uses: assert, with: {that: "${{ run.outcome == 'stuck' }}"}}
outputs: {word: "${{ steps.left.outputs.stdout }}"}
record: {version: "${{ inputs.word }}"}
`

// The golden plans have what those runs do not show.
func TestGoldenPlansAreAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "engine", "plan", "testdata", "*", "plan.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, "plan", text)
	}
}

// A schema that took anything would make the tests above worthless.
func TestSchemasRefuseWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	for _, d := range documents.All() {
		for _, text := range []string{`{}`, `[]`, `{"format": "gatebook/other/v1", "type": 1}`} {
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if compiled(t, d.Name).Validate(document) == nil {
				t.Errorf("%s takes %s", d.Name, text)
			}
		}
	}
}

func TestThePageOfJSONNamesEachSchema(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range documents.Names() {
		if !bytes.Contains(page, []byte("`"+name+"`")) {
			t.Errorf("docs/json.md does not name %s", name)
		}
	}
}
