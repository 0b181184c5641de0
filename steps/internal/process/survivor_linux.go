package process

import (
	"os"
	"strings"
	"sync"

	"github.com/gatebook/gatebook/steps/internal/proc"
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
	// Session is that of gatebook and of all that is in the process's group.
	Session int `json:"session,omitempty"`
}

func (s *starter) identify(pid int) ID {
	p, _ := proc.Read(pid) // nothing where it cannot be read; then only the marker tells
	return ID{PID: pid, Start: p.Start, Boot: s.bootID(), Session: p.Session}
}

// group is the one that the process leads.
func (id ID) group() proc.Group {
	return proc.Group{Leader: id.PID, Start: id.Start, Session: id.Session}
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

// survivor returns a process of an earlier attempt that still runs: the one that was
// noted or another of its group, also where it has lost its environment; or one that
// carries the key, also where it has left the group.
func (s *starter) survivor(noted ID, key string) (pid int, lives bool, err error) {
	all, err := proc.All()
	if err != nil {
		return 0, false, err
	}
	if noted.PID > 0 && noted.Boot == s.bootID() {
		if left := noted.group().Left(all); len(left) > 0 {
			return left[0].PID, true, nil
		}
	}
	if key == "" {
		return 0, false, nil
	}
	for _, p := range all {
		if p.PID != os.Getpid() && proc.Carries(p.PID, proc.KeyVariable, func(carried []byte) bool { return string(carried) == key }) {
			return p.PID, true, nil
		}
	}
	return 0, false, nil
}
