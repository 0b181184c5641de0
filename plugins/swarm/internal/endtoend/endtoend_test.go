package endtoend

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatebook/gatebook/cmd/gatebook/script"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

var update = flag.Bool("update", false, "write what commands print into the scripts anew")

// built is the folder of the programs and of the lock that lets the plugin run; shared is the swarm of
// all scripts that do not break theirs. TestMain sets both once.
var (
	built  string
	shared *lab.Lab
)

// images are what all nodes have.
var images = []string{lab.V1, lab.V2, lab.Bad, lab.Sick}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gatebook-endtoend-")
	if err == nil && lab.Missing() == "" {
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built = dir
	code := lab.Run(m, 3, func(l *lab.Lab) { shared = l })
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build makes the programs, and the lock as a person does who trusts what he has built.
func build(dir string) error {
	gatebook, plugin := filepath.Join(dir, "gatebook"), filepath.Join(dir, "gatebook-plugin-swarm")
	for _, command := range [][]string{
		{"go", "build", "-C", "../../../..", "-o", gatebook, "./cmd/gatebook"},
		{"go", "build", "-C", "../..", "-o", plugin, "."},
		{gatebook, "plugins", "lock", "swarm", "--lock", filepath.Join(dir, "gatebook.lock")},
	} {
		if out, err := exec.CommandContext(context.Background(), command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}

// TestScripts runs what a person types, and holds what he sees against the script.
func TestScripts(t *testing.T) {
	t.Parallel()
	lab.Must(t, shared.Give(t.Context(), images...))
	each(t, "testdata/script", func(*testing.T) *lab.Lab { return shared })
}

// TestScriptsAlone runs the scripts that have a swarm of their own.
func TestScriptsAlone(t *testing.T) {
	t.Parallel()
	each(t, "testdata/alone", func(t *testing.T) *lab.Lab {
		own := lab.Own(t, 3)
		lab.Must(t, own.Give(t.Context(), images...))
		return own
	})
}

// ports is the last block of ports that a script was given.
var ports atomic.Int32

// each runs the scripts of a folder side by side.
func each(t *testing.T, dir string, swarm func(*testing.T) *lab.Lab) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d scripts in %s: %v", len(files), dir, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docker := lab.Needs(t, "docker")
			number := int(ports.Add(1))
			s := &stage{Lab: swarm(t), t: t, docker: docker, port: 8000 + 10*number}
			s.name = fmt.Sprintf("t%d-%s", number, strings.ReplaceAll(name, "_", "-")) // no other's begins with it
			if s.Lab == shared {
				t.Cleanup(func() { s.Sweep(t, s.name) })
			}
			testscript.Run(t, testscript.Params{
				Files: []string{file}, Setup: s.setUp, Cmds: s.commands(), Condition: script.Condition, UpdateScripts: *update,
				RequireExplicitExec: true, RequireUniqueNames: true,
			})
		})
	}
}

// stage is what one script finds.
type stage struct {
	*lab.Lab
	t            *testing.T
	docker, name string
	port         int
	load         *lab.Load
}

func (s *stage) setUp(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for _, program := range []string{"gatebook", "gatebook-plugin-swarm"} {
		if err := os.Link(filepath.Join(built, program), filepath.Join(bin, program)); err != nil {
			return err
		}
	}
	lock, err := os.ReadFile(filepath.Join(built, "gatebook.lock"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(env.WorkDir, "gatebook.lock"), lock, 0o644); err != nil {
		return err
	}
	repository, err := filepath.Abs("../../../..")
	if err != nil {
		return err
	}
	sockets, err := os.MkdirTemp("", "gb-") // a path of a socket may not be long, and the names of tests are
	if err != nil {
		return err
	}
	env.Defer(func() { os.RemoveAll(sockets) })
	for name, value := range map[string]string{
		"TMPDIR":      sockets,
		"PATH":        strings.Join([]string{bin, filepath.Dir(s.docker), env.Getenv("PATH")}, string(os.PathListSeparator)),
		"REPOSITORY":  repository,
		"NAME":        s.name,
		"PORT":        fmt.Sprint(s.port),
		"PORTS":       fmt.Sprintf("%d{{.Task.Slot}}", s.port/10),
		"REGISTRY":    lab.Registry,
		"DOCKER_HOST": "unix://" + s.Nodes[0].Socket,
		// What the plugin says of itself is asked once for all scripts.
		"XDG_CACHE_HOME": built,
		"GATEBOOK_STATE": filepath.Join(env.WorkDir, "state"),
	} {
		env.Setenv(name, value)
	}
	for i, node := range s.Nodes {
		env.Setenv(fmt.Sprintf("N%d", i), "unix://"+node.Socket)
	}
	return nil
}
