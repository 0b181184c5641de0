package endtoend

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatebook/gatebook/cmd/gatebook/script"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
)

var update = flag.Bool("update", false, "write what commands print into the scripts anew")

// built is the folder of the programs and of the lock that lets the plugin run; shared is
// the cluster of all scripts that do not kill theirs. TestMain sets both once.
var (
	built  string
	shared *lab.Lab
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gatebook-endtoend-")
	if err == nil {
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
	gatebook, plugin := filepath.Join(dir, "gatebook"), filepath.Join(dir, "gatebook-plugin-kubernetes")
	for _, command := range [][]string{
		{"go", "build", "-C", "../../../..", "-o", gatebook, "./cmd/gatebook"},
		{"go", "build", "-C", "../..", "-o", plugin, "."},
		{gatebook, "plugins", "lock", "kubernetes", "--lock", filepath.Join(dir, "gatebook.lock")},
	} {
		if out, err := exec.CommandContext(context.Background(), command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}

// patience bounds a script, which then shows how far it came. On an idle machine with two
// cores all of them together take a minute.
const patience = 4 * time.Minute

// TestScripts runs what a person types, and holds what he sees against the script.
func TestScripts(t *testing.T) {
	t.Parallel()
	each(t, "testdata/script", func(*testing.T) *lab.Lab { return shared })
}

// TestScriptsAlone runs the scripts that have a cluster of their own.
func TestScriptsAlone(t *testing.T) {
	t.Parallel()
	each(t, "testdata/alone", func(t *testing.T) *lab.Lab {
		own, err := lab.Start(3)
		lab.Must(t, err)
		t.Cleanup(own.Stop)
		return own
	})
}

// each runs the scripts of a folder side by side.
func each(t *testing.T, dir string, cluster func(*testing.T) *lab.Lab) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d scripts in %s: %v", len(files), dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			lab.Must(t, err)
			s := stage{Lab: cluster(t)}
			s.namespace = s.Namespace(t)
			if bytes.Contains(text, []byte("$NODE")) {
				s.node = s.Node(t)
			}
			commands := script.Commands()
			commands["apply"], commands["install"], commands["expand"], commands["plugins"], commands["cluster"] = apply, install, expand, plugins, s.cluster
			if bytes.Contains(text, []byte("$HELD")) {
				hold := &hold{}
				s.held = s.Proxy(t, hold.serve)
				commands["hold"], commands["held"] = hold.set, hold.await
			}
			testscript.Run(t, testscript.Params{
				Files: []string{file}, Setup: s.setUp, Cmds: commands, Condition: script.Condition, UpdateScripts: *update,
				RequireExplicitExec: true, RequireUniqueNames: true, Deadline: time.Now().Add(patience),
			})
		})
	}
}

// stage is what one script finds.
type stage struct {
	*lab.Lab
	namespace, node string
	held            string // address of a proxy that holds what the script says; empty: none
}

func (s stage) setUp(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for _, program := range []string{"gatebook", "gatebook-plugin-kubernetes"} {
		if err := os.Link(filepath.Join(built, program), filepath.Join(bin, program)); err != nil {
			return err
		}
	}
	kubectl := fmt.Sprintf("#!/bin/sh\nexec '%s' kubectl \"$@\"\n", s.Program())
	if err := os.WriteFile(filepath.Join(bin, "kubectl"), []byte(kubectl), 0o755); err != nil {
		return err
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
	for name, value := range map[string]string{
		"PATH":       bin + string(os.PathListSeparator) + env.Getenv("PATH"),
		"REPOSITORY": repository,
		"NAMESPACE":  s.namespace,
		"NODE":       s.node,
		"KUBECONFIG": filepath.Join(env.WorkDir, "kubeconfig"),
		"NOBODY":     filepath.Join(env.WorkDir, "kubeconfig.nobody"),
		"HELD":       s.held,
		"OTHER":      shared.Kubeconfig, // leads to another cluster, for scripts that have their own
		// What the plugin says of itself is asked once for all scripts.
		"XDG_CACHE_HOME": built,
		"GATEBOOK_STATE": filepath.Join(env.WorkDir, "state"),
	} {
		env.Setenv(name, value)
	}
	return errors.Join(s.kubeconfig(env.Getenv("KUBECONFIG"), ""), s.kubeconfig(env.Getenv("NOBODY"), ".nobody"))
}

// kubeconfig writes a copy of the cluster's that works in the script's namespace.
func (s stage) kubeconfig(to, of string) error {
	config, err := clientcmd.LoadFromFile(s.Kubeconfig + of)
	if err != nil {
		return err
	}
	for _, each := range config.Contexts {
		each.Namespace = s.namespace
	}
	return clientcmd.WriteToFile(*config, to)
}
