//go:build unix && !linux

package steps

import (
	"os"
	"syscall"
)

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func groupLives(group int) bool { return syscall.Kill(-group, 0) == nil }

func signalOf(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok {
		return ""
	}
	return signalText(status)
}
