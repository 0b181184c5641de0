package plan_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden holds plans against testdata: in each folder runbook.yaml with the inputs
// gives plan.json and the findings.
func TestGolden(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/*/runbook.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	catalogue := checktest.Builtin(t)
	for _, path := range folders {
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			checked := inclusiontest.Load(t, catalogue, "runbook.yaml", filesOf(t, folder))
			inputs, _, found := input.Values(checked, checktest.Given(read(t, filepath.Join(folder, "inputs"))))
			checktest.NoErrors(t, found)
			made, found, err := plan.Make(checked, plan.Options{Inputs: inputs})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(made, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(folder, "findings"), checktest.Findings(found))
			golden(t, filepath.Join(folder, "plan.json"), string(text)+"\n")
		})
	}
}

// filesOf are the runbooks of a folder.
func filesOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		files[filepath.Base(path)] = read(t, path)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// golden compares a text with a file, or with -update writes the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(read(t, path), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
