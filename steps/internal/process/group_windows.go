package process

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

// signalOf returns none: nothing on Windows says that a process was killed.
func signalOf(syscall.WaitStatus) syscall.Signal { return 0 }
