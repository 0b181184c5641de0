package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Process is what gatebook wants to know of a process.
type Process struct {
	PID     int
	Parent  int
	Start   uint64 // in ticks since the boot
	Group   int
	Session int
	Runs    bool // it has not ended, or not only because nobody has waited for it
}

// Read returns one process.
func Read(pid int) (Process, error) {
	var buffer [1024]byte // a stat is shorter, and is read as a whole
	text, err := read("/proc/"+strconv.Itoa(pid)+"/stat", buffer[:])
	if err != nil {
		return Process{}, err
	}
	// The name in the second field may itself hold spaces and parentheses.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const state, parent, start = 0, 1, 19 // fields 3, 4 and 22 of proc(5); after the parent come group and session
	if len(fields) <= start {
		return Process{}, fmt.Errorf("process %d: %q is not a stat of proc(5)", pid, text)
	}
	p := Process{PID: pid, Runs: fields[state] != "Z" && fields[state] != "X"}
	for i, to := range [...]*int{&p.Parent, &p.Group, &p.Session} {
		if *to, err = strconv.Atoi(fields[parent+i]); err != nil {
			return Process{}, err
		}
	}
	p.Start, err = strconv.ParseUint(fields[start], 10, 64)
	return p, err
}

// read reads what fits into the buffer of a file of proc(5), without what os.File does
// for files that one can wait for: each process that is started is looked at once.
func read(path string, buffer []byte) ([]byte, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = syscall.Close(fd) }()
	n, err := syscall.Read(fd, buffer)
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return buffer[:n], nil
}

// All returns the processes of now. One that is started meanwhile may be missing, and one
// that ends meanwhile is.
func All() ([]Process, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []Process
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, err := Read(pid); err == nil {
			all = append(all, p)
		}
	}
	return all, nil
}
