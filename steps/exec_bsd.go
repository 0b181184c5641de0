//go:build unix && !linux

package steps

import "syscall"

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func groupLives(group int) bool { return syscall.Kill(-group, 0) == nil }
