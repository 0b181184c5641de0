//go:build unix

package program_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
)

// text begins as a program does; nobody starts it here.
const text = "\x7fELF a program"

func TestAProgramIsKnownByItsChecksum(t *testing.T) {
	t.Parallel()
	path := written(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	opened, err := program.Open(link)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	sum := sha256.Sum256([]byte(text))
	if got := opened.SHA256(); got != hex.EncodeToString(sum[:]) || opened.Path() != link {
		t.Errorf("got %s of %s", got, opened.Path())
	}
}

func TestWhatOthersMayChangeIsRefused(t *testing.T) {
	t.Parallel()
	us, ours := os.Geteuid(), os.Getegid()
	for name, test := range map[string]struct {
		spoil    func(path string) error
		want     string
		needRoot bool
	}{
		"writable folder": {
			spoil: func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) }, want: "everybody may write to the folder",
		},
		"writable file": {
			spoil: func(path string) error { return os.Chmod(path, 0o777) }, want: "everybody may change",
		},
		"folder of a group": {
			spoil: func(path string) error { return give(filepath.Dir(path), us, 4242, 0o775) }, want: "everybody in the group 4242 may write to the folder", needRoot: true,
		},
		"file of a group": {
			spoil: func(path string) error { return give(path, us, 4242, 0o775) }, want: "everybody in the group 4242 may change", needRoot: true,
		},
		"folder of another": {
			spoil: func(path string) error { return give(filepath.Dir(path), 4242, ours, 0o755) }, want: "the user 4242, who is neither you nor root, may write to the folder", needRoot: true,
		},
		"file of another": {
			spoil: func(path string) error { return give(path, 4242, ours, 0o755) }, want: "the user 4242, who is neither you nor root, may change", needRoot: true,
		},
		"a script": {
			spoil: func(path string) error { return os.WriteFile(path, []byte("#!/bin/sh\nexit 0\n"), 0o755) }, want: "is a script: its checksum says nothing of the program that runs it",
		},
		"a pipe": {
			spoil: func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o755)) }, want: "is not a file",
		},
		"not executable": {
			spoil: func(path string) error { return os.Chmod(path, 0o644) }, want: "is not executable; run: chmod u+x",
		},
		"missing": {
			spoil: os.Remove, want: "no such file",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.needRoot {
				needRoot(t)
			}
			path := written(t)
			if err := test.spoil(path); err != nil {
				t.Fatal(err)
			}
			if err := open(t, path); !errors.Is(err, program.ErrUntrusted) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

// Who may put another link in the place of one decides what is run, wherever it stands on
// the way, and be it one to a folder.
func TestEveryLinkOnTheWayIsLookedAt(t *testing.T) {
	t.Parallel()
	for name, chain := range map[string][2]string{ // what the first link says, and the second
		"whole paths":         {"DIR/shared/second", "DIR/real/program"},
		"from where they are": {"../shared/second", "../real/program"},
		"through a folder's":  {"../alias/../../shared/second", "../real/program"},
		"to a folder":         {"DIR/shared/folder/program", "../nowhere"},
		"from one to another": {"../second/folder/program", "../nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, folder := range []string{"bin", "shared", "real", "elsewhere/deep"} {
				if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			path, shared := filepath.Join(dir, "bin", "program"), filepath.Join(dir, "shared")
			err = errors.Join(
				os.WriteFile(filepath.Join(dir, "real", "program"), []byte(text), 0o755),
				os.Symlink(filepath.Join(dir, "elsewhere", "deep"), filepath.Join(dir, "alias")), // whose ".." is elsewhere
				os.Symlink("../real", filepath.Join(shared, "folder")),
				os.Symlink("shared", filepath.Join(dir, "second")),
				os.Symlink(strings.Replace(chain[0], "DIR", dir, 1), path),
				os.Symlink(strings.Replace(chain[1], "DIR", dir, 1), filepath.Join(shared, "second")),
			)
			if err != nil {
				t.Fatal(err)
			}
			if err := open(t, path); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(shared, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := open(t, path); !errors.Is(err, program.ErrUntrusted) || !strings.Contains(err.Error(), "everybody may write to the folder "+shared) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLinksInACircleAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gatebook-plugin-shop")
	if err := os.Symlink("gatebook-plugin-shop", path); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path); !errors.Is(err, program.ErrUntrusted) || !strings.Contains(err.Error(), "more than 40 links") {
		t.Errorf("got %v", err)
	}
}

// Whose a file is that says what may be run, as the runbook beside it does, is no matter.
func TestWhoMayWriteIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user, group int
		mode        os.FileMode
		want        string
	}{
		"ours":       {os.Geteuid(), os.Getegid(), 0o644, ""},
		"everybody":  {os.Geteuid(), os.Getegid(), 0o646, "everybody: chmod o-w"},
		"a group":    {os.Geteuid(), 4242, 0o664, "everybody in the group 4242: chmod g-w"},
		"another's":  {4242, os.Getegid(), 0o644, ""},
		"their home": {4242, 4242, 0o664, "everybody in the group 4242: chmod g-w"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.user == 4242 || test.group == 4242 {
				needRoot(t)
			}
			path := written(t)
			if err := give(path, test.user, test.group, test.mode); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			who, mend := program.Writer(info)
			if got := strings.TrimPrefix(who+": "+mend, ": "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// needRoot skips a test that gives files away, which only root can.
func needRoot(t *testing.T) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "root"):
		t.Fatal("GATEBOOK_TEST_REQUIRE says that this must not be skipped: only root can give files away")
	default:
		t.Skip("only root can give files away")
	}
}

// written writes a program in a folder of its own.
func written(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatebook-plugin-shop")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// give makes a file another's.
func give(path string, user, group int, mode os.FileMode) error {
	return errors.Join(os.Chown(path, user, group), os.Chmod(path, mode))
}

// open returns the error of an Open, and fails where there is no end of it.
func open(t *testing.T, path string) error {
	t.Helper()
	failed := make(chan error, 1)
	go func() {
		opened, err := program.Open(path)
		if err == nil {
			opened.Close()
		}
		failed <- err
	}()
	select {
	case err := <-failed:
		return err
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
		return nil
	}
}
