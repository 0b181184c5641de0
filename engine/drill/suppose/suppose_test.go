package suppose_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/drill/suppose"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

const runbook = checktest.Head + `onFailure: rollback
steps:
  - {id: look, uses: http.check, with: {url: "http://localhost/"}}
  - id: keep
    uses: exec
    with: {command: [./keep]}
    rollback: {uses: exec, with: {command: [./drop]}}
  - id: change
    uses: exec
    foreach: ${{ steps.look.outputs.json.nodes }}
    with: {command: [./change]}
    gate: {expr: steps.look.outputs.status == 200}
    rollback: {uses: exec, with: {command: [./restore]}}
  - {id: tell, uses: exec, with: {command: [./tell]}, rollback: {none: it was said}}
  - {id: known, uses: http.check, foreach: [a, b], with: {url: "http://localhost/"}}
`

func planned(t testing.TB) *plan.Plan {
	t.Helper()
	p, found, err := plan.Make(checktest.Load(t, checktest.Builtin(t), "test.yaml", runbook), plan.Options{Inputs: value.Object()})
	checktest.NoErrors(t, found)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The fixtures say on the line what is wrong with it.
func TestFaultsOfTestFilesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	p := planned(t)
	diagtest.Run(t, "testdata/*.yaml", func(file *source.File) diag.List {
		_, found := suppose.Read(file, p)
		return found
	})
}

func TestATestFileSaysWhatIsSupposed(t *testing.T) {
	t.Parallel()
	got, found := suppose.Read(source.NewFile("a.test.yaml", []byte(`apiVersion: gatebook/v1
kind: Test
steps:
  look: {outputs: {status: 200}, takes: [alarms]}
  keep: {provides: [backup], releases: [alarms]}
  change: {items: [a, b], needs: [backup], removes: [backup], gate: {needs: [backup]}, rollback: {needs: [backup]}}
`)), planned(t))
	checktest.NoErrors(t, found)
	backup, alarms := []string{"backup"}, []string{"alarms"}
	want := world.Supposed{
		Steps: map[string]world.Step{
			"look":   {Outputs: value.Object(value.Member{Name: "status", Value: value.Int(200)}), Takes: alarms},
			"keep":   {Provides: backup, Releases: alarms},
			"change": {Needs: backup, Removes: backup, GateNeeds: backup, BackNeeds: backup},
		},
		Items: map[string][]value.Value{"change": {value.String("a"), value.String("b")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheTestFileStandsBesideTheRunbook(t *testing.T) {
	t.Parallel()
	for runbook, want := range map[string]string{
		"a/upgrade.yaml": "a/upgrade.test.yaml",
		"upgrade.yml":    "upgrade.test.yml",
		"upgrade":        "upgrade.test.yaml",
	} {
		if got := suppose.FileName(runbook); got != want {
			t.Errorf("%s: got %s, want %s", runbook, got, want)
		}
	}
}

// An editor that knows the schema of test files says of them what gatebook does.
func TestTheSchemaTakesTestFiles(t *testing.T) {
	t.Parallel()
	validator, err := schema.Compile(model.TestSchema())
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("../testdata/broken/*.test.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d test files: %v", len(paths), err)
	}
	for _, path := range append(paths, "../../../runbooks/config-change.test.yaml", "testdata/faults.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tree, _ := syntax.Parse(source.NewFile(path, text))
		document, err := tree.Value().Reveal()
		if err != nil {
			t.Fatal(err)
		}
		if faults := validator.Validate(document); (len(faults) > 0) != strings.HasSuffix(path, "faults.yaml") {
			t.Errorf("%s: %v", path, faults)
		}
	}
}

// Whatever a test file says, it is read to its end.
func FuzzRead(f *testing.F) {
	f.Add("apiVersion: gatebook/v1\nkind: Test\nsteps:\n  keep: {provides: [a]}\n")
	f.Add("steps: {look: {outputs: {exitCode: [1]}, items: [1], gate: {needs: []}}}")
	p := planned(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range func() diag.List {
			_, found := suppose.Read(source.NewFile("a.test.yaml", []byte(text)), p)
			return found
		}() {
			if d.Rule == nil || d.Detail == "" {
				t.Errorf("%q: a finding that says nothing: %+v", text, d)
			}
		}
	})
}
