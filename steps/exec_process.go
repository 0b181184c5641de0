package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	// scriptPath is where a shell finds its script: descriptor 3.
	scriptPath = "/dev/fd/3"
	// drainDelay is how long output is waited for after the program's end, while a
	// process that it left behind holds the pipe open.
	drainDelay = time.Second
	// killDelay is how long a killed process may take to go. One that waits for a
	// broken disk stays; the step must end nevertheless.
	killDelay = 5 * time.Second

	codeNotRunnable = 126 // a shell's word for "found but cannot be run"
	codeNotFound    = 127 // a shell's word for "not found"
)

// executor runs processes. What it keeps between them is what is worth its cost.
type executor struct {
	options Options
	base    []string // the environment of all
	starter starter
	paths   pathCache
	buffers sync.Pool // of *[]byte, to read output into
	null    func() (*os.File, error)
}

func newExecutor(o Options) *executor {
	return &executor{
		options: o,
		base:    withoutKey(o.Environ),
		buffers: sync.Pool{New: func() any { return new(make([]byte, readSize)) }},
		null:    sync.OnceValues(func() (*os.File, error) { return os.Open(os.DevNull) }),
	}
}

// processSpec is one process to run.
type processSpec struct {
	argv   []string
	script string
	stdin  string
	dir    string
	env    environment
	keep   int
	grace  time.Duration
	host   sdk.Host              // nil: its output goes nowhere
	note   func(processID) error // nil: nobody wants to know
}

// processEnd is how a process ended.
type processEnd struct {
	code           int
	signal         string // the one that killed it
	stdout, stderr string
	last           string // the last line on standard error, or else output
	took           time.Duration
}

// fault is the error of an end that is no success.
func (p processEnd) fault(okCodes []int) error {
	detail := ""
	if p.last != "" {
		detail = ": " + p.last
	}
	switch {
	case p.signal != "":
		return sdk.Errorf(sdk.Transient, "killed by signal %s%s", p.signal, detail)
	case slices.Contains(okCodes, p.code):
		return nil
	case p.code == codeNotRunnable || p.code == codeNotFound:
		return sdk.Errorf(sdk.Permanent, "exit code %d, the shell cannot run a program%s", p.code, detail)
	default:
		return sdk.Errorf(sdk.Transient, "exit code %d%s", p.code, detail)
	}
}

// run runs one process to its end, or to that of ctx.
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
	process, err := e.start(spec, pipes.child)
	if err != nil {
		return processEnd{}, err
	}
	pipes.closeChild()
	if spec.note != nil {
		// A note that is not kept is no reason to stop: the marker in the process's
		// environment still finds it.
		if err := spec.note(e.starter.identify(process.Pid)); err != nil && spec.host != nil {
			spec.host.Progress(sdk.Progress{Message: "the process cannot be noted: " + err.Error()})
		}
	}
	drained := pipes.copy(spec)
	state, err := await(ctx, process, spec.grace)
	if err != nil {
		pipes.abandon(drained, 0)
		return processEnd{}, err
	}
	pipes.abandon(drained, drainDelay)
	return pipes.end(state, time.Since(started)), nil
}

// start starts the process in a group of its own.
func (e *executor) start(spec processSpec, files []*os.File) (*os.Process, error) {
	attr := &os.ProcAttr{Dir: spec.dir, Env: spec.env, Files: files, Sys: groupAttr()}
	for attempt := 0; ; attempt++ {
		path, err := e.paths.find(spec.argv[0], spec.env.path(), spec.dir)
		if err != nil {
			return nil, sdk.Errorf(sdk.Permanent, "%w", err).NothingChanged()
		}
		process, err := e.starter.start(path, spec.argv, attr)
		switch {
		case err == nil:
			return process, nil
		case errors.Is(err, fs.ErrNotExist) && attempt == 0:
			e.paths.forget(spec.argv[0]) // it was moved since it was found
		case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EMFILE):
			return nil, sdk.Errorf(sdk.Transient, "start %s: %w", spec.argv[0], err).NothingChanged()
		default:
			return nil, sdk.Errorf(sdk.Permanent, "start %s: %w", spec.argv[0], err).NothingChanged()
		}
	}
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

// stopped is the error of a process that the context's end ended.
func stopped(cause error, how string) *sdk.Error {
	class := sdk.Cancelled
	if errors.Is(cause, context.DeadlineExceeded) {
		class = sdk.Timeout
	}
	return sdk.Errorf(class, "the program was stopped: it %s: %w", how, cause)
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
	p.stdout = collector{host: spec.host, stream: "stdout", keep: spec.keep}
	p.stderr = collector{host: spec.host, stream: "stderr", keep: spec.keep}
	drained := make(chan struct{})
	go func() {
		var both sync.WaitGroup
		both.Go(func() { p.stderr.readFrom(p.errors, &p.executor.buffers) })
		p.stdout.readFrom(p.output, &p.executor.buffers)
		both.Wait()
		close(drained)
	}()
	return drained
}

// feed writes text for the child. That the child does not want to read it, or has
// ended, is no fault.
func feed(to *os.File, text string) {
	if to == nil {
		return
	}
	go func() {
		_, _ = io.WriteString(to, text)
		_ = to.Close()
	}()
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
	ended := processEnd{
		code: state.ExitCode(), signal: signalOf(state),
		stdout: p.stdout.text(), stderr: p.stderr.text(),
		last: p.stderr.last(), took: took,
	}
	if ended.last == "" {
		ended.last = p.stdout.last()
	}
	return ended
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
	for _, file := range []*os.File{p.input, p.script, p.output, p.errors} {
		if file != nil {
			_ = file.Close()
		}
	}
}
