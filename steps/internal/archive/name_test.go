package archive_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/archive"
)

func TestNumbered(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]struct {
		name string
		n    int
	}{
		"out/web-1.2.tar.gz":   {"out/web-1.2.tar.gz", 1},
		"out/web-1.2.2.tar.gz": {"out/web-1.2.tar.gz", 2},
		"a.10.tgz":             {"a.tgz", 10},
		".2.tgz":               {".tgz", 2},
	} {
		if got := archive.Numbered(of.name, of.n); got != want {
			t.Errorf("Numbered(%q, %d) is %q, want %q", of.name, of.n, got, want)
		}
	}
}

// TestFindTakesOnlyTheNamesThatItGives has one archive, under one name after the other.
func TestFindTakesOnlyTheNamesThatItGives(t *testing.T) {
	t.Parallel()
	var written bytes.Buffer
	if err := archive.NewWriter(&written, "key", time.Unix(0, 0), archive.Limits{}, func(sdk.Progress) {}).Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		"a.tar.gz": 1, "a.2.tar.gz": 2, "a.17.tar.gz": 17,
		"a.1.tar.gz": 0, "a.02.tar.gz": 0, "a.+2.tar.gz": 0, "a.tar.2.gz": 0, "a.2.tgz": 0, "b.2.tar.gz": 0, "2.tar.gz": 0, "a.tar.gz.part": 0,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), written.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, "a.tar.gz")
		n, _, err := archive.Find(t.Context(), target, "key")
		if n != want || errors.Is(err, fs.ErrNotExist) != (want == 0) {
			t.Errorf("%s is found as %d, %v; want %d", name, n, err, want)
		}
		if _, _, err := archive.Find(t.Context(), target, "another"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is found by another key: %v", name, err)
		}
	}
}
