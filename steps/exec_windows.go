package steps

import (
	"os"
	"syscall"
)

func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminateGroup does nothing: Windows has no polite way, so the grace passes and
// the process is killed.
func terminateGroup(int) {}

func killGroup(pid int) {
	if process, err := os.FindProcess(pid); err == nil {
		_ = process.Kill()
	}
}

func groupLives(int) bool { return false }

func signalOf(*os.ProcessState) string { return "" }
