package process

import (
	"slices"
	"syscall"
)

// groupAttr gives a process a group of its own, and has it die with the thread that
// started it.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// groupLives reports whether anything of the group still runs. In a container whose
// first process waits for nobody, ended processes stay in the group for ever.
func groupLives(group int) bool {
	if syscall.Kill(-group, 0) != nil {
		return false
	}
	all, err := pids()
	return err != nil || slices.ContainsFunc(all, func(pid int) bool {
		stat, err := readStat(pid)
		return err == nil && stat.group == group && stat.runs
	})
}
