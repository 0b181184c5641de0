//go:build unix && !linux

package process

import "syscall"

// ownGroup keeps the terminal's Ctrl-C from the plugin, which is told by its host.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
