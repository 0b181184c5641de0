package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// Output returns a writer to the log of what a step printed. The file is made at the
// first write, and appended to where a former attempt wrote already; any name will do.
// The writer is safe for concurrent use, as a process prints to two streams. Its bytes
// are not synced: no decision of a run rests on them.
func (r *Run) Output(name string) io.WriteCloser {
	return &output{path: r.OutputPath(name)}
}

// OutputPath returns where the log of the name is, once something was written to it.
func (r *Run) OutputPath(name string) string {
	return filepath.Join(r.outputs(), label.File(name)+".log")
}

type output struct {
	path string

	mu     sync.Mutex
	file   *os.File
	closed bool
}

// Write appends to the log, and makes it where it is not there.
func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, fmt.Errorf("write output %s: %w", o.path, os.ErrClosed)
	}
	if o.file == nil {
		if err := disk.CheckFile(o.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("write output: %w", err)
		}
		f, err := os.OpenFile(o.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, disk.FileMode)
		if err != nil {
			return 0, fmt.Errorf("write output: %w", err)
		}
		o.file = f
	}
	return o.file.Write(data)
}

// Close closes the log where one was made. A second Close does nothing.
func (o *output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	return f.Close()
}
