//go:build !linux

package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// run runs one process to its end, or to that of ctx. Linux has a way of its own.
func (e *executor) run(ctx context.Context, spec processSpec) (processEnd, error) {
	if err := ctx.Err(); err != nil {
		return processEnd{}, stopped(err, "before it was started").NothingChanged()
	}
	pipes, err := e.openPipes(spec)
	if err != nil {
		return processEnd{}, sdk.Errorf(sdk.Transient, "pipes: %w", err).NothingChanged()
	}
	defer pipes.close()
	started := time.Now()
	var process *os.Process
	attr := &os.ProcAttr{Dir: spec.dir, Env: spec.env, Files: pipes.child, Sys: groupAttr()}
	if err := e.launch(spec, func(path string) (err error) {
		process, err = os.StartProcess(path, spec.argv, attr)
		return err
	}); err != nil {
		return processEnd{}, err
	}
	pipes.closeChild()
	spec.tell(processID{PID: process.Pid})
	drained := pipes.copy(spec)
	state, err := await(ctx, process, spec.grace)
	if err != nil {
		pipes.abandon(drained, 0)
		return processEnd{}, err
	}
	pipes.abandon(drained, drainDelay)
	return pipes.end(state, time.Since(started)), nil
}

// await waits for the process and, when ctx ends, stops its whole group.
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
	gone := make(chan struct{})
	go func() { // ends when the process does
		<-exited
		close(gone)
	}()
	return nil, stopped(ctx.Err(), stopGroup(process.Pid, grace, gone))
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
	executor       *executor
	child          []*os.File // descriptors 0 to 3 of the child
	owned          []*os.File // those of child that are closed after the start
	input, script  *os.File   // our ends
	output, errors *os.File
	stdout, stderr collector
}

func (e *executor) openPipes(spec processSpec) (p *pipes, err error) {
	p = &pipes{executor: e, child: make([]*os.File, 3, 4)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.child[0], err = e.null(); err != nil {
		return nil, err
	}
	if spec.stdin != "" {
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
	if spec.script != "" {
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
func (p *pipes) copy(spec processSpec) <-chan struct{} {
	feed(p.input, spec.stdin)
	feed(p.script, spec.script)
	p.stdout = p.executor.collector(spec, "stdout")
	p.stderr = p.executor.collector(spec, "stderr")
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

// abandon waits for the output, but not longer than the delay: what is left behind
// in the background may hold the pipes open for ever.
func (p *pipes) abandon(drained <-chan struct{}, delay time.Duration) {
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-drained:
			return
		case <-timer.C:
		}
	}
	now := time.Now()
	_ = p.output.SetReadDeadline(now)
	_ = p.errors.SetReadDeadline(now)
	<-drained
}

func (p *pipes) end(state *os.ProcessState, took time.Duration) processEnd {
	return endOf(state.ExitCode(), signalOf(state), &p.stdout, &p.stderr, took)
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
