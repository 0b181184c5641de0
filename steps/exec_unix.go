//go:build unix

package steps

import (
	"os"
	"strconv"
	"syscall"
)

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

func signalOf(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok {
		return ""
	}
	return signalText(status)
}

// signalText names the signal that killed a process; empty where none did.
func signalText(status syscall.WaitStatus) string {
	if !status.Signaled() {
		return ""
	}
	return strconv.Itoa(int(status.Signal())) + " (" + status.Signal().String() + ")"
}
