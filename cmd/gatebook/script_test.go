package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
	"github.com/gatebook/gatebook/cmd/gatebook/script"
)

var update = flag.Bool("update", false, "write what commands print into the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatebook": asAnn, "gatebook-plugin-shop": shop})
}

// asAnn is main for a person of the same name on every machine, of the version that a script
// says.
func asAnn() {
	env := cli.System(cli.Build{Version: os.Getenv("GATEBOOK_TEST_VERSION")})
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
			env.Setenv("GORACE", os.Getenv("GORACE")) // how programs with the race detector end
			return nil
		},
		Condition: script.Condition,
		Cmds:      script.Commands(),
	})
}
