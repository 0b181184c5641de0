package steps

import (
	"context"
	"errors"
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

// endOf says how a process ended, with what it printed.
func endOf(code int, signal string, stdout, stderr *collector, took time.Duration) processEnd {
	ended := processEnd{
		code: code, signal: signal, stdout: stdout.text(), stderr: stderr.text(), last: stderr.last(), took: took,
	}
	if ended.last == "" {
		ended.last = stdout.last()
	}
	return ended
}

// launch starts a program with a function of the system's, found by its name.
func (e *executor) launch(spec processSpec, start func(path string) error) error {
	for attempt := 0; ; attempt++ {
		path, err := e.paths.find(spec.argv[0], spec.env.path(), spec.dir)
		if err != nil {
			return sdk.Errorf(sdk.Permanent, "%w", err).NothingChanged()
		}
		err = start(path)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrNotExist) && attempt == 0:
			e.paths.forget(spec.argv[0]) // it was moved since it was found
		case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EMFILE):
			return sdk.Errorf(sdk.Transient, "start %s: %w", spec.argv[0], err).NothingChanged()
		default:
			return sdk.Errorf(sdk.Permanent, "start %s: %w", spec.argv[0], err).NothingChanged()
		}
	}
}

// tell notes the process. A note that is not kept is no reason to stop: the marker in
// the process's environment still finds it.
func (s processSpec) tell(id processID) {
	if s.note == nil {
		return
	}
	if err := s.note(id); err != nil && s.host != nil {
		s.host.Progress(sdk.Progress{Message: "the process cannot be noted: " + err.Error()})
	}
}

// stopped is the error of a process that the context's end ended.
func stopped(cause error, how string) *sdk.Error {
	class := sdk.Cancelled
	if errors.Is(cause, context.DeadlineExceeded) {
		class = sdk.Timeout
	}
	return sdk.Errorf(class, "the program was stopped: it %s: %w", how, cause)
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
