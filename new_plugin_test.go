package gatebook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestANewPluginPassesItsOwnTests does what an author does first: start a plugin, test
// it, build it, lock it, and use it in a runbook.
func TestANewPluginPassesItsOwnTests(t *testing.T) {
	t.Parallel()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plugin := filepath.Join(dir, "gatebook-plugin-shop")
	gatebook := filepath.Join(dir, "bin", "gatebook")
	run := func(in, name string, args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = in
		command.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_STATE_HOME="+dir,
			"GOPATH="+goEnv(t, "GOPATH"), "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOENV="+goEnv(t, "GOENV"))
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run(root, "go", "build", "-o", gatebook, "./cmd/gatebook")
	source := filepath.Join(dir, "source of gatebook") // as a home may be called
	if err := os.Symlink(root, source); err != nil {
		t.Fatal(err)
	}
	run(dir, gatebook, "new", "plugin", "shop", "--gatebook", source)
	run(plugin, "sh", "-c", `test -z "$(gofmt -d . | tee /dev/stderr)"`)
	run(plugin, "go", "mod", "tidy")
	run(plugin, "make", "test", "build")
	run(plugin, gatebook, "plugins", "lock", "shop", "--plugin-dir", "bin")
	run(plugin, gatebook, "explain", "shop.keep", "--plugin-dir", "bin")
	run(plugin, gatebook, "plan", "greet.yaml", "--plugin-dir", "bin")
	run(plugin, "make", "dist", "PLATFORMS="+runtime.GOOS+"/"+runtime.GOARCH)
	run(plugin, gatebook, "plugins", "lock", "shop", "--checksums", filepath.Join("dist", "SHA256SUMS"))
	run(plugin, gatebook, "plugins", "verify", "--plugin-dir", "bin") // both builds are the same
	run(plugin, gatebook, "plan", "greet.yaml", "--plugin-dir", "bin")
	run(plugin, gatebook, "run", "greet.yaml", "--yes", "--plugin-dir", "bin")
	if text, err := os.ReadFile(filepath.Join(plugin, "greeting")); err != nil || string(text) != "hello" {
		t.Errorf("got %q, %v", text, err)
	}
	run(plugin, gatebook, "rollback", "latest", "--plugin-dir", "bin")
	if _, err := os.Stat(filepath.Join(plugin, "greeting")); !os.IsNotExist(err) {
		t.Errorf("it was not taken back: %v", err)
	}
}

// goEnv is what go itself goes by, which a home of the test's own would hide.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
