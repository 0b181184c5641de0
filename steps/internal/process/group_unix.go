//go:build unix

package process

import "syscall"

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// signalOf returns the signal that killed a process; 0 where none did.
func signalOf(status syscall.WaitStatus) syscall.Signal {
	if !status.Signaled() {
		return 0
	}
	return status.Signal()
}
