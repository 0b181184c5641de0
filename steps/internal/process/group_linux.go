package process

import (
	"slices"
	"syscall"

	"github.com/gatebook/gatebook/steps/internal/proc"
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
	all, err := proc.All()
	return err != nil || slices.ContainsFunc(all, func(p proc.Process) bool { return p.Group == group && p.Runs })
}
