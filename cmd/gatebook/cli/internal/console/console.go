// Package console is what every verb of the command line has in common: the outside of
// the process, how to write to it, and how to ask the person at the terminal.
//
// It knows nothing of verbs and starts no run.
package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Console is the environment with the flags that say how to use it.
type Console struct {
	Env
	Colour string // auto, always or never
	State  string // the folder of --state as it was typed; empty: it was not
	// PluginDirs are the folders of --plugin-dir as they were typed.
	PluginDirs []string

	stdinFor string    // what standard input was read for
	ends     *[]func() // shared by consoles that work in other folders
}

// AtEnd has something done when the verb is done.
func (c *Console) AtEnd(do func()) {
	if c.ends == nil {
		c.ends = new([]func())
	}
	*c.ends = append(*c.ends, do)
}

// Style is how to write to a stream that is a terminal, or is not.
func (c *Console) Style(terminal bool) layout.Style {
	switch c.Colour {
	case "always":
		return layout.Style{Colour: true}
	case "never":
		return layout.Style{}
	default:
		return layout.Style{Colour: terminal && c.Getenv("NO_COLOR") == "" && c.Getenv("TERM") != "dumb"}
	}
}

// Out is how to write to standard output.
func (c *Console) Out() layout.Style { return c.Style(c.Screen.Stdout) }

// leastColumns is how wide text may always be that folds.
const leastColumns = 100

// Folding is the style of text that is read as a whole and folds: as wide as the terminal is
// that it is written to, and never less than people expect.
func (c *Console) Folding(terminal bool) layout.Style {
	style := c.Style(terminal)
	style.Columns = max(c.Screen.Columns(terminal), leastColumns)
	return style
}

// Complain says what is wrong, which may be told in another program's words.
func (c *Console) Complain(message string) {
	fmt.Fprintf(c.Stderr, "%s %s\n", c.Style(c.Screen.Stderr).Bad("gatebook:"), strings.TrimRight(c.Runnable(diag.Clean(message)), "\n"))
}

// Note says something beside the result.
func (c *Console) Note(format string, args ...any) {
	fmt.Fprintln(c.Stderr, strings.TrimRight(c.Runnable(diag.Clean(fmt.Sprintf(format, args...))), "\n"))
}

// PrintJSON writes one document to standard output.
func (c *Console) PrintJSON(document any) error {
	out := json.NewEncoder(c.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(document); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// UsageError is a command line that cannot be carried out as it is typed.
type UsageError struct {
	Message string
	Hint    string // what to type instead
}

// Error returns the message.
func (e *UsageError) Error() string { return e.Message }

// Usage returns a [UsageError].
func Usage(hint, format string, args ...any) error {
	return &UsageError{Message: fmt.Sprintf(format, args...), Hint: hint}
}

// StuckError is why nothing can be done with a run before a person has looked at it.
type StuckError struct {
	Cause error
	Hint  string // where to look
}

// Error says why.
func (e *StuckError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *StuckError) Unwrap() error { return e.Cause }

// CodeError ends the process with a code; what there is to say has been said.
type CodeError int

// Error names the code.
func (e CodeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// The exit codes, but for those that only the outcome of a run has.
const (
	ExitOK      = 0
	ExitFailed  = 1 // something of the environment failed
	ExitInvalid = 2 // usage, the runbook is invalid, or its result cannot be written
	ExitStuck   = 4 // a person is needed
	ExitStopped = 5 // it was stopped before its end
)

// Finish says what went wrong and returns the exit code.
func (c *Console) Finish(err error) int {
	if c.ends != nil {
		for _, end := range *c.ends {
			end()
		}
	}
	var code CodeError
	var wrong *UsageError
	var unwritten *OutputError
	var stuck *StuckError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong):
		c.Complain(wrong.Message)
		if wrong.Hint != "" {
			c.Note("%s", wrong.Hint)
		}
		return ExitInvalid
	case errors.As(err, &unwritten):
		c.Complain(unwritten.Error())
		return ExitInvalid
	case errors.As(err, &stuck):
		c.Complain(stuck.Error())
		c.Note("%s", stuck.Hint)
		return ExitStuck
	default:
		c.Complain(err.Error())
		return ExitFailed
	}
}
