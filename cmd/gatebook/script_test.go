package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
)

var update = flag.Bool("update", false, "write what commands print into the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatebook": asAnn, "gatebook-plugin-shop": shop})
}

// asAnn is main for a person of the same name on every machine.
func asAnn() {
	env := cli.System(cli.Build{})
	env.User = "ann"
	start(env)
}

// TestScripts runs each script of testdata/script: what a person types, and what they
// see. A new script is found by being there.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GATEBOOK_STATE", filepath.Join(env.WorkDir, "state"))
			return nil
		},
		Condition: condition,
		Cmds:      map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "await": await},
	})
}

// condition tells scripts what this machine lets them do. [mounts] is whether they may
// mount a file system that only they see; where GATEBOOK_TEST_REQUIRE names it, as in
// continuous integration, a machine that does not is a failure and not a reason to skip.
func condition(name string) (bool, error) {
	if name != "mounts" {
		return false, fmt.Errorf("there is no condition %q", name)
	}
	dir, err := os.MkdirTemp("", "gatebook-mounts-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	said, err := exec.CommandContext(context.Background(), "unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", dir).CombinedOutput()
	if err != nil && slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "mounts") {
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

// patience bounds await. It is long, since a loaded machine is slow, and only a test
// that fails waits for it.
const patience = 30 * time.Second

// await runs a program again and again until its standard output matches, for what
// another process does meanwhile. It is typed as await PATTERN PROGRAM ARGUMENT….
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await PATTERN PROGRAM ARGUMENT...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; {
		_ = ts.Exec(args[1], args[2:]...) // it fails until there is something to see
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no match for %q in %s:\n%s%s", args[0], patience, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}
