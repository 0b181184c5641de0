//go:build !unix

package process

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup does nothing: there are no process groups.
func killGroup(int) {}
