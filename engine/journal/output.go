package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Output returns a writer to the log of what a step printed. The file is made at the
// first write, and appended to where a former attempt wrote already; any name will do.
// The writer is safe for concurrent use, as a process prints to two streams. Its bytes
// are not synced: no decision of a run rests on them.
func (r *Run) Output(name string) io.WriteCloser {
	return &output{path: r.outputPath(name)}
}

func (r *Run) outputPath(name string) string {
	return filepath.Join(r.outputs(), fileName(name)+".log")
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
		if err := checkFile(o.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("write output: %w", err)
		}
		f, err := os.OpenFile(o.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, fileMode)
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

// fileName makes a file's name of any text, and different ones of different texts:
// bytes that a file system or a shell might mind are written as %XX, and the end of a
// long name as its hash.
func fileName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; isPlain(c) || c == '_' || c == '-' || c == '.' && i > 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	safe := b.String()
	if len(safe) > maxName {
		sum := sha256.Sum256([]byte(name))
		safe = safe[:maxName-33] + "~" + hex.EncodeToString(sum[:16])
	}
	return safe
}
