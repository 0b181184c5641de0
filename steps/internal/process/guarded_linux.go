package process

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// guardDelay is how long a program runs before there must be a guardian: starting one
// costs some milliseconds, and most programs are over before it would be there.
const guardDelay = 100 * time.Millisecond

// guard sees to it that there is a guardian once the program has run for a while.
func (p *process) guard() {
	if p.guarded || time.Since(p.started) < guardDelay {
		return
	}
	p.guarded = true
	if err := p.guardian.Start(); err != nil && p.stdout.host != nil {
		p.stdout.host.Progress(sdk.Progress{
			Message: "if gatebook is killed, what the program started goes on, since there is no guardian: " + err.Error(),
		})
	}
}

// notice takes in that the process has ended, where it has. While its group is being
// stopped it is not reaped, so that the group's number stays its own and the guardian may
// go on watching it; nor is one that was not noted and may have left something behind.
func (p *process) notice() error {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, p.pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	switch {
	case errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("wait for process %d: %w", p.pid, err)
	case info.Signo == 0: // it has not
		return nil
	}
	p.ended, p.drainUntil = true, time.Now().Add(drainDelay)
	if !p.cancelled && (p.settled || !p.isOpen()) {
		p.reap()
	}
	return nil
}

// reap waits for the process. What it leaves behind then does so on purpose, and the
// guardian does not touch it.
func (p *process) reap() {
	if p.reaped {
		return
	}
	p.reaped = true
	p.guardian.Leave(p.ward)
	for {
		if _, err := syscall.Wait4(p.pid, &p.status, 0, nil); !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
