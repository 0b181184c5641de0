package proc

import (
	"bytes"
	"os"
	"slices"
	"strconv"
)

// Carries reports whether a process has a variable in its environment whose value is one of
// those asked for. The environment of another user's process cannot be read, one that becomes
// another program has none for a moment, and processes end while they are looked at.
func Carries(pid int, name string, asked func(value []byte) bool) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	for variable := range bytes.SplitSeq(text, []byte{0}) {
		if value, ok := bytes.CutPrefix(variable, []byte(name+"=")); ok && asked(value) {
			return true
		}
	}
	return false
}

// Descendants returns those of all that the roots have started, and so on, as far as every
// process between still runs: whose parent has ended is the child of another.
func Descendants(all, roots []Process) []Process {
	children := make(map[int][]Process)
	for _, p := range all {
		children[p.Parent] = append(children[p.Parent], p)
	}
	met := make(map[int]bool)
	for _, root := range roots {
		met[root.PID] = true
	}
	var found []Process
	for next := slices.Clone(roots); len(next) > 0; next = next[1:] {
		for _, child := range children[next[0].PID] {
			if !met[child.PID] {
				met[child.PID] = true
				found, next = append(found, child), append(next, child)
			}
		}
	}
	return found
}
