//go:build unix

package steps

import (
	"strconv"
	"syscall"
)

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// signalText names the signal that killed a process; empty where none did.
func signalText(status syscall.WaitStatus) string {
	if !status.Signaled() {
		return ""
	}
	return strconv.Itoa(int(status.Signal())) + " (" + status.Signal().String() + ")"
}
