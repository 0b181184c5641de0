package sarif_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/render"
	"github.com/gatebook/gatebook/engine/source"
)

const root = "../.."

// validator says what the schema has against a document. The library of SARIF keeps the schema
// to itself, and validates only what it has read into its own types, which is another document:
// what it does not know is lost on the way. So the schema is taken out of its source.
func validator(t *testing.T) func(document []byte) error {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", reflect.TypeFor[sarif.Report]().PkgPath())
	folder, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(folder)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constant, err := strconv.Unquote(file.Scope.Objects["schema"].Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(constant))
	if err != nil {
		t.Fatal(err)
	}
	return func(document []byte) error {
		result, err := schema.Validate(gojsonschema.NewBytesLoader(document))
		if err != nil {
			return err
		}
		var faults []error
		for _, fault := range result.Errors() {
			faults = append(faults, errors.New(fault.String()))
		}
		return errors.Join(faults...)
	}
}

// Findings of every rule, at places of every kind.
func TestEveryFindingFitsTheSchemaOfSARIF(t *testing.T) {
	t.Parallel()
	fits := validator(t)
	places := map[string]source.Range{"nowhere": {}}
	for _, name := range []string{"web.yaml", "/srv/a b/100%.yaml", "../odd,:#?.yaml", "漢字.yaml"} {
		file := source.NewFile(name, []byte("steps:\n\t- id: 漢字\n  - "+strings.Repeat("x", 500)+"\n"))
		places[name+", a word"] = file.Range(0, 5)
		places[name+", nothing"] = file.Range(7, 7)
		places[name+", its end"] = file.Range(len(file.Text()), len(file.Text()))
		places[name+", all of it"] = file.Range(0, len(file.Text()))
	}
	for name, where := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found diag.List
			for _, rule := range diag.Rules() {
				found = append(found, rule.At(where, "It is %q.\nSo it is.", "odd\x1b").WithHint("mend it").WithRelated(where, "here too"))
			}
			checkWritten(t, fits, found)
		})
	}
}

func TestNoFindingFitsTheSchemaOfSARIF(t *testing.T) {
	t.Parallel()
	checkWritten(t, validator(t), nil)
}

// More findings than are shown come with a notification.
func TestTooManyFindingsFitTheSchemaOfSARIF(t *testing.T) {
	t.Parallel()
	file := source.NewFile("web.yaml", []byte("a: 1\n"))
	var found diag.List
	for range 1200 {
		found = append(found, diag.Rules()[0].At(file.Range(0, 1), "It is odd."))
	}
	checkWritten(t, validator(t), found)
}

func checkWritten(t *testing.T, fits func([]byte) error, found diag.List) {
	t.Helper()
	var text strings.Builder
	if err := render.Write(&text, "sarif", found, render.Options{Version: "1.2.3"}); err != nil {
		t.Fatal(err)
	}
	if err := fits([]byte(text.String())); err != nil {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestTheGoldenSARIFFitsItsSchema(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "engine", "diag", "render", "testdata", "sample.sarif"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validator(t)(text); err != nil {
		t.Error(err)
	}
}

// What the program writes of runbooks that have every fault, and of those that have none.
func TestWhatTheProgramWritesFitsTheSchemaOfSARIF(t *testing.T) {
	t.Parallel()
	gatebook := filepath.Join(t.TempDir(), "gatebook")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", root, "-o", gatebook, "./cmd/gatebook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fits := validator(t)
	var files []string
	for _, pattern := range []string{"engine/*/testdata/*.yaml", "runbooks/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	rules := map[string]bool{}
	for _, files := range append([][]string{files}, slices.Collect(slices.Chunk(files, 1))...) {
		check := exec.CommandContext(t.Context(), gatebook, append([]string{"check", "--format", "sarif"}, files...)...)
		check.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := check.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 2) {
			t.Fatal(err)
		}
		if err := fits(out); err != nil {
			t.Errorf("%q: %v", files, err)
		}
		report, err := sarif.FromBytes(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range report.Runs[0].Results {
			rules[*result.RuleID] = true
		}
	}
	if len(files) < 10 || len(rules) < 50 {
		t.Errorf("%d files have findings of %d rules", len(files), len(rules))
	}
}

// A check that let anything pass would make the tests above worthless.
func TestWhatIsNoSARIFIsRefused(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(filepath.Join(root, "engine", "diag", "render", "testdata", "sample.sarif"))
	if err != nil {
		t.Fatal(err)
	}
	fits := validator(t)
	for was, is := range map[string]string{
		`"version": "2.1.0"`:    `"version": "2.2.0"`,
		`"level": "error"`:      `"level": "bad"`,
		`"ruleIndex"`:           `"rulePlace"`,
		`"startLine": 3`:        `"startLine": 0`,
		`"unicodeCodePoints"`:   `"runes"`,
		`"uri": "web.yaml"`:     `"uri": "a b:%"`,
		`"physicalLocation": {`: `"physicalLocation": {"colour": "red",`,
	} {
		other := strings.Replace(string(golden), was, is, 1)
		if other == string(golden) {
			t.Fatalf("the golden file has no %s", was)
		}
		if fits([]byte(other)) == nil {
			t.Errorf("%s is let pass", is)
		}
	}
}
