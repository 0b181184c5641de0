package cli_test

import (
	"os"
	"path/filepath"
	"testing"
)

// What a drill writes fits its schema, where something does not hold and where all does.
func TestWhatADrillWritesIsAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		runbook string
		code    int
	}{
		"sound":  {runbook, 0},
		"broken": {failing, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t)
			file := filepath.Join(term.Dir, "drilled.yaml")
			if err := os.WriteFile(file, []byte(test.runbook), 0o600); err != nil {
				t.Fatal(err)
			}
			if code := term.main(t, "drill", file, "--format", "json"); code != test.code {
				t.Fatalf("exit code %d\n%s%s", code, term.stdout.String(), term.stderr.String())
			}
			validate(t, "drill", term.stdout.Bytes())
		})
	}
}
