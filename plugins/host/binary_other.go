//go:build !unix

package host

import "io/fs"

const executableSuffix = ".exe"

// Access lists are not in the mode bits: here the checksum alone decides.
func isWritableByAll(fs.FileInfo) bool { return false }

func isExecutable(fs.FileInfo) bool { return true }
