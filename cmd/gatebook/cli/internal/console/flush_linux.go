package console

import "golang.org/x/sys/unix"

// flush drops what was typed at a terminal and not read yet. What is no terminal keeps
// it, and the error says no more than that.
func flush(fd int) { _ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }
