// Package console is what every verb of the command line has in common: the outside of
// the process, how to write to it, and how to ask the person at the terminal.
//
// It knows nothing of verbs and starts no run.
package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// Console is the environment with the flags that say how to use it.
type Console struct {
	Env
	Colour string // auto, always or never
	State  string // the folder of --state as it was typed; empty: it was not

	stdinFor string // what standard input was read for
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

// Complain says what is wrong.
func (c *Console) Complain(message string) {
	fmt.Fprintf(c.Stderr, "%s %s\n", c.Style(c.Screen.Stderr).Bad("gatebook:"), strings.TrimRight(c.Runnable(message), "\n"))
}

// Note says something beside the result.
func (c *Console) Note(format string, args ...any) {
	fmt.Fprintln(c.Stderr, strings.TrimRight(c.Runnable(fmt.Sprintf(format, args...)), "\n"))
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

// Path returns a path as seen from the working directory.
func (c *Console) Path(name string) string {
	if filepath.IsAbs(name) || c.Dir == "" {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// MaxFile bounds what is read of a file that a person names, in bytes. Runbooks have a
// lower bound of their own; this one keeps a device or a pipe from filling the memory.
const MaxFile = 64 << 20

// ReadFile reads a file that a person named, for what it is to be; "-" is standard
// input. That it cannot be read is a [UsageError]: nothing has begun.
func (c *Console) ReadFile(name, what string) ([]byte, error) {
	if name == "-" {
		return c.ReadStdin(what)
	}
	file, err := os.Open(c.Path(name))
	if err != nil {
		return nil, Usage("", "read %s: %v", what, err)
	}
	defer file.Close()
	return readAll(file, name, what)
}

// ReadStdin reads standard input to its end. That can be done once: a second reader
// would be given nothing and take that for what was said.
func (c *Console) ReadStdin(what string) ([]byte, error) {
	if c.stdinFor != "" {
		return nil, Usage("Give one of them in another way, as a file.",
			"standard input can be read once, and is to be %s and %s", c.stdinFor, what)
	}
	c.stdinFor = what
	return readAll(c.Stdin, "standard input", what)
}

func readAll(in io.Reader, name, what string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("%s is larger than %d MB", name, MaxFile>>20)
	}
	if err != nil {
		return nil, Usage("", "read %s: %v", what, err)
	}
	return text, nil
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

// CodeError ends the process with a code; what there is to say has been said.
type CodeError int

// Error names the code.
func (e CodeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// The exit codes that no outcome of a run has.
const (
	ExitOK      = 0
	ExitFailed  = 1 // something of the environment failed
	ExitInvalid = 2 // usage, or the runbook is invalid
)

// Finish says what went wrong and returns the exit code.
func (c *Console) Finish(err error) int {
	var code CodeError
	var wrong *UsageError
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
	default:
		c.Complain(err.Error())
		return ExitFailed
	}
}
