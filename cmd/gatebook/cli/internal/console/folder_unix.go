//go:build unix

package console

import (
	"os"
	"strconv"
	"syscall"
)

// FolderID tells a folder from another that takes its place: it stays when the folder
// is moved, and a folder that is made anew has another. Empty where it cannot be told.
// The number of the device is not in it, as that differs from one boot to the next.
func FolderID(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return "inode " + strconv.FormatUint(uint64(stat.Ino), 10) //nolint:unconvert // it has another size elsewhere
}
