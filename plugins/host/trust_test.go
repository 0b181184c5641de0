//go:build unix

package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/host/internal/process"
	"github.com/gatebook/gatebook/plugins/host/internal/program"
)

func TestOnlyWhatIsLockedIsRun(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	copied := func(w *world) string {
		path := filepath.Join(w.dir, "gatebook-plugin-shop")
		if err := os.WriteFile(path, text, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	tests := map[string]struct {
		spoil func(w *world, path string, lock *host.Lock)
		want  string
	}{
		"not locked": {func(_ *world, _ string, lock *host.Lock) { *lock = host.Lock{} }, "shop is not in gatebook.lock"},
		"other platforms": {func(_ *world, _ string, lock *host.Lock) {
			*lock = host.Lock{}.With("shop", host.Locked{Version: "1.2.0", SHA256: map[string]string{"plan9/mips": strings.Repeat("0", 64)}})
		}, "is locked for plan9/mips, and not for " + platform},
		"changed": {func(_ *world, path string, _ *host.Lock) {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			must(err)
			_, err = file.WriteString("!")
			must(err)
			must(file.Close())
		}, "is not the shop 1.2.0 that is locked: its SHA-256 is"},
		"swapped for a link to another": {func(w *world, path string, _ *host.Lock) {
			must(os.Remove(path))
			must(os.WriteFile(filepath.Join(w.dir, "other"), []byte("\x7fELF"), 0o755))
			must(os.Symlink("other", path))
		}, "is not the shop 1.2.0 that is locked"},
		"writable file": {func(_ *world, path string, _ *host.Lock) { must(os.Chmod(path, 0o777)) }, "everybody may change"},
		"missing":       {func(_ *world, path string, _ *host.Lock) { must(os.Remove(path)) }, "no gatebook-plugin-shop in "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			path := copied(w)
			lock := w.lock(path, "shop", "1.2.0")
			test.spoil(w, path, &lock)
			err := w.within(name, func() error {
				_, err := w.host.Open(t.Context(), "shop", nil, lock)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
			if _, err := os.Stat(ranIn(w.dir)); err == nil {
				t.Error("it was run")
			}
		})
	}
}

// What was looked at is executed, whatever its name has become meanwhile.
func TestWhatWasHashedIsExecuted(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a program is executed by its name")
	}
	w := newWorld(t, nil)
	path := w.install("shop")
	looked, err := program.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer looked.Close()
	if err := errors.Join(os.Remove(path), os.Symlink("/bin/sleep", path)); err != nil {
		t.Fatal(err)
	}
	started := process.New("shop", looked, nil, nil)
	defer started.Kill()
	if err := started.Start(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if answer, err := started.Describe(t.Context(), time.Minute); err != nil || answer.GetVersion() != "1.2.0" {
		t.Errorf("got %v, %v", answer, err)
	}
}

// A name is joined to a folder, so that another folder must not be a part of it.
func TestANameLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := w.install("shop")
	elsewhere := filepath.Join(w.dir, "pr")
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, filepath.Join(elsewhere, "tool")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/../pr/tool", "../tool", "a/../../" + filepath.Base(w.dir) + "/pr/tool", "Tool", "tool-", "1tool", "", strings.Repeat("a", 64)} {
		lock := w.lock(filepath.Join(elsewhere, "tool"), name, "1.2.0")
		if _, err := w.host.Open(t.Context(), name, nil, lock); !errors.Is(err, host.ErrUntrusted) {
			t.Errorf("open %q: got %v", name, err)
		}
		if _, _, err := w.host.Inspect(t.Context(), name); !errors.Is(err, host.ErrUntrusted) {
			t.Errorf("inspect %q: got %v", name, err)
		}
		if _, err := w.host.Verify(name, lock); !errors.Is(err, host.ErrUntrusted) {
			t.Errorf("verify %q: got %v", name, err)
		}
	}
	if _, err := os.Stat(ranIn(elsewhere)); err == nil {
		t.Error("it was run")
	}
}

func TestTheRunbookSaysWhichVersionsItWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	lock := w.locked("shop", "1.2.0")
	for text, fits := range map[string]bool{"~1": true, ">=2": false} {
		want, err := semver.NewConstraint(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.host.Open(t.Context(), "shop", want, lock)
		if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "the runbook wants shop >=2, and gatebook.lock has 1.2.0") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// The lock says what may be run, so that it is not everybody's to write.
func TestALockThatOthersMayWriteIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), host.LockFile)
	if err := errors.Join(os.WriteFile(path, []byte(`{"version":1,"plugins":{}}`), 0o600), os.Chmod(path, 0o646)); err != nil {
		t.Fatal(err)
	}
	if _, err := host.ReadLock(path); !errors.Is(err, host.ErrUntrusted) || !strings.Contains(err.Error(), "everybody may change "+path) {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := host.ReadLock(path); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := host.ReadLock(path); !errors.Is(err, host.ErrUntrusted) || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a pipe: got %v", err)
	}
}
