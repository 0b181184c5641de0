package process

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/guardian"
)

// Run runs one program to its end, or to that of ctx, from one thread. Of one that was
// stopped it returns, beside the error, what is known of its end.
//
// The kernel kills a child when the thread that started it ends (Pdeathsig), so that
// the thread must outlive the child; and a child that does little is over so soon that
// handing it from goroutine to goroutine would cost as much again. So one thread starts
// it, waits with poll(2) for its output, its end and the end of ctx, and reaps it.
func (r *Runner) Run(ctx context.Context, spec Spec) (End, error) {
	if err := ctx.Err(); err != nil {
		return End{}, stopped(err, "was not started").NothingChanged()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := &process{
		pid: -1, handle: -1, wake: -1, grace: spec.Grace, started: time.Now(),
		guardian: r.guardian, guarded: r.guardian == nil,
		stdout: stream{fd: -1, collector: r.collector(spec, "stdout")},
		stderr: stream{fd: -1, collector: r.collector(spec, "stderr")},
	}
	defer p.close()
	spec.mark = rand.Text()
	if err := p.start(r, spec); err != nil {
		return End{}, err
	}
	return p.attend(ctx, func() error { return p.settle(ctx, r, spec) })
}

// process is a process that a thread attends.
type process struct {
	pid     int
	handle  int // its pidfd; -1 where the kernel has none
	wake    int // readable when ctx has ended; -1: it never does
	grace   time.Duration
	started time.Time

	stdout, stderr stream
	feeds          []*os.File

	settled  bool   // see settle
	unwatch  func() // nil: nothing watches the context
	guardian *guardian.Guardian
	ward     guardian.Ward
	guarded  bool // a guardian is there, or there will be none

	ended      bool
	reaped     bool // and its number may be another's
	status     syscall.WaitStatus
	drainUntil time.Time // when output is no longer waited for, once it or its group has ended

	cancelled bool
	killed    bool
	nextKill  time.Time // when the group is killed or, once it is, given up
	gone      bool      // nothing of the group runs any more
	quiet     bool      // nor is there anything left to read of it
}

// stream is our end of a pipe that the process writes.
type stream struct {
	collector
	fd int // -1 when it is at its end
}

// start starts the process in a group of its own.
func (p *process) start(r *Runner, spec Spec) error {
	null, err := r.null()
	if err != nil {
		return sdk.Errorf(sdk.Transient, "standard input: %w", err).NothingChanged()
	}
	files := []uintptr{null.Fd()}
	var theirs []int
	defer func() {
		for _, fd := range theirs {
			_ = unix.Close(fd)
		}
	}()
	for _, s := range []*stream{&p.stdout, &p.stderr} {
		ours, child, err := pipe()
		if err != nil {
			return err
		}
		s.fd, theirs, files = ours, append(theirs, child), append(files, uintptr(child))
	}
	if spec.Stdin != "" {
		child, err := p.feed(spec.Stdin)
		if err != nil {
			return err
		}
		theirs, files[0] = append(theirs, child), uintptr(child)
	}
	if spec.Script != "" {
		child, err := p.feed(spec.Script)
		if err != nil {
			return err
		}
		theirs, files = append(theirs, child), append(files, uintptr(child))
	}
	attr := groupAttr()
	attr.PidFD = &p.handle
	return r.launch(spec, func(path, dir string, environ []string) (err error) {
		p.pid, err = syscall.ForkExec(path, spec.Argv, &syscall.ProcAttr{Dir: dir, Env: environ, Files: files, Sys: attr})
		return startError(path, dir, err)
	})
}

// startError says which of the two was not found, the program or its directory.
func startError(path, dir string, err error) error {
	if err == nil {
		return nil
	}
	if _, missing := os.Stat(dir); dir != "" && missing != nil {
		return &fs.PathError{Op: "chdir", Path: dir, Err: errors.Unwrap(missing)}
	}
	return &fs.PathError{Op: "fork/exec", Path: path, Err: err}
}

func pipe() (read, write int, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, sdk.Errorf(sdk.Transient, "pipes: %w", err).NothingChanged()
	}
	return fds[0], fds[1], nil
}

// feed gives the process text to read, and returns its end of the pipe.
func (p *process) feed(text string) (int, error) {
	child, ours, err := pipe()
	if err != nil {
		return -1, err
	}
	// So that a write that nobody reads ends when the file is closed.
	if err := unix.SetNonblock(ours, true); err != nil {
		return -1, sdk.Errorf(sdk.Transient, "pipes: %w", err).NothingChanged()
	}
	file := os.NewFile(uintptr(ours), "pipe")
	p.feeds = append(p.feeds, file)
	feed(file, text)
	return child, nil
}

// watch has the thread woken when ctx ends.
func (p *process) watch(ctx context.Context) (err error) {
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_, _ = unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // it only fails when it is full
	})
	p.unwatch = func() {
		if !stop() {
			<-woken // before the descriptor may be closed
		}
	}
	return nil
}

// give kills a process that cannot be attended.
func (p *process) give(why error) error {
	killGroup(p.pid)
	p.reap()
	return sdk.Errorf(sdk.Transient, "the program was killed, as it cannot be waited for: %w", why)
}

// attend waits until all is over, and says how it ended. It settles a process that does not
// end at once, or that leaves something behind which holds its output.
func (p *process) attend(ctx context.Context, settle func() error) (End, error) {
	for !p.over() {
		ended := p.ended
		if err := p.look(); err != nil {
			return End{}, p.give(err)
		}
		if p.settled || p.over() || p.ended != ended || !ended && time.Since(p.started) < settleDelay {
			continue // one that has just ended may be read to its end by another look
		}
		if err := settle(); err != nil {
			return End{}, p.give(err)
		}
	}
	if p.ended {
		p.reap()
	}
	if p.cancelled {
		return p.end(), stopped(ctx.Err(), "was stopped: it "+p.howStopped())
	}
	return p.end(), nil
}

// settleDelay is how long a program runs before all is done that only one needs which goes
// on: it costs about what a program costs that does little, and most do.
const settleDelay = 2 * time.Millisecond

// settle notes the process, has it guarded, and has the thread woken when ctx ends.
func (p *process) settle(ctx context.Context, r *Runner, spec Spec) error {
	p.settled = true
	id := r.starter.identify(p.pid)
	if !p.ended {
		p.ward = p.guardian.Watch(id.group(), spec.mark)
	}
	spec.tell(id)
	switch {
	case p.ended:
		p.reap()
		return nil
	case ctx.Done() == nil:
		return nil
	default:
		return p.watch(ctx)
	}
}

func (p *process) end() End {
	end := End{Code: -1, Detached: p.isOpen(), Took: time.Since(p.started)}
	if p.ended {
		end.Code, end.Signal = p.status.ExitStatus(), signalOf(p.status) // -1 where a signal killed it
	}
	p.stdout.end()
	p.stderr.end()
	return end.printed(&p.stdout.collector, &p.stderr.collector)
}

// isOpen reports whether there may be more output: something holds a pipe open.
func (p *process) isOpen() bool { return p.stdout.fd >= 0 || p.stderr.fd >= 0 }

// over reports whether nothing more is waited for: the process and its output have
// ended or, where it was cancelled, everything in its group has, and what that printed
// is read.
func (p *process) over() bool {
	switch {
	case p.gone:
		return p.quiet || time.Now().After(p.drainUntil)
	case p.cancelled:
		return p.killed && time.Now().After(p.nextKill)
	case !p.ended:
		return false
	default:
		return !p.isOpen() || time.Now().After(p.drainUntil)
	}
}

func (p *process) howStopped() string {
	switch {
	case !p.killed:
		return "ended after SIGTERM"
	case p.ended:
		return fmt.Sprintf("did not end within %s of SIGTERM and was killed", p.grace)
	default:
		return fmt.Sprintf("was killed, but process %d has not ended", p.pid)
	}
}

// lookInterval is how often is looked for what cannot be waited for: the rest of a
// group, or a process without a handle.
const lookInterval = 20 * time.Millisecond

// look waits for the next thing to happen, and takes it in.
func (p *process) look() error {
	var fds [4]unix.PollFd
	for i, fd := range []int{p.stdout.fd, p.stderr.fd, p.handle, p.wake} {
		fds[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN} // a negative one is passed over
	}
	if p.ended {
		fds[2].Fd = -1
	}
	if p.ended || p.cancelled {
		fds[3].Fd = -1 // what has ended is not stopped any more
	}
	if _, err := unix.Poll(fds[:], p.patience()); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("poll: %w", err)
	}
	p.quiet = p.gone && fds[0].Revents == 0 && fds[1].Revents == 0
	if fds[0].Revents != 0 {
		p.stdout.read()
	}
	if fds[1].Revents != 0 {
		p.stderr.read()
	}
	if !p.ended && (fds[2].Revents != 0 || fds[3].Revents != 0 || p.handle < 0) {
		if err := p.notice(); err != nil {
			return err
		}
	}
	if fds[3].Revents != 0 && !p.ended {
		p.cancelled, p.nextKill = true, time.Now().Add(p.grace)
		terminateGroup(p.pid)
	}
	p.press()
	p.guard()
	return nil
}

// press goes on with stopping the group, where that has begun.
func (p *process) press() {
	switch {
	case !p.cancelled || p.gone:
	case p.ended && !groupLives(p.pid):
		p.gone, p.drainUntil = true, time.Now().Add(drainDelay)
	case !p.killed && time.Now().After(p.nextKill):
		p.killed, p.nextKill = true, time.Now().Add(killDelay)
		killGroup(p.pid)
	}
}

// patience is how long to wait for something to happen, in milliseconds; -1: for ever.
func (p *process) patience() int {
	switch {
	case p.gone:
		return 0
	case p.cancelled, p.handle < 0:
		return int(lookInterval.Milliseconds())
	case p.ended && !p.settled:
		return 0
	case p.ended:
		return int(max(time.Until(p.drainUntil), 0).Milliseconds()) + 1
	case !p.settled:
		return int(max(settleDelay-time.Since(p.started), 0).Milliseconds()) + 1
	case !p.guarded:
		return int(max(guardDelay-time.Since(p.started), 0).Milliseconds()) + 1
	default:
		return -1
	}
}

// read takes in what can be read now.
func (s *stream) read() {
	n, err := syscall.Read(s.fd, s.room())
	if errors.Is(err, syscall.EINTR) {
		return
	}
	if n > 0 {
		s.took(n)
		return
	}
	s.end()
	_ = unix.Close(s.fd)
	s.fd = -1
	if err != nil && s.host != nil {
		s.host.Progress(sdk.Progress{Message: s.stream + " cannot be read: " + err.Error()})
	}
}

func (p *process) close() {
	if p.unwatch != nil {
		p.unwatch()
	}
	p.stdout.release()
	p.stderr.release()
	for _, fd := range []int{p.stdout.fd, p.stderr.fd, p.handle, p.wake} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	for _, file := range p.feeds {
		_ = file.Close()
	}
}
