package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
	"github.com/gatebook/gatebook/cmd/gatebook/script"
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
		Cmds:      script.Commands(),
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
