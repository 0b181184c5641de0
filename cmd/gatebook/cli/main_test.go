package cli_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
)

// terminal is a process at a terminal: a person types a line each time that a prompt
// is shown. One who has no line left goes away, and the input ends: a question that nobody
// expects fails a test, and does not keep it waiting.
type terminal struct {
	cli.Env
	stdout bytes.Buffer
	stderr bytes.Buffer
	lines  []string
	keys   *io.PipeWriter
	seen   int // bytes of stderr that were looked at for a prompt

	signals chan os.Signal // what the keyboard sends
}

func newTerminal(t *testing.T, lines ...string) *terminal {
	t.Helper()
	term := &terminal{lines: lines, signals: make(chan os.Signal, 1)}
	term.Env = cli.Env{
		Stdout: &term.stdout, Stderr: term, Environ: []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")},
		Dir: t.TempDir(), Now: time.Now, Random: func() uint64 { return 7 }, User: "ann", Host: "ops1", PID: os.Getpid(),
		Signals: func() (<-chan os.Signal, func()) { return term.signals, func() {} },
		Build:   cli.Build{Version: "0.1.0"},
	}
	term.Screen.Stdin, term.Screen.Stdout, term.Screen.Stderr = true, true, true
	term.Screen.Size = func() (int, int) { return 80, 24 }
	return term
}

// Write shows on standard error, and has the person type at a prompt.
func (term *terminal) Write(shown []byte) (int, error) {
	term.stderr.Write(shown)
	rest := term.stderr.String()[term.seen:]
	if strings.HasSuffix(rest, "yes or no: ") || strings.HasSuffix(rest, "if you like: ") {
		if len(term.lines) == 0 {
			return len(shown), term.keys.Close()
		}
		line := term.lines[0]
		term.lines, term.seen = term.lines[1:], term.stderr.Len()
		if line == "^C" {
			term.signals <- os.Interrupt
			return len(shown), nil
		}
		go func(keys io.Writer) { _, _ = io.WriteString(keys, line+"\n") }(term.keys) // the pipe is closed when the process is over
	}
	return len(shown), nil
}

// main is one process. It has a keyboard of its own: the one before may still read, as nothing
// ends that.
func (term *terminal) main(t *testing.T, args ...string) int {
	t.Helper()
	in, keys := io.Pipe()
	defer keys.Close()
	term.Stdin, term.keys = in, keys
	term.Args = args
	return cli.Main(term.Env)
}

const runbook = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: hello, version: 1.0.0}
steps:
  - {id: sign_off, uses: approve, with: {message: "Go on?"}}
  - {id: one, uses: assert, with: {that: true}}
  - {id: two, uses: exec, needs: [], with: {command: [echo, hi]}, rollback: {none: it only prints}}
`

func (term *terminal) file(t *testing.T) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(term.Dir, "hello.yaml"), []byte(runbook), 0o600); err != nil {
		t.Fatal(err)
	}
	return "hello.yaml"
}

func TestRunAtATerminalShowsAsksDrawsAndSumsUp(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, "yes", "yes looks fine")
	if code := term.main(t, "run", term.file(t)); code != 0 {
		t.Fatalf("exit code %d\n%s", code, term.stderr.String())
	}
	shown := term.stderr.String()
	for _, part := range []string{"3 steps: 2 read, 1 change", "Begin? Type yes or no:", "sign_off asks:", "was approved by ann", "\x1b[?2026h"} {
		if !strings.Contains(shown, part) {
			t.Errorf("the terminal did not show %q:\n%s", part, shown)
		}
	}
	if out := term.stdout.String(); !strings.Contains(out, "succeeded in") || !strings.Contains(out, "\x1b[1m") {
		t.Errorf("the summary is %q", out)
	}
}

func TestRunThatIsNotConfirmedBeginsNothing(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, "no")
	if code := term.main(t, "run", term.file(t)); code != 3 {
		t.Fatalf("exit code %d", code)
	}
	if !strings.Contains(term.stderr.String(), "Nothing was begun.") || term.stdout.Len() > 0 {
		t.Errorf("shown: %s%s", term.stderr.String(), term.stdout.String())
	}
	if code := term.main(t, "run", term.file(t)); code != 3 {
		t.Fatalf("exit code %d where nobody answers", code)
	}
	term.stderr.Reset()
	term.seen = 0
	if code := term.main(t, "history"); code != 0 || !strings.Contains(term.stderr.String(), "No runs in") {
		t.Errorf("there is a run: %s", term.stdout.String())
	}
}

func TestCtrlCAtTheQuestionBeginsNothing(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, "^C")
	if code := term.main(t, "run", term.file(t)); code != 3 {
		t.Fatalf("exit code %d", code)
	}
	if !strings.HasSuffix(term.stderr.String(), "Begin? Type yes or no: \nNothing was begun.\n") || term.stdout.Len() > 0 {
		t.Errorf("shown: %s%s", term.stderr.String(), term.stdout.String())
	}
}

func TestNoColourIsHonouredAtATerminal(t *testing.T) {
	t.Parallel()
	for _, verb := range [][]string{{"plan", "hello.yaml"}, {"check", "hello.yaml"}, {"graph", "hello.yaml"}, {"history"}} {
		term := newTerminal(t)
		term.file(t)
		term.Environ = append(term.Environ, "NO_COLOR=1")
		if code := term.main(t, verb...); code != 0 {
			t.Fatalf("%v: exit code %d: %s", verb, code, term.stderr.String())
		}
		if strings.Contains(term.stdout.String()+term.stderr.String(), "\x1b") {
			t.Errorf("%v is coloured", verb)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hello.yaml"), []byte(runbook), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		code := cli.Main(cli.Env{Args: []string{"check", "hello.yaml"}, Stdout: io.Discard, Stderr: io.Discard, Dir: dir})
		if code != 0 {
			b.Fatalf("exit code %d", code)
		}
	}
}
