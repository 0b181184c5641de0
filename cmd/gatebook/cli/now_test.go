package cli_test

import (
	"net/http"
	"net/http/httptest"
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

// Who thinks about it for an hour begins nothing that is not as it was sealed by then. The check
// of the step stands for that hour: it holds when the plan is sealed and when it is compared, and
// not at the third look.
func TestASealedPlanIsComparedOnceMoreAfterTheYes(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: hello, version: 1.0.0}
steps:
  - id: one
    uses: exec
    with: {script: touch done, check: [sh, -c, "echo look >> looks; test $(wc -l < looks) -lt 3"]}
    rollback: {none: it only touches}
`
	home := newTerminal(t)
	if err := os.WriteFile(filepath.Join(home.Dir, "book.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := home.main(t, "plan", "book.yaml", "--out", "book.plan"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, home.stderr.String())
	}
	term := newTerminal(t, "yes")
	term.Dir, term.Environ = home.Dir, home.Environ
	code := term.main(t, "run", "book.plan")
	_, after, asked := strings.Cut(term.stderr.String(), "Begin?")
	if code != 3 || !asked || !strings.Contains(after, "nothing was begun, as not everything is as it was when the plan was sealed") {
		t.Errorf("exit code %d\n%s", code, term.stderr.String())
	}
	if _, err := os.Stat(filepath.Join(home.Dir, "done")); err == nil {
		t.Error("it was begun all the same")
	}
}

// Who waits for a plan at a terminal reads what is being asked, and no more of it when it is there.
// The server does not answer before that was read.
func TestWhoWaitsForAPlanReadsWhatIsAsked(t *testing.T) {
	t.Parallel()
	term, read := newTerminal(t), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-read }))
	t.Cleanup(server.Close)
	text := "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: hello, version: 1.0.0}\nsteps:\n" +
		"  - {id: page, uses: http.check, timeout: 1h, with: {timeout: 1h, url: " + server.URL + "}}\n"
	if err := os.WriteFile(filepath.Join(term.Dir, "book.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	shown := &told{terminal: term, wants: "s: http.check for page", read: read}
	term.Stderr = shown
	if code := term.main(t, "plan", "book.yaml"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, term.stderr.String())
	}
	if got := term.stderr.String(); !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the line has stayed: %q", got)
	}
	if got := term.stdout.String(); !strings.Contains(got, "reads now: ") {
		t.Errorf("the plan is %s", got)
	}
}

// told is a terminal that somebody reads.
type told struct {
	*terminal
	wants string
	read  chan<- struct{} // closed when what is wanted was shown
}

// Write shows on standard error.
func (t *told) Write(shown []byte) (int, error) {
	if t.read != nil && strings.Contains(string(shown), t.wants) {
		close(t.read)
		t.read = nil
	}
	return t.terminal.Write(shown)
}

// Who says yes agrees to what the plan was made from that they were shown, which the run keeps.
// Who begins one without looking agrees to nothing.
func TestARunKeepsWhatPeopleAgreedTo(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: hello, version: 1.0.0}
steps:
  - {id: ship, uses: exec, with: {command: [./ship.sh]}, rollback: {none: it only prints}}
`
	for name, c := range map[string]struct {
		args, lines []string
		keeps       bool
	}{
		"shown":   {[]string{"run", "book.yaml", "--format", "json"}, []string{"yes"}, true},
		"unseen":  {[]string{"run", "book.yaml", "--format", "json", "--yes"}, nil, false},
		"limited": {[]string{"run", "limited.yaml", "--format", "json", "--yes"}, nil, false}, // its actions are asked before it begins
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t, c.lines...)
			for file, text := range map[string]string{"book.yaml": text, "limited.yaml": text + "limits: {maxTargets: 3}\n", "ship.sh": "#!/bin/sh\necho shipped\n"} {
				if err := os.WriteFile(filepath.Join(term.Dir, file), []byte(text), 0o700); err != nil { //nolint:gosec // it is a program
					t.Fatal(err)
				}
			}
			if code := term.main(t, c.args...); code != 0 {
				t.Fatalf("exit code %d\n%s", code, term.stderr.String())
			}
			begins, _, _ := strings.Cut(term.stdout.String(), "\n")
			if keeps := strings.Contains(begins, `"seen":{"ship":[{"kind":"file","name":"./ship.sh","version":"sha256:`); keeps != c.keeps {
				t.Errorf("it keeps what was agreed to: %t, want %t\n%s", keeps, c.keeps, begins)
			}
		})
	}
}
