package program

import "fmt"

// Executable names the open file itself, whatever its name has become by now. The
// kernel looks it up in the child, before descriptors are closed.
func (p *Program) Executable() string { return fmt.Sprintf("/proc/self/fd/%d", p.file.Fd()) }
