package console

import "golang.org/x/sys/windows"

// flush drops what was typed at a console and not read yet. What is no console keeps
// it, and the error says no more than that.
func flush(fd int) { _ = windows.FlushConsoleInputBuffer(windows.Handle(fd)) }
