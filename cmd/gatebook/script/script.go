// Package script has the commands that the scripts of this repository's tests share
// (see [testscript]): those of the command line, and those of plugins, which are modules
// of their own. It is for tests. Floor 0.
package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Command is a command of scripts.
type Command = func(ts *testscript.TestScript, neg bool, args []string)

// Commands returns the shared commands by name.
func Commands() map[string]Command {
	return map[string]Command{"exits": exits, "await": await, "server": server}
}

// Condition tells scripts what this machine lets them do. [mounts] is whether they may
// mount a file system that only they see, and [ssh] whether there is an ssh-keygen; where
// GATEBOOK_TEST_REQUIRE names one, as in continuous integration, a machine that does not have it
// is a failure and not a reason to skip.
func Condition(name string) (bool, error) {
	switch name {
	case "mounts":
		return mounts()
	case "ssh":
		_, err := exec.LookPath("ssh-keygen")
		if err != nil && required(name) {
			return false, fmt.Errorf("GATEBOOK_TEST_REQUIRE says that this machine must have OpenSSH: %w", err)
		}
		return err == nil, nil
	default:
		return false, fmt.Errorf("there is no condition %q", name)
	}
}

// required reports whether a machine that does not have something fails the tests.
func required(name string) bool {
	return slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), name)
}

func mounts() (bool, error) {
	dir, err := os.MkdirTemp("", "gatebook-mounts-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	said, err := exec.CommandContext(context.Background(), "unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", dir).CombinedOutput()
	if err != nil && required("mounts") {
		return false, fmt.Errorf("GATEBOOK_TEST_REQUIRE says that this machine must let tests mount: %w: %s", err, said)
	}
	return err == nil, nil
}

// exits runs a program and compares its exit code. It is typed as
// exits CODE PROGRAM ARGUMENT….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n%s%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

const (
	// patience bounds await. It is long, since a loaded machine is slow, and only a test
	// that fails waits for it.
	patience = time.Minute
	// breath is the shortest time between two looks.
	breath = 10 * time.Millisecond
)

// await runs a program again and again until its standard output matches, for what
// another process does meanwhile. It is typed as await PATTERN PROGRAM ARGUMENT….
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await PATTERN PROGRAM ARGUMENT...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; {
		began := time.Now()
		_ = ts.Exec(args[1], args[2:]...) // it fails until there is something to see
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no match for %q in %s:\n%s%s", args[0], patience, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
		// A look that takes long is made the less often, so that many at a time leave room for
		// what they wait for.
		time.Sleep(max(breath, time.Since(began)))
	}
}
