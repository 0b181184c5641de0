package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
)

// The exit codes that no outcome of a run has.
const (
	exitOK      = 0
	exitFailed  = 1 // something of the environment failed
	exitInvalid = 2 // usage, or the runbook is invalid
)

// usageError is a command line that cannot be carried out as it is typed.
type usageError struct {
	message string
	hint    string // what to type instead
}

func (e *usageError) Error() string { return e.message }

func usage(hint, format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...), hint: hint}
}

// codeError ends the process with a code; what there is to say has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// outcome is the error that gives a run's outcome as the exit code.
func outcome(o event.Outcome) error {
	if code := o.ExitCode(); code != exitOK {
		return codeError(code)
	}
	return nil
}

// finish says what went wrong and returns the exit code.
func (a *app) finish(err error) int {
	var code codeError
	var wrong *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong):
		a.complain(wrong.message)
		if wrong.hint != "" {
			a.note(wrong.hint)
		}
		return exitInvalid
	default:
		a.complain(err.Error())
		return exitFailed
	}
}

// complain says what is wrong.
func (a *app) complain(message string) {
	fmt.Fprintf(a.Stderr, "%s %s\n", a.style(a.Screen.Stderr).Bad("gatebook:"), message)
}

// note says something beside the result.
func (a *app) note(format string, args ...any) {
	fmt.Fprintln(a.Stderr, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}
