// Package process runs programs to their end: each in a process group of its own, which
// is stopped as a whole; its output passed on line by line, and its beginning and end
// kept; and marked, so that what outlives gatebook is found by the next one.
//
// On Linux a program dies with gatebook, and what it started by the guardian's hand; and
// one thread attends it from its start to its end. Elsewhere goroutines do. What a runbook says to run, and whether an exit code is a
// success, it leaves to package program and to the actions. Floor 2, as a part of steps.
package process

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
	"github.com/gatebook/gatebook/steps/internal/guardian"
)

const (
	// ScriptPath is where a shell finds [Spec.Script]: descriptor 3.
	ScriptPath = "/dev/fd/3"
	// drainDelay is how long output is waited for after the program's end, while a
	// process that it left behind holds the pipe open.
	drainDelay = time.Second
	// killDelay is how long a killed process may take to go. One that waits for a
	// broken disk stays; the step must end nevertheless.
	killDelay = 5 * time.Second

	codeNotRunnable = 126 // a shell's word for "found but cannot be run"
	codeNotFound    = 127 // a shell's word for "not found"
)

// Runner runs programs. What it keeps between them is what is worth its cost. It is
// safe for concurrent use.
type Runner struct {
	environ []string // of all
	place   func(dir string) string
	starter starter
	paths   pathCache
	buffers sync.Pool // of *[]byte, to read output into
	null    func() (*os.File, error)

	guardian *guardian.Guardian // nil: none
}

// NewRunner returns a runner whose programs have an environment, run in the directory
// that place makes of the one that is asked for, and are watched by a guardian; nil: by
// none.
func NewRunner(environ []string, place func(dir string) string, guarded *guardian.Guardian) *Runner {
	return &Runner{
		guardian: guarded,
		environ:  withoutOurs(environ),
		place:    place,
		buffers:  sync.Pool{New: func() any { return new(make([]byte, readSize)) }},
		null:     sync.OnceValues(func() (*os.File, error) { return os.Open(os.DevNull) }),
	}
}

// Spec is one program to run.
type Spec struct {
	Argv   []string          // Argv[0] is its name, or its path
	Script string            // what it can read at ScriptPath
	Stdin  string            // without it, it reads an end of file
	Dir    string            // where it runs
	Env    map[string]string // variables beside those of all
	Key    string            // marks it and all that it starts; empty: nothing does
	Keep   int               // bytes of each output stream that its End holds
	Grace  time.Duration     // from SIGTERM to SIGKILL
	Host   sdk.Host          // nil: its output goes nowhere
	Note   func(ID) error    // nil: nobody wants to know

	mark string // tells this start of it from every other; empty: no guardian looks for it
}

// End is how a program ended.
type End struct {
	Code   int            // -1: a signal killed it, or it has not ended
	Signal syscall.Signal // the one that killed it; 0: none
	Stdout Kept
	Stderr Kept
	Last   string // the last line on standard error, or else output
	// Detached says that something that it left behind held its output open, which was
	// not waited for.
	Detached bool
	Took     time.Duration
}

// Answered reports whether the exit code is the program's own: not one with which a
// shell says that it cannot run a program.
func (e End) Answered() bool {
	return e.Signal == 0 && e.Code != codeNotRunnable && e.Code != codeNotFound
}

// Fault is the error of an end that is no success.
func (e End) Fault(okCodes []int) error {
	detail := ""
	if e.Last != "" {
		detail = ": " + e.Last
	}
	switch {
	case e.Signal != 0:
		return sdk.Errorf(sdk.Transient, "killed by signal %d (%s)%s", int(e.Signal), e.Signal, detail)
	case slices.Contains(okCodes, e.Code):
		return nil
	case !e.Answered():
		return sdk.Errorf(sdk.Permanent, "exit code %d, the shell cannot run a program%s", e.Code, detail)
	default:
		return sdk.Errorf(sdk.Transient, "exit code %d%s", e.Code, detail)
	}
}

// printed adds what was printed to an end.
func (e End) printed(stdout, stderr *collector) End {
	e.Stdout, e.Stderr, e.Last = stdout.Kept, stderr.Kept, stderr.last()
	if e.Last == "" {
		e.Last = stdout.last()
	}
	return e
}

// Find says why the program of a spec is not there, or cannot be run.
func (r *Runner) Find(spec Spec) error {
	_, err := r.paths.find(spec.Argv[0], r.environment(spec).path(), r.place(spec.Dir))
	return err
}

// launch starts a program with a function of the system's, found by its name.
func (r *Runner) launch(spec Spec, start func(path, dir string, environ []string) error) error {
	name, dir, environ := spec.Argv[0], r.place(spec.Dir), r.environment(spec)
	for attempt := 0; ; attempt++ {
		path, err := r.paths.find(name, environ.path(), dir)
		if err != nil {
			return sdk.Errorf(sdk.Permanent, "%w", err).NothingChanged()
		}
		err = start(path, dir, environ)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrNotExist) && attempt == 0:
			r.paths.forget(name) // it was moved since it was found
		case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EMFILE):
			return sdk.Errorf(sdk.Transient, "start %s: %w", name, err).NothingChanged()
		default:
			return sdk.Errorf(sdk.Permanent, "start %s: %w", name, err).NothingChanged()
		}
	}
}

// tell notes the process. A note that is not kept is no reason to stop: the marker in
// the process's environment still finds it.
func (s Spec) tell(id ID) {
	if s.Note == nil {
		return
	}
	if err := s.Note(id); err != nil && s.Host != nil {
		s.Host.Progress(sdk.Progress{Message: "the process cannot be noted: " + err.Error()})
	}
}

// stopped is the error of a program that the context's end ended, or kept from starting.
func stopped(cause error, how string) *sdk.Error {
	class := sdk.Cancelled
	if errors.Is(cause, context.DeadlineExceeded) {
		class = sdk.Timeout
	}
	return sdk.Errorf(class, "the program %s: %w", how, cause)
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
