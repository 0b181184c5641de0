//go:build unix

package process

import "syscall"

// killGroup ends what is in the group of the process. That nothing is is fine.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
