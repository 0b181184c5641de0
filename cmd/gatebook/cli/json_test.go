package cli_test

import (
	"bytes"
	"encoding/json"
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
// person: it has steps in most states there are.
func TestJSONIsAsTheSchemasSay(t *testing.T) {
	t.Parallel()
	term := newTerminal(t)
	term.Screen.Stdin, term.Screen.Stdout, term.Screen.Stderr = false, false, false
	file := term.file(t)
	if code := term.main(t, "run", file, "--yes", "--format", "json"); code != 5 {
		t.Fatalf("exit code %d\n%s", code, term.stderr.String())
	}
	for line := range bytes.Lines(term.stdout.Bytes()) {
		name := "event"
		if strings.HasPrefix(string(line), `{"type":"output"`) {
			name = "output"
		}
		validate(t, name, line)
	}
	verbs := map[string][]string{
		"plan": {"plan", file}, "status": {"status"}, "history": {"history"}, "audit": {"audit", "latest"},
		"graph": {"graph", file}, "actions": {"actions"},
	}
	for name, verb := range verbs {
		term.stdout.Reset()
		if code := term.main(t, append(verb, "--format", "json")...); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", name, code, term.stderr.String())
		}
		validate(t, name, term.stdout.Bytes())
	}
}
