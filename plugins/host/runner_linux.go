package host

import (
	"fmt"
	"syscall"
)

// executable names the open file itself, whatever its name has become by now. The
// kernel looks it up in the child, before descriptors are closed.
func (b *binary) executable() string { return fmt.Sprintf("/proc/self/fd/%d", b.file.Fd()) }

// ownGroup keeps the terminal's Ctrl-C from the plugin, which is told by its host,
// and its life from outlasting the host's.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
