//go:build unix

package program

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Suffix is what the names of programs end in.
const Suffix = ""

// A pipe in the place of a program would be waited for.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

// Stranger says who may change a file, or what is in a folder, beside root and who
// runs gatebook, and what ends that; empty: nobody. A group that has the number of that
// person is taken for theirs alone, as most systems make one for each.
func Stranger(info fs.FileInfo) (who, mend string) {
	if who, mend = Writer(info); who != "" {
		return who, mend
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 && int(owner.Uid) != os.Geteuid() {
		return fmt.Sprintf("the user %d, who is neither you nor root,", owner.Uid), "chown root"
	}
	return "", ""
}

// Writer is [Stranger] where it is no matter whose the file is.
func Writer(info fs.FileInfo) (who, mend string) {
	owner := info.Sys().(*syscall.Stat_t)
	user, group := os.Geteuid(), os.Getegid()
	ours := owner.Gid == 0 || int(owner.Gid) == group && group == user
	switch {
	case info.Mode().Perm()&0o002 != 0:
		return "everybody", "chmod o-w"
	case info.Mode().Perm()&0o020 != 0 && !ours:
		return fmt.Sprintf("everybody in the group %d", owner.Gid), "chmod g-w"
	default:
		return "", ""
	}
}

func isExecutable(info fs.FileInfo) bool { return info.Mode().Perm()&0o111 != 0 }
