package process

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

// beginGuarded starts a gatebook whose guardian is there, which it returns as well.
func beginGuarded(t *testing.T, text string) (v victim, guard int) {
	t.Helper()
	v = begin(t, text, guardianVariable+"=yes")
	parent := fmt.Sprintf("\nPPid:\t%d\n", v.gatebook.Process.Pid)
	eventually(t, "the start of the guardian", func() bool {
		all, err := proc.All()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID)) // of one that has ended there is none
			if p.Session == p.PID && strings.Contains(string(status), parent) {
				guard = p.PID
			}
		}
		return guard != 0
	})
	return v, guard
}

func TestWhatAProgramStartedDiesByTheGuardian(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"in the foreground":   "sh -c 'echo $$; exec sleep 600'; echo more",
		"in the background":   "sleep 600 & echo $!; wait",
		"without environment": "env -i sh -c 'echo $$; exec sleep 600'; echo more",
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
