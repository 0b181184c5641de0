//go:build unix

package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// lines is a host that keeps what it is told, and says when a line has come.
type lines struct {
	mu   sync.Mutex
	all  []string
	came chan string
}

func newLines() *lines { return &lines{came: make(chan string, 1000)} }

func (l *lines) Progress(p sdk.Progress) { l.Output("progress", []byte(p.Message)) }

func (l *lines) Output(stream string, line []byte) {
	text := stream + ": " + string(line)
	l.mu.Lock()
	l.all = append(l.all, text)
	l.mu.Unlock()
	select {
	case l.came <- text:
	default:
	}
}

func (l *lines) Before(context.Context, json.RawMessage) error { return nil }

func (l *lines) Note(string, json.RawMessage) error { return nil }

func (l *lines) texts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// waitFor returns the first line that begins so.
func (l *lines) waitFor(t *testing.T, prefix string) string {
	t.Helper()
	for {
		select {
		case line := <-l.came:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no line begins with %q; got %q", prefix, l.texts())
		}
	}
}

func newRunner() *Runner {
	return NewRunner(os.Environ(), func(dir string) string { return dir }, nil)
}

// script is a spec of a shell script.
func script(text string, host sdk.Host) Spec {
	return Spec{Argv: []string{"sh", ScriptPath}, Script: text, Keep: 1 << 16, Grace: 20 * time.Second, Host: host}
}

// started is a run that goes on beside the test.
type started struct {
	cancel context.CancelFunc
	ended  chan outcome
}

type outcome struct {
	end End
	err error
}

func start(t *testing.T, spec Spec) started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := started{cancel, make(chan outcome, 1)}
	go func() {
		end, err := newRunner().Run(ctx, spec)
		s.ended <- outcome{end, err}
	}()
	return s
}

func TestLinesArePassedOnAsTheyCome(t *testing.T) {
	t.Parallel()
	host, fifo := newLines(), filepath.Join(t.TempDir(), "go")
	spec := script(`mkfifo "$F"; echo ready; read x < "$F"; printf 'no newline'`, host)
	spec.Env = map[string]string{"F": fifo}
	run := start(t, spec)
	host.waitFor(t, "stdout: ready")
	if err := os.WriteFile(fifo, []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := <-run.ended; got.err != nil {
		t.Fatal(got.err)
	}
	if got := host.texts(); !slices.Equal(got, []string{"stdout: ready", "stdout: no newline"}) {
		t.Errorf("got lines %q", got)
	}
}

func TestTheBeginningAndTheEndAreKept(t *testing.T) {
	t.Parallel()
	host := newLines()
	spec := script("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done", host)
	spec.Keep = 100
	end, err := newRunner().Run(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	const printed = 10*7 + 90*8 + 900*9 + 4000*10 // "line N\n"
	cut, after := end.Stdout.Cut()
	if cut != printed-100 || after != 50 || len(end.Stdout.Bytes()) != 100 {
		t.Errorf("%d bytes are cut after %d, and %d kept", cut, after, len(end.Stdout.Bytes()))
	}
	text, mark := end.Stdout.Text(), fmt.Sprintf("\n… %d bytes cut …\n", cut)
	if !strings.HasPrefix(text, "line 0\nline 1\n") || !strings.HasSuffix(text, "line 4998\nline 4999") || !strings.Contains(text, mark) {
		t.Errorf("got %q, want the first and the last lines", text)
	}
	if got := len(host.texts()); got != 5000 {
		t.Errorf("the host got %d lines, want all 5000", got)
	}
}

func TestLinesThatNeverEndAreSplit(t *testing.T) {
	t.Parallel()
	host := newLines()
	const size = 100_001
	if _, err := newRunner().Run(t.Context(), script(fmt.Sprintf("printf 'é%%.0s' $(seq %d)", size), host)); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, line := range host.texts() {
		text := strings.TrimPrefix(line, "stdout: ")
		if strings.ContainsRune(text, '\uFFFD') || len(text) > longLine {
			t.Fatalf("a piece of %d bytes, cut inside of a character: %t", len(text), strings.ContainsRune(text, '\uFFFD'))
		}
		total += strings.Count(text, "é")
	}
	if total != size {
		t.Errorf("got %d characters, want %d", total, size)
	}
}

func TestWhatStaysInTheBackgroundIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	end, err := newRunner().Run(t.Context(), script("sleep 600 & echo $!", nil))
	if err != nil || !end.Detached {
		t.Fatalf("got %+v, %v; want an end without the one of the output", end, err)
	}
	var pid int
	if _, err := fmt.Sscan(end.Stdout.Text(), &pid); err != nil {
		t.Fatalf("got %q, want the process's number", end.Stdout.Text())
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Errorf("what stays in the background was ended: %v", err)
	}
}

func TestWhatAStoppedProgramPrintedIsKept(t *testing.T) {
	t.Parallel()
	const size = 60_000 // more than is read at once
	host := newLines()
	run := start(t, script(fmt.Sprintf(
		`trap 'head -c %d /dev/zero | tr "\0" x; echo; echo why >&2; exit 3' TERM; echo begun; while :; do sleep 0.01; done`, size), host))
	host.waitFor(t, "stdout: begun")
	run.cancel()
	got := <-run.ended
	if class := sdk.AsError(got.err).Class; class != sdk.Cancelled {
		t.Fatalf("got %v, want a cancellation", got.err)
	}
	if got.end.Code != 3 || got.end.Last != "why" || got.end.Stdout.Text() != "begun\n"+strings.Repeat("x", size) {
		t.Errorf("got exit code %d, %d bytes of output and %q", got.end.Code, len(got.end.Stdout.Text()), got.end.Last)
	}
}

func TestNothingIsStartedOnceTheContextHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newRunner().Run(ctx, script("echo", nil))
	const want = "the program was not started: context canceled"
	if got := sdk.AsError(err); got == nil || got.Error() != want || !got.Unchanged || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %q, and nothing changed", err, want)
	}
}
