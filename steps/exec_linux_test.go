package steps

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// hostVariable makes the test binary a gatebook that runs one exec and is killed.
const hostVariable = "GATEBOOK_TEST_EXEC"

func TestMain(m *testing.M) {
	if params := os.Getenv(hostVariable); params != "" {
		hostExec(params)
		return
	}
	os.Exit(m.Run())
}

// printer is a host that prints what it is told, for the test to read.
type printer struct{ discardHost }

func (printer) Output(stream string, line []byte) { fmt.Printf("%s: %s\n", stream, line) }

func (printer) Note(name string, fact json.RawMessage) error {
	fmt.Printf("note %s: %s\n", name, fact)
	return nil
}

type discardHost struct{}

func (discardHost) Progress(sdk.Progress)                         {}
func (discardHost) Before(context.Context, json.RawMessage) error { return nil }

func hostExec(params string) {
	_ = os.Unsetenv(hostVariable)
	handler, err := execAction(Options{Environ: os.Environ()}).Handler()
	if err == nil {
		_, err = handler.Apply(context.Background(), sdk.Request{Params: json.RawMessage(params), Key: os.Getenv("TEST_KEY")}, printer{})
	}
	fmt.Println("ended:", err)
}

// runs reports whether a process lives.
func runs(pid int) bool {
	stat, err := readStat(pid)
	return err == nil && stat.runs
}

// crash runs an exec in a process of its own and kills that with SIGKILL once the
// program has said its child's number. It returns that number and the note.
func crash(t *testing.T, key, script string) (child int, notes map[string]json.RawMessage) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	gatebook := exec.CommandContext(t.Context(), self)
	gatebook.Env = append(os.Environ(), "TEST_KEY="+key, hostVariable+"="+string(paramsOf(t, map[string]any{"script": script})))
	output, err := gatebook.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gatebook.Start(); err != nil {
		t.Fatal(err)
	}
	notes = map[string]json.RawMessage{}
	for scanner := bufio.NewScanner(output); child == 0 || notes["process"] == nil; {
		if !scanner.Scan() {
			t.Fatal("the program ended before it said its number")
		}
		if fact, ok := strings.CutPrefix(scanner.Text(), "note process: "); ok {
			notes["process"] = json.RawMessage(fact)
		}
		_, _ = fmt.Sscanf(scanner.Text(), "stdout: %d", &child)
	}
	if err := gatebook.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = gatebook.Wait()
	return child, notes
}

// eventually waits for something that the kernel does in its own time.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not happen", what)
		}
	}
}

func TestExecDiesWithGatebook(t *testing.T) {
	t.Parallel()
	child, _ := crash(t, "dies-with-gatebook", "echo $$; exec sleep 600")
	eventually(t, "the end of the program", func() bool { return !runs(child) })
}

func TestExecObserveWaitsForASurvivor(t *testing.T) {
	t.Parallel()
	key := fmt.Sprintf("survivor-%d", os.Getpid())
	grandchild, notes := crash(t, key, "sleep 600 & echo $!; wait")
	t.Cleanup(func() { _ = syscall.Kill(grandchild, syscall.SIGKILL) })
	if !runs(grandchild) {
		t.Fatal("the grandchild died, so that there is nothing to find")
	}
	handler := execHandler(t)
	request := sdk.Request{Params: paramsOf(t, map[string]any{"script": "true", "idempotent": true}), Key: key, Notes: notes}

	host := newLines()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := handler.Observe(ctx, request, host)
		ended <- err
	}()
	want := fmt.Sprintf("process %d of the earlier attempt is still running", grandchild)
	host.waitFor(t, "progress: "+want)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of waiting", err)
	}

	seen := make(chan sdk.Observation, 1)
	host = newLines()
	go func() {
		observation, err := handler.Observe(t.Context(), request, host)
		if err != nil {
			t.Error(err)
		}
		seen <- observation
	}()
	host.waitFor(t, "progress: "+want)
	if err := syscall.Kill(grandchild, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got.State != sdk.NotDone {
		t.Errorf("got %q, want not done once the survivor is gone", got.State)
	}
}

func TestExecSurvivorIsFoundByItsStartWithoutTheMarker(t *testing.T) {
	t.Parallel()
	sleeper := exec.CommandContext(t.Context(), "sleep", "600")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	var s starter
	id := s.identify(sleeper.Process.Pid)
	if pid, lives, err := s.survivor(id, "nobody-has-this-key"); err != nil || !lives || pid != id.PID {
		t.Errorf("got %d, %t, %v; want %d", pid, lives, err, id.PID)
	}
	reused, rebooted := id, id
	reused.Start--
	rebooted.Boot = "another"
	for name, other := range map[string]processID{"an older process of the number": reused, "a process of another boot": rebooted} {
		if _, lives, _ := s.survivor(other, "nobody-has-this-key"); lives {
			t.Errorf("%s is taken for this one", name)
		}
	}
	if err := sleeper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the process", func() bool { _, lives, _ := s.survivor(id, ""); return !lives })
	_ = sleeper.Wait()
}

func TestExecPlanTakesItsCheckAlong(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	handler := execHandler(t)
	go func() {
		_, err := handler.Plan(ctx, sdk.Request{Params: paramsOf(t, map[string]any{
			"command": []any{"true"}, "check": []any{"sh", "-c", `sleep 600 & echo $! > "$F.new"; mv "$F.new" "$F"; wait`},
			"env": map[string]any{"F": pidFile},
		})})
		ended <- err
	}()
	var child int
	eventually(t, "the start of the check", func() bool {
		text, err := os.ReadFile(pidFile)
		if err == nil {
			_, err = fmt.Sscan(string(text), &child)
		}
		return err == nil
	})
	cancel()
	if err := <-ended; sdk.AsError(err).Class != sdk.Cancelled {
		t.Errorf("the plan ends with %v", err)
	}
	if runs(child) {
		t.Error("what the check started still runs")
	}
}

func TestExecThatHasEndedIsNotCancelled(t *testing.T) {
	t.Parallel()
	host := newLines()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	handler := execHandler(t)
	go func() {
		_, err := handler.Apply(ctx, sdk.Request{
			Params: paramsOf(t, map[string]any{"script": "sleep 600 & echo pids $$ $!"}), Key: "key",
		}, host)
		ended <- err
	}()
	var shell, left int
	if _, err := fmt.Sscan(host.waitFor(t, "stdout: pids "), &shell, &left); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the program", func() bool { return !runs(shell) })
	cancel() // while what the program left behind holds its output open
	if err := <-ended; err != nil {
		t.Errorf("a program that succeeded has the error %v", err)
	}
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil {
		t.Errorf("what stays in the background was ended: %v", err)
	}
}

func TestExecCancelStopsTheWholeGroup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, grace, how string }{
		"that obeys":   {"sleep 600 & echo child $!; wait", "30s", "ended after SIGTERM"},
		"that refuses": {`trap "" TERM; sleep 600 & echo child $!; while :; do wait; done`, "50ms", "did not end within 50ms of SIGTERM and was killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newLines()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			handler := execHandler(t)
			go func() {
				_, err := handler.Apply(ctx, sdk.Request{
					Params: paramsOf(t, map[string]any{"script": test.script, "grace": test.grace}), Key: "key",
				}, host)
				ended <- err
			}()
			var child int
			if _, err := fmt.Sscan(host.waitFor(t, "stdout: child "), &child); err != nil {
				t.Fatal(err)
			}
			cancel()
			err := <-ended
			if sdk.AsError(err).Class != sdk.Cancelled || !strings.Contains(err.Error(), test.how) {
				t.Errorf("got %v, want a cancellation that %s", err, test.how)
			}
			if runs(child) {
				t.Error("the child of the program still runs")
			}
		})
	}
}
