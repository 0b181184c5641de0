//go:build unix

package main

import (
	"runtime"
	"syscall"
)

// peak returns the peak memory of a process, in bytes.
func peak(usage any) int64 {
	of, ok := usage.(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return of.Maxrss
	}
	return of.Maxrss * 1024
}
