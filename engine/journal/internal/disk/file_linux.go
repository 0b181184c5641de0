package disk

import (
	"errors"
	"os"
	"syscall"
)

// File is a file whose Sync leaves out what no reader needs, such as the time of
// the last change, which saves a write to the file system's own journal.
type File struct{ *os.File }

// Sync waits until the file's data, and its length, are on the disk.
func (f File) Sync() error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

// Close lets go of the file and closes it.
func (f File) Close() error { return Close(f.File) }
