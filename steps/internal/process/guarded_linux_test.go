package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

// guardianKey is the key of what a test's gatebook runs.
func guardianKey(t *testing.T) string { return fmt.Sprintf("guarded-%d-%s", os.Getpid(), t.Name()) }

// beginGuarded starts a gatebook whose guardian is there, which it returns as well.
func beginGuarded(t *testing.T, text string) (v victim, guard int) {
	t.Helper()
	v = begin(t, text, guardianVariable+"=yes", "TEST_KEY="+guardianKey(t))
	eventually(t, "the start of the guardian", func() bool {
		guards := guardiansBelow(t, v.gatebook.Process.Pid)
		if len(guards) > 0 {
			guard = guards[0]
		}
		return guard != 0
	})
	return v, guard
}

// guardiansBelow returns a gatebook's guardian and those of the gatebooks that its programs
// have started.
func guardiansBelow(t *testing.T, gatebook int) (guards []int) {
	t.Helper()
	all, err := proc.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proc.Descendants(all, []proc.Process{{PID: gatebook}}) {
		output, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", p.PID)) // of one that has ended there is none
		if p.Session == p.PID && strings.HasPrefix(output, "/memfd:") {
			guards = append(guards, p.PID)
		}
	}
	return guards
}

func TestWhatAProgramStartedDiesByTheGuardian(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"in the foreground":   "sh -c 'echo $$; exec sleep 600'; echo more",
		"in the background":   "sleep 600 & echo $!; wait",
		"without environment": "env -i sh -c 'echo $$; exec sleep 600'; echo more",

		"in a group of its own":          "timeout 600 sh -c 'echo $$; exec sleep 600'; echo more",
		"a job":                          "bash -c 'set -m; sleep 600 & echo $!; wait'; echo more",
		"in a session of its own":        "setsid -w sh -c 'echo $$; exec sleep 600'; echo more",
		"left behind in another session": "setsid -w sh -c '(sleep 600 & echo $!)'; sleep 600",
		"a child without environment":    "setsid -w sh -c 'env -i sleep 600 & echo $!; wait'; echo more",
		"known by its parent only":       "sh -c 'env -i setsid -w sleep 600 & echo $!; wait'; echo more",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, guard := beginGuarded(t, text)
			v.kill(t)
			eventually(t, "the end of the child", func() bool { return !runs(v.child) })
			eventually(t, "the end of the guardian", func() bool { return !runs(guard) })
		})
	}
}

// TestWhatAnotherGatebookStartsForTheSameStepGoesOn: it carries the key as well, which all
// attempts of a step share. What an earlier attempt has left behind is older than the program;
// what a gatebook starts that resumes at once is younger, and must not die by this one's guardian.
func TestWhatAnotherGatebookStartsForTheSameStepGoesOn(t *testing.T) {
	t.Parallel()
	key := proc.KeyVariable + "=" + guardianKey(t)
	left, forksLeft := daemon(t, key)
	v, guard := beginGuarded(t, "setsid -w sh -c 'echo $$; exec sleep 600'; echo more")
	eventually(t, "the next tick of the clock", func() bool {
		later, _ := daemon(t)
		begun, err := proc.Read(v.child)
		return err == nil && later.Start > begun.Start
	})
	next, forksNext := daemon(t, key)
	workers := []int{forksLeft(), forksNext()}
	v.kill(t)
	eventually(t, "the end of the guardian", func() bool { return !runs(guard) })
	if runs(v.child) {
		t.Error("what the program started still runs")
	}
	for name, pid := range map[string]int{
		"what was left before": left.PID, "what that started since": workers[0],
		"what another gatebook started": next.PID, "what that started": workers[1],
	} {
		if !runs(pid) {
			t.Errorf("%s does not run any more", name)
		}
	}
}

// daemon starts a process that is no gatebook's, and that has a child when it is told to.
func daemon(t *testing.T, environ ...string) (p proc.Process, forks func() (child int)) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", "read line; sleep 600 & echo $!; wait") // which the end of the test kills
	command.Env = append(os.Environ(), environ...)
	input, inputErr := command.StdinPipe()
	output, outputErr := command.StdoutPipe()
	if err := errors.Join(inputErr, outputErr, command.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() })
	p, err := proc.Read(command.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return p, func() (child int) {
		if _, err := fmt.Fprintln(input); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fscan(output, &child); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
		return child
	}
}

// TestAGuardianSparesAnother: only that one knows what the gatebook that it guards, a
// program of this one, has started.
func TestAGuardianSparesAnother(t *testing.T) {
	t.Parallel()
	inner := `(setsid sleep 600 & echo $!); sleep 600`
	v, guard := beginGuarded(t, fmt.Sprintf("%s='%s' TEST_KEY=%s-inner /proc/$PPID/exe | sed -u -n 's/^stdout: //p'",
		scriptVariable, inner, guardianKey(t)))
	eventually(t, "the start of the inner guardian", func() bool {
		return len(guardiansBelow(t, v.gatebook.Process.Pid)) == 2
	})
	v.kill(t)
	eventually(t, "the end of the guardian", func() bool { return !runs(guard) })
	eventually(t, "the end of what the inner gatebook started", func() bool { return !runs(v.child) })
}

// TestWhatDoesNotStopDiesByTheGuardian kills gatebook while it waits for a child whose
// parent has obeyed SIGTERM.
func TestWhatDoesNotStopDiesByTheGuardian(t *testing.T) {
	t.Parallel()
	v, _ := beginGuarded(t, `trap "exit 0" TERM; sh -c 'trap "" TERM; echo $$; while :; do sleep 0.1; done' & wait`)
	if err := v.gatebook.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the program", func() bool { return !runs(v.noted.PID) })
	if !runs(v.child) {
		t.Fatal("the child obeyed as well, so that there is nothing to kill")
	}
	v.kill(t)
	eventually(t, "the end of the child", func() bool { return !runs(v.child) })
}

func TestTheGuardianHasNoSecretAndHeedsNoSignal(t *testing.T) {
	t.Parallel()
	v, guard := beginGuarded(t, "sleep 600 & echo $!; wait")
	if environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", guard)); err != nil || len(environ) > 0 {
		t.Errorf("its environment is %q, %v", environ, err)
	}
	eventually(t, "that it ignores signals", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", guard))
		_, after, found := strings.Cut(string(status), "SigIgn:\t")
		var ignored uint64
		_, scanned := fmt.Sscanf(after, "%x", &ignored)
		const all = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGTERM-1)
		return err == nil && found && scanned == nil && ignored&all == all
	})
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(guard, signal); err != nil {
			t.Fatal(err)
		}
	}
	v.kill(t)
	eventually(t, "the end of the child", func() bool { return !runs(v.child) })
}
