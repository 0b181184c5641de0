package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/guardian"
	"github.com/gatebook/gatebook/steps/internal/proc"
)

const (
	// scriptVariable makes the test binary a gatebook that runs one script and is killed.
	scriptVariable = "GATEBOOK_TEST_SCRIPT"
	// guardianVariable gives that gatebook a guardian, and guardianArgument makes the test
	// binary one.
	guardianVariable = "GATEBOOK_TEST_GUARDIAN"
	guardianArgument = "guardian-of-a-test"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == guardianArgument {
		guardian.Main(os.Stdin, os.Stdout)
		return
	}
	if text := os.Getenv(scriptVariable); text != "" {
		runToBeKilled(text)
		return
	}
	os.Exit(m.Run())
}

// printer is a host that prints what it is told, for the test to read.
type printer struct{}

func (printer) Output(stream string, line []byte)             { fmt.Printf("%s: %s\n", stream, line) }
func (printer) Progress(sdk.Progress)                         {}
func (printer) Before(context.Context, json.RawMessage) error { return nil }
func (printer) Note(string, json.RawMessage) error            { return nil }

func runToBeKilled(text string) {
	_ = os.Unsetenv(scriptVariable)
	spec := script(text, printer{})
	spec.Key = os.Getenv("TEST_KEY")
	spec.Note = func(id ID) error {
		fact, err := json.Marshal(id)
		fmt.Printf("note: %s\n", fact)
		return err
	}
	var guarded *guardian.Guardian
	if os.Getenv(guardianVariable) != "" {
		guarded = guardian.New("/proc/self/exe", os.Args[0], guardianArgument)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	_, err := NewRunner(os.Environ(), func(dir string) string { return dir }, guarded).Run(ctx, spec)
	fmt.Println("ended:", err)
}

// runs reports whether a process lives.
func runs(pid int) bool {
	p, err := proc.Read(pid)
	return err == nil && p.Runs
}

// victim is a gatebook in a process of its own, which runs a script.
type victim struct {
	gatebook *exec.Cmd
	child    int // the number that the script said
	noted    ID
}

// begin starts one, and waits until its script has said a number.
func begin(t *testing.T, text string, variables ...string) victim {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := victim{gatebook: exec.CommandContext(t.Context(), self)}
	v.gatebook.Env = append(append(os.Environ(), scriptVariable+"="+text), variables...)
	output, err := v.gatebook.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.gatebook.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(output); v.child == 0 || v.noted.PID == 0; {
		if !scanner.Scan() {
			t.Fatal("the program ended before it said its number")
		}
		if fact, ok := strings.CutPrefix(scanner.Text(), "note: "); ok {
			if err := json.Unmarshal([]byte(fact), &v.noted); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = fmt.Sscanf(scanner.Text(), "stdout: %d", &v.child)
	}
	t.Cleanup(func() { _ = syscall.Kill(v.child, syscall.SIGKILL) })
	return v
}

// kill ends it with SIGKILL.
func (v victim) kill(t *testing.T) {
	t.Helper()
	if err := v.gatebook.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = v.gatebook.Wait()
}

// crash runs a script in a gatebook without a guardian, and kills that once the script has
// said its child's number. It returns that number and the note.
func crash(t *testing.T, key, text string) (child int, noted ID) {
	t.Helper()
	v := begin(t, text, "TEST_KEY="+key)
	v.kill(t)
	return v.child, v.noted
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

func TestAProgramDiesWithGatebook(t *testing.T) {
	t.Parallel()
	child, _ := crash(t, "dies-with-gatebook", "echo $$; exec sleep 600")
	eventually(t, "the end of the program", func() bool { return !runs(child) })
}

func TestWhatOutlivesGatebookIsFoundAndWaitedFor(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"in the group":                        "sleep 600 & echo $!; wait",
		"in the group, without a key":         "env -i sleep 600 & echo $!; wait",
		"in another session, which has a key": "setsid sleep 600 & echo $!; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := fmt.Sprintf("survivor-%d-%s", os.Getpid(), t.Name())
			grandchild, noted := crash(t, key, text)
			eventually(t, "the end of the program", func() bool { return !runs(noted.PID) })
			if !runs(grandchild) {
				t.Fatal("the grandchild died, so that there is nothing to find")
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := newRunner().Outlive(ctx, noted, key, func(pid int) {
				if pid != grandchild {
					t.Errorf("process %d is found, want %d", pid, grandchild)
				}
				cancel()
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the end of waiting", err)
			}
			told := 0
			err = newRunner().Outlive(t.Context(), noted, key, func(int) {
				told++
				if err := syscall.Kill(grandchild, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			})
			if err != nil || told != 1 {
				t.Errorf("it ends with %v, and told %d times of a survivor", err, told)
			}
		})
	}
}

func TestASurvivorIsFoundByItsStartWithoutTheMarker(t *testing.T) {
	t.Parallel()
	sleeper := exec.CommandContext(t.Context(), "sleep", "600")
	sleeper.SysProcAttr = groupAttr()
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
	for name, other := range map[string]ID{"an older process of the number": reused, "a process of another boot": rebooted} {
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

func TestAProgramThatHasEndedIsNotStopped(t *testing.T) {
	t.Parallel()
	host := newLines()
	run := start(t, script("sleep 600 & echo pids $$ $!", host))
	var shell, left int
	if _, err := fmt.Sscan(host.waitFor(t, "stdout: pids "), &shell, &left); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the program", func() bool { return !runs(shell) })
	run.cancel() // while what the program left behind holds its output open
	if got := <-run.ended; got.err != nil {
		t.Errorf("a program that succeeded has the error %v", got.err)
	}
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil {
		t.Errorf("what stays in the background was ended: %v", err)
	}
}

func TestTheWholeGroupIsStopped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		grace  time.Duration
		how    string
		signal syscall.Signal
	}{
		"that obeys": {"sleep 600 & echo child $!; wait", 30 * time.Second, "ended after SIGTERM", syscall.SIGTERM},
		"that refuses": {
			`trap "" TERM; sleep 600 & echo child $!; while :; do wait; done`, 50 * time.Millisecond,
			"did not end within 50ms of SIGTERM and was killed", syscall.SIGKILL,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newLines()
			spec := script(test.script, host)
			spec.Grace = test.grace
			run := start(t, spec)
			var child int
			if _, err := fmt.Sscan(host.waitFor(t, "stdout: child "), &child); err != nil {
				t.Fatal(err)
			}
			run.cancel()
			got := <-run.ended
			if sdk.AsError(got.err).Class != sdk.Cancelled || !strings.Contains(got.err.Error(), test.how) {
				t.Errorf("got %v, want a cancellation that %s", got.err, test.how)
			}
			if got.end.Signal != test.signal || got.end.Code != -1 {
				t.Errorf("got signal %v and exit code %d, want %v", got.end.Signal, got.end.Code, test.signal)
			}
			if runs(child) {
				t.Error("the child of the program still runs")
			}
		})
	}
}

// What holds the output is waited for, and so is found by who comes after a crash.
func TestAProgramThatLeavesSomethingBehindIsNoted(t *testing.T) {
	t.Parallel()
	spec, noted := script("env -i sleep 0.3 & exit 0", nil), false
	spec.Note = func(id ID) error {
		noted = id.PID > 0 && id.Start > 0
		return nil
	}
	end, err := NewRunner(os.Environ(), func(dir string) string { return dir }, nil).Run(t.Context(), spec)
	if err != nil || end.Code != 0 || !noted {
		t.Errorf("noted: %t, %+v, %v", noted, end, err)
	}
}

func TestOnlyAProgramThatGoesOnIsNoted(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"it goes on":  "until [ -e SIGN ]; do sleep 0.01; done",
		"it is short": "exit 0",
	} {
		sign := filepath.Join(t.TempDir(), "noted") // each its own: a short one may be noted, too, where all is slow
		spec, noted := script(strings.ReplaceAll(text, "SIGN", sign), nil), false
		spec.Note = func(id ID) error {
			noted = id.PID > 0 && id.Start > 0
			return os.WriteFile(sign, nil, 0o600)
		}
		end, err := NewRunner(os.Environ(), func(dir string) string { return dir }, nil).Run(t.Context(), spec)
		if err != nil || end.Code != 0 {
			t.Fatalf("%s: %+v, %v", name, end, err)
		}
		if noted && end.Took < settleDelay || !noted && text != "exit 0" {
			t.Errorf("%s: it took %s; noted: %t", name, end.Took, noted)
		}
	}
}
