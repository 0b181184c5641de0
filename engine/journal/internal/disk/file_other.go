//go:build !linux

package disk

import "os"

// File is a file whose Sync waits until its data are on the disk.
type File struct{ *os.File }

// Close lets go of the file and closes it.
func (f File) Close() error { return Close(f.File) }
