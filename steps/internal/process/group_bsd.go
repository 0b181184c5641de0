//go:build unix && !linux

package process

import "syscall"

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func groupLives(group int) bool { return syscall.Kill(-group, 0) == nil }
