package documents_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
)

var update = flag.Bool("update", false, "write the schemas anew")

// The files in the folder schema are for programs and editors that have no gatebook at
// hand. The runbook's is written and held by the package model.
func TestSchemaFilesAreInStep(t *testing.T) {
	t.Parallel()
	for _, d := range documents.All()[1:] {
		text, err := json.MarshalIndent(d.Schema(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		path := filepath.Join("..", "..", "..", "..", "..", "schema", d.File())
		if *update {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(text)); diff != "" {
			t.Errorf("%s is not in step; go test -update writes it anew:\n%s", d.File(), diff)
		}
	}
}

func TestSchemasAreJSONSchema(t *testing.T) {
	t.Parallel()
	for _, d := range documents.All() {
		text, err := json.Marshal(d.Schema())
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(d.Name, document); err != nil {
			t.Fatal(err)
		}
		if _, err := compiler.Compile(d.Name); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, name := range documents.Names() {
		if d, ok := documents.Find(name); !ok || d.Name != name {
			t.Errorf("Find(%q) = %q, %v", name, d.Name, ok)
		}
	}
	if _, ok := documents.Find("nonsense"); ok {
		t.Error("nonsense is found")
	}
}
