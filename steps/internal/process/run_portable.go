//go:build !linux

package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Run runs one program to its end, or to that of ctx. Of one that was stopped it returns,
// beside the error, what is known of its end. Linux has a way of its own.
func (r *Runner) Run(ctx context.Context, spec Spec) (End, error) {
	if err := ctx.Err(); err != nil {
		return End{}, stopped(err, "was not started").NothingChanged()
	}
	pipes, err := r.openPipes(spec)
	if err != nil {
		return End{}, sdk.Errorf(sdk.Transient, "pipes: %w", err).NothingChanged()
	}
	defer pipes.close()
	started := time.Now()
	var process *os.Process
	if err := r.launch(spec, func(path, dir string, environ []string) (err error) {
		attr := &os.ProcAttr{Dir: dir, Env: environ, Files: pipes.child, Sys: groupAttr()}
		process, err = os.StartProcess(path, spec.Argv, attr)
		return err
	}); err != nil {
		return End{}, err
	}
	pipes.closeChild()
	spec.tell(ID{PID: process.Pid})
	drained := pipes.copy(spec)
	state, err := await(ctx, process, spec.Grace)
	detached := pipes.abandon(drained)
	return pipes.end(state, detached, time.Since(started)), err
}

// await waits for the process and, when ctx ends, stops its whole group. The state is
// nil of one that has not ended.
func await(ctx context.Context, process *os.Process, grace time.Duration) (*os.ProcessState, error) {
	type end struct {
		state *os.ProcessState
		err   error
	}
	exited := make(chan end, 1)
	go func() {
		state, err := process.Wait()
		exited <- end{state, err}
	}()
	select {
	case e := <-exited:
		if e.err != nil {
			return nil, fmt.Errorf("wait for process %d: %w", process.Pid, e.err)
		}
		return e.state, nil
	case <-ctx.Done():
	}
	var last end
	gone := make(chan struct{})
	go func() { // ends when the process does
		last = <-exited
		close(gone)
	}()
	err := stopped(ctx.Err(), "was stopped: it "+stopGroup(process.Pid, grace, gone))
	select {
	case <-gone:
		return last.state, err
	default:
		return nil, err
	}
}

// stopGroup asks the group to end, kills what is left of it after the grace, and
// says what happened.
func stopGroup(pid int, grace time.Duration, gone <-chan struct{}) string {
	terminateGroup(pid)
	if groupEnds(pid, grace, gone) {
		return "ended after SIGTERM"
	}
	killGroup(pid)
	if groupEnds(pid, killDelay, gone) {
		return fmt.Sprintf("did not end within %s of SIGTERM and was killed", grace)
	}
	return fmt.Sprintf("was killed, but process %d has not ended", pid)
}

// groupEnds waits until the process is gone and nothing of its group is left.
func groupEnds(pid int, within time.Duration, gone <-chan struct{}) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	select {
	case <-gone:
	case <-deadline.C:
		return false
	}
	for groupLives(pid) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline.C:
			return false
		}
	}
	return true
}

// pipes are what connects one process.
type pipes struct {
	runner         *Runner
	child          []*os.File // descriptors 0 to 3 of the child
	owned          []*os.File // those of child that are closed after the start
	input, script  *os.File   // our ends
	output, errors *os.File
	stdout, stderr collector
}

func (r *Runner) openPipes(spec Spec) (p *pipes, err error) {
	p = &pipes{runner: r, child: make([]*os.File, 3, 4)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.child[0], err = r.null(); err != nil {
		return nil, err
	}
	if spec.Stdin != "" {
		if p.child[0], p.input, err = p.pipe(); err != nil {
			return nil, err
		}
	}
	if p.output, p.child[1], err = p.pipeFrom(); err != nil {
		return nil, err
	}
	if p.errors, p.child[2], err = p.pipeFrom(); err != nil {
		return nil, err
	}
	if spec.Script != "" {
		var script *os.File
		if script, p.script, err = p.pipe(); err != nil {
			return nil, err
		}
		p.child = append(p.child, script)
	}
	return p, nil
}

// pipe makes a pipe that the child reads.
func (p *pipes) pipe() (child, ours *os.File, err error) {
	child, ours, err = os.Pipe()
	if err == nil {
		p.owned = append(p.owned, child)
	}
	return child, ours, err
}

// pipeFrom makes a pipe that the child writes.
func (p *pipes) pipeFrom() (ours, child *os.File, err error) {
	ours, child, err = os.Pipe()
	if err == nil {
		p.owned = append(p.owned, child)
	}
	return ours, child, err
}

// copy moves the data in and out. The channel is closed when all output is read.
func (p *pipes) copy(spec Spec) <-chan struct{} {
	feed(p.input, spec.Stdin)
	feed(p.script, spec.Script)
	p.stdout = p.runner.collector(spec, "stdout")
	p.stderr = p.runner.collector(spec, "stderr")
	drained := make(chan struct{})
	go func() {
		var both sync.WaitGroup
		both.Go(func() { p.stderr.readFrom(p.errors) })
		p.stdout.readFrom(p.output)
		both.Wait()
		close(drained)
	}()
	return drained
}

// abandon waits for the rest of the output, but not for long: what is left behind in the
// background may hold the pipes open for ever. It reports whether that was so.
func (p *pipes) abandon(drained <-chan struct{}) (detached bool) {
	timer := time.NewTimer(drainDelay)
	defer timer.Stop()
	select {
	case <-drained:
		return false
	case <-timer.C:
	}
	now := time.Now()
	_ = p.output.SetReadDeadline(now)
	_ = p.errors.SetReadDeadline(now)
	<-drained
	return true
}

// end is the one of a process; the state is nil of one that has not ended.
func (p *pipes) end(state *os.ProcessState, detached bool, took time.Duration) End {
	end := End{Code: -1, Detached: detached, Took: took}
	if state != nil {
		end.Code = state.ExitCode()
		end.Signal = signalOf(state.Sys().(syscall.WaitStatus))
	}
	return end.printed(&p.stdout, &p.stderr)
}

func (p *pipes) closeChild() {
	for _, file := range p.owned {
		_ = file.Close()
	}
	p.owned = nil
}

// close closes what is still open; closing twice does no harm.
func (p *pipes) close() {
	p.closeChild()
	p.stdout.release()
	p.stderr.release()
	for _, file := range []*os.File{p.input, p.script, p.output, p.errors} {
		if file != nil {
			_ = file.Close()
		}
	}
}

// readFrom reads to the end.
func (c *collector) readFrom(file *os.File) {
	for {
		n, err := file.Read(c.room())
		c.took(n)
		if err == nil {
			continue
		}
		c.end()
		if c.host != nil && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.host.Progress(sdk.Progress{Message: c.stream + " cannot be read: " + err.Error()})
		}
		return
	}
}
