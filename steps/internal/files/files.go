// Package files is what the built-in actions that read files share: errors that name
// the parameter, and a reader that can be cancelled. Floor 2, as a part of steps.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Error says why the file that a parameter names cannot be used.
func Error(field, name string, err error) *sdk.Error {
	err = withoutPath(err) // it is in the message once
	failure := sdk.FieldErrorf(field, "%s: %w", name, err)
	if errors.Is(err, fs.ErrPermission) {
		failure.Class = sdk.Denied
	}
	return failure
}

// Reason is an error without the path that it is about.
func Reason(err error) string { return withoutPath(err).Error() }

func withoutPath(err error) error {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return cause.Err
	}
	return err
}

// MakeDir makes a folder, and those above it, and puts the names of those that it makes on
// the disk, as [SyncDir] does.
func MakeDir(path string) error { return makeDir(path, SyncDir) }

func makeDir(path string, sync func(string) error) error {
	above := filepath.Dir(path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && above != path {
		if err := makeDir(above, sync); err != nil {
			return err
		}
		return errors.Join(os.MkdirAll(path, 0o755), sync(above))
	}
	return os.MkdirAll(path, 0o755) // which says so where it is no folder
}

// SyncDir puts the names in a folder on the disk, so that a file that was made there is
// still there after a power cut. Windows has no such call.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// progressBytes is how much is read between two reports of progress.
const progressBytes = 64 << 20

// Reader reads on until its context ends, and tells how far it is.
type Reader struct {
	ctx         context.Context //nolint:containedctx // io.Reader has no other way to be told
	from        io.Reader
	done, total int64
	reported    int64
	report      func(sdk.Progress)
}

// NewReader returns a reader of what has total bytes; a nil report is told nothing.
func NewReader(ctx context.Context, from io.Reader, total int64, report func(sdk.Progress)) *Reader {
	if report == nil {
		report = func(sdk.Progress) {}
	}
	return &Reader{ctx: ctx, from: from, total: total, report: report}
}

// Read reads on, unless the context has ended.
func (r *Reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	n, err := r.from.Read(p)
	r.done += int64(n)
	if r.done-r.reported >= progressBytes || errors.Is(err, io.EOF) {
		r.reported = r.done
		r.report(sdk.Progress{Message: fmt.Sprintf("%d of %d bytes", r.done, r.total), Done: r.done, Total: r.total})
	}
	return n, err
}
