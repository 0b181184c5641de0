//go:build unix

package host

import "io/fs"

const executableSuffix = ""

func isWritableByAll(info fs.FileInfo) bool { return info.Mode().Perm()&0o002 != 0 }

func isExecutable(info fs.FileInfo) bool { return info.Mode().Perm()&0o111 != 0 }
