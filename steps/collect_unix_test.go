//go:build unix

package steps

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/steps/internal/archive"
)

// TestCollectWaitsForNobodyToWriteANamedPipe would never end.
func TestCollectWaitsForNobodyToWriteANamedPipe(t *testing.T) {
	t.Parallel()
	dir := evidence(t)
	for _, name := range []string{"pipe", "log/pipe", "pipe.tgz"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	action := collect(Options{Dir: dir})
	got, err := apply(t, action, params{"to": "a.tgz", "files": []any{
		params{"from": "pipe"}, params{"from": "log", "include": []any{"pipe"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []archive.Skipped{{Name: "pipe", Reason: "not a directory"}, {Name: "log/pipe", Reason: "not a regular file"}}
	if diff := cmp.Diff(want, got.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	got, err = apply(t, action, params{"to": "pipe.tgz", "files": []any{params{"from": "log"}}})
	if err != nil || got.Path != "pipe.2.tgz" {
		t.Errorf("%+v, %v", got, err)
	}
}
