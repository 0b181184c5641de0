package process

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup keeps the terminal's Ctrl-C from the plugin, which is told by its host,
// and its life from outlasting the host's.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// await returns how the process ended. What it left behind in its group is ended before
// its number is given back, and can be another's.
func (c *child) await() error {
	for pid := c.command.Process.Pid; ; {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive = false
	killGroup(c.command.Process.Pid)
	return c.command.Wait()
}
