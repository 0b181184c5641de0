package gatebook_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/steps"
)

// Whoever copies one of our runbooks starts from one that has nothing to mend, not
// even a warning. Those that use a plugin are checked by the tests of its module, with it.
func TestRunbooksHaveNothingToMend(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("runbooks/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %d runbooks: %v", len(names), err)
	}
	handlers, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	gatebook, err := engine.New(engine.Config{Handlers: handlers, State: t.TempDir(), Version: "0.1.0", Files: checktest.Beside})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\nplugins:\n")) {
			continue
		}
		_, found := gatebook.Check(source.NewFile(name, text))
		for _, d := range found {
			t.Errorf("%s: %s %s: %s", d.Range, d.Rule.Code, d.Rule.Summary, d.Detail)
		}
	}
}
