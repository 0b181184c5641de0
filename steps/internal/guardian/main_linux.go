package guardian

import (
	"context"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/proc"
)

const (
	// quietLooks is how many looks in a row must have found nothing: a process that is
	// started during a look may be missed, and one that becomes another program carries
	// nothing for a moment.
	quietLooks = 2
	// maxLooks is when it is given up: something cannot be killed, or starts anew faster
	// than it is killed.
	maxLooks  = 20
	lookPause = 50 * time.Millisecond
)

// Main is the guardian: it returns when the guarded process has died and nothing of its
// wards runs any more. The signals that ask a process to end are not meant for it.
func Main(life io.Reader, table io.ReaderAt) {
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, life) // however it ends, nobody is there any more
	wards := read(table)
	for look, quiet := 0, 0; look < maxLooks && quiet < quietLooks && len(wards) > 0; look++ {
		if look > 0 {
			_ = probe.Sleep(context.Background(), lookPause)
		}
		if kill(wards) {
			quiet = 0
		} else {
			quiet++
		}
	}
}

// kill kills what is left of the wards, and reports whether it found any. Each group is
// killed first and as a whole, so that nothing is started in it meanwhile.
func kill(wards []record) (found bool) {
	all, err := proc.All()
	if err != nil {
		return false
	}
	var left []proc.Process
	for _, ward := range wards {
		if group := ward.group.Left(all); len(group) > 0 {
			_ = syscall.Kill(-ward.group.Leader, syscall.SIGKILL)
			left = append(left, group...)
		}
	}
	left = append(left, carriers(all, wards)...)
	left = append(left, proc.Descendants(all, left)...)
	for _, p := range left {
		if p.Runs && !isGuardian(p.PID) {
			found = true
			killOne(p)
		}
	}
	return found
}

// carriers returns the processes that carry the mark of a ward.
func carriers(all []proc.Process, wards []record) (theirs []proc.Process) {
	for _, p := range all {
		if proc.Carries(p.PID, proc.MarkVariable, func(mark []byte) bool {
			carried := digestOf(string(mark))
			return slices.ContainsFunc(wards, func(ward record) bool { return ward.mark == carried })
		}) {
			theirs = append(theirs, p)
		}
	}
	return theirs
}

// killOne kills a process, unless its number is by now another's.
func killOne(p proc.Process) {
	if now, err := proc.Read(p.PID); err == nil && now.Start == p.Start {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
}

// isGuardian reports whether a process is a guardian, this one or that of another gatebook
// that a program has started: it has work to do as well, now that this one is killed.
func isGuardian(pid int) bool {
	output, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/1")
	return err == nil && strings.HasPrefix(output, "/memfd:"+tableName)
}
