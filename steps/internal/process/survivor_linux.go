package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// starter knows processes of this boot from those of others.
type starter struct {
	bootOnce sync.Once
	boot     string
}

// ID tells a process from all others, also those that get its number later.
type ID struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start,omitempty"` // in ticks since the boot
	Boot  string `json:"boot,omitempty"`
}

func (s *starter) identify(pid int) ID {
	stat, _ := readStat(pid) // 0 where it cannot be read; then only the marker tells
	return ID{PID: pid, Start: stat.start, Boot: s.bootID()}
}

// bootID tells this boot from the one before a crash of the whole machine; empty
// where the system does not say.
func (s *starter) bootID() string {
	s.bootOnce.Do(func() {
		id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
		s.boot = strings.TrimSpace(string(id))
	})
	return s.boot
}

// processStat is what gatebook wants to know of a process.
type processStat struct {
	start uint64 // in ticks since the boot
	group int
	runs  bool // it has not ended, or not only because nobody has waited for it
}

func readStat(pid int) (processStat, error) {
	var buffer [1024]byte // a stat is shorter, and is read as a whole
	text, err := readProc("/proc/"+strconv.Itoa(pid)+"/stat", buffer[:])
	if err != nil {
		return processStat{}, err
	}
	// The name in the second field may itself hold spaces and parentheses.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const state, group, start = 0, 2, 19 // fields 3, 5 and 22 of proc(5)
	if len(fields) <= start {
		return processStat{}, fmt.Errorf("process %d: %q is not a stat of proc(5)", pid, text)
	}
	stat := processStat{runs: fields[state] != "Z" && fields[state] != "X"}
	if stat.group, err = strconv.Atoi(fields[group]); err != nil {
		return processStat{}, err
	}
	stat.start, err = strconv.ParseUint(fields[start], 10, 64)
	return stat, err
}

// readProc reads what fits into the buffer of a file of proc(5), without what os.File does
// for files that one can wait for: each process that is started is looked at once.
func readProc(path string, buffer []byte) ([]byte, error) {
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

// pids returns the processes of now.
func pids() ([]int, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer func() { _ = proc.Close() }()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// survivor returns a process of an earlier attempt that still runs: the one that
// was noted, or one that carries the key.
func (s *starter) survivor(noted ID, key string) (pid int, lives bool, err error) {
	if noted.PID > 0 && noted.Start > 0 && noted.Boot == s.bootID() {
		stat, err := readStat(noted.PID)
		if err == nil && stat.runs && stat.start == noted.Start {
			return noted.PID, true, nil
		}
	}
	if key == "" {
		return 0, false, nil
	}
	all, err := pids()
	if err != nil {
		return 0, false, err
	}
	for _, pid := range all {
		if pid != os.Getpid() && carries(pid, key) {
			return pid, true, nil
		}
	}
	return 0, false, nil
}

// carries reports whether a process has the key in its environment. Those of other
// users cannot be read, and processes end while they are looked at.
func carries(pid int, key string) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	marker := []byte(keyVariable + "=" + key)
	for variable := range bytes.SplitSeq(text, []byte{0}) {
		if bytes.Equal(variable, marker) {
			return true
		}
	}
	return false
}
