package guardian

import (
	"context"
	"encoding/binary"
	"io"
	"os/signal"
	"syscall"
	"time"

	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/proc"
)

const (
	// looks is how often is looked for what is left: a process that is started during a
	// look may be missed.
	looks     = 3
	lookPause = 50 * time.Millisecond
)

// Main is the guardian: it returns when the guarded process has died and nothing of its
// wards runs any more. The signals that ask a process to end are not meant for it.
func Main(life io.Reader, table io.ReaderAt) {
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, life) // however it ends, nobody is there any more
	groups := read(table)
	for look := 0; look < looks && len(groups) > 0; look++ {
		if look > 0 {
			_ = probe.Sleep(context.Background(), lookPause)
		}
		kill(groups)
	}
}

// read returns the groups of the table. A record that is only partly there is none.
func read(table io.ReaderAt) []proc.Group {
	var groups []proc.Group
	var record [recordSize]byte
	for at := int64(0); ; at += recordSize {
		if _, err := table.ReadAt(record[:], at); err != nil {
			return groups
		}
		group := proc.Group{
			Leader:  int(binary.NativeEndian.Uint64(record[0:])),
			Start:   binary.NativeEndian.Uint64(record[8:]),
			Session: int(binary.NativeEndian.Uint64(record[16:])),
		}
		if group.Leader > 1 { // 1 and less would mean everybody
			groups = append(groups, group)
		}
	}
}

// kill kills what is left of the groups: each as a whole, so that nothing is started
// meanwhile.
func kill(groups []proc.Group) {
	all, err := proc.All()
	if err != nil {
		return
	}
	for _, group := range groups {
		if len(group.Left(all)) > 0 {
			_ = syscall.Kill(-group.Leader, syscall.SIGKILL)
		}
	}
}
