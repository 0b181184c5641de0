//go:build unix

package journal

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// What stands in the place of a file of a run is told, where opening it would wait for
// a writer that never comes.
func TestWhatIsNoFileIsNotOpened(t *testing.T) {
	t.Parallel()
	put := map[string]func(path string) error{
		"it is a named pipe": func(path string) error { return syscall.Mkfifo(path, disk.FileMode) },
		"it is a folder":     func(path string) error { return os.Mkdir(path, disk.DirMode) },
		"it is a device":     func(path string) error { return os.Symlink(os.DevNull, path) },
	}
	reads := map[string]struct {
		path func(*Run) string
		try  func(*Run) error
	}{
		"replay":  {(*Run).JournalPath, func(r *Run) error { _, err := r.Replay(nil); return err }},
		"open":    {(*Run).JournalPath, func(r *Run) error { _, _, err := r.OpenJournal(nil); return err }},
		"list":    {(*Run).JournalPath, func(r *Run) error { return r.Entry().Err }},
		"runbook": {func(r *Run) string { return filepath.Join(r.dir, "runbook.yaml") }, func(r *Run) error { _, err := r.Runbook(); return err }},
		"alive":   {(*Run).lockPath, func(r *Run) error { _, _, err := r.Alive(); return err }},
		"lock":    {(*Run).lockPath, func(r *Run) error { _, err := r.Lock(context.Background(), testOwner(1)); return err }},
		"owner":   {func(r *Run) string { return ownerPath(r.lockPath()) }, func(r *Run) error { _, err := r.Lock(context.Background(), testOwner(1)); return err }},
		"inbox":   {func(r *Run) string { return filepath.Join(r.inbox(), "1.json") }, func(r *Run) error { _, err := r.TakeInbox(); return err }},
		"output":  {func(r *Run) string { return r.OutputPath("one") }, func(r *Run) error { _, err := r.Output("one").Write([]byte("x")); return err }},
	}
	for want, place := range put {
		for name, read := range reads {
			run := newRun(t)
			if err := place(read.path(run)); err != nil {
				t.Fatal(err)
			}
			if err := read.try(run); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
	}
}
