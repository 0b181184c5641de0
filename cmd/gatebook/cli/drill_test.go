package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// Whoever stops a drill is shown what was found until then.
func TestADrillIsStoppedByASignal(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	long.WriteString("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: long, version: 1.0.0}\nonFailure: rollback\nsteps:\n")
	for i := range 60 {
		fmt.Fprintf(&long, "  - {id: s%d, needs: [], uses: exec, with: {command: [./do]}, rollback: {uses: exec, with: {command: [./undo]}}}\n", i)
	}
	for format, says := range map[string]string{"text": "until it was stopped by the signal interrupt.", "json": `"stopped": "stopped by the signal interrupt"`} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t)
			if err := os.WriteFile(filepath.Join(term.Dir, "long.yaml"), []byte(long.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			term.signals <- os.Interrupt
			code := term.main(t, "drill", "long.yaml", "--format", format)
			if out := term.stdout.String(); code != 5 || !strings.Contains(out, says) || !strings.Contains(out, "were not rehearsed") {
				t.Errorf("exit code %d\n%s", code, out)
			}
			if format == "json" {
				validate(t, "drill", term.stdout.Bytes())
			}
		})
	}
}
