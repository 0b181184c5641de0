package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// Whoever made a folder may have died before its name was on the disk.
func TestMakeDirPutsTheNameOfEveryFolderOnTheDisk(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	in := func(names ...string) string { return filepath.Join(append([]string{root}, names...)...) }
	if err := os.Mkdir(in("made"), DirMode); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path string
		want []string // the folders that are synced
	}{
		{in("made"), []string{root}},
		{in("made", "runs"), []string{root, in("made")}},
		{in("made", "runs"), []string{in("made")}},
		{in("a", "b"), []string{filepath.Dir(root), root, in("a")}},
	} {
		var synced []string
		err := makeDir(test.path, func(dir string) error {
			synced = append(synced, dir)
			return nil
		})
		if err != nil || !slices.Equal(synced, test.want) {
			t.Errorf("%s: synced %q, want %q; %v", test.path, synced, test.want, err)
		}
	}
}

func TestMakeDirTakesOnlyAFolderForOne(t *testing.T) {
	t.Parallel()
	file, link := filepath.Join(t.TempDir(), "runs"), filepath.Join(t.TempDir(), "runs")
	if err := errors.Join(os.WriteFile(file, nil, FileMode), os.Symlink("nowhere", link)); err != nil {
		t.Fatal(err)
	}
	if err := MakeDir(file); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file: got %v", err)
	}
	if err := MakeDir(link); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link that leads nowhere: got %v", err)
	}
}

func TestMakeDirBearsAFolderAboveThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	for given, want := range map[error]error{fs.ErrPermission: nil, syscall.EIO: syscall.EIO} {
		if err := makeDir(t.TempDir(), func(string) error { return given }); !errors.Is(err, want) {
			t.Errorf("%v: got %v", given, err)
		}
	}
}
