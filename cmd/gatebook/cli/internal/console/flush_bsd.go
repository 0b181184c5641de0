//go:build unix && !linux

package console

import "golang.org/x/sys/unix"

// flushInput is FREAD of the BSDs: the queue of what was typed.
const flushInput = 1

// flush drops what was typed at a terminal and not read yet. What is no terminal keeps
// it, and the error says no more than that.
func flush(fd int) { _ = unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, flushInput) }
