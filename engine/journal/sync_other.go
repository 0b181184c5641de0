//go:build !linux

package journal

import "os"

// diskFile is a file whose Sync waits until its data are on the disk.
type diskFile struct{ *os.File }
