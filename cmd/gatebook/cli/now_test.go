package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever is asked whether to begin sees first what a run would not get past now, be the plan
// made there and then or sealed before.
func TestWhoIsAskedSeesWhatIsFalseNow(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: hello, version: 1.0.0}
steps:
  - {id: one, uses: assert, with: {that: true}, gate: {expr: now.getFullYear() < 2000, message: it is too late}}
`
	home := newTerminal(t)
	if err := os.WriteFile(filepath.Join(home.Dir, "late.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := home.main(t, "plan", "late.yaml", "--out", "late.plan"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, home.stderr.String())
	}
	for _, file := range []string{"late.yaml", "late.plan"} {
		term := newTerminal(t, "no")
		term.Dir, term.Environ = home.Dir, home.Environ
		if code := term.main(t, "run", file); code != 3 {
			t.Fatalf("%s: exit code %d\n%s", file, code, term.stderr.String())
		}
		shown := term.stderr.String()
		before, _, asked := strings.Cut(shown, "Begin?")
		for _, part := range []string{"one: gate \x1b[31mfalse now\x1b[0m: now.getFullYear() < 2000", "it is too late", "looked at "} {
			if !asked || !strings.Contains(before, part) {
				t.Errorf("%s: before it was asked there was no %q:\n%s", file, part, shown)
			}
		}
	}
}
