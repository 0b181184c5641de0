package sdk

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrUnsupported is returned for a capability that an action does not have.
var ErrUnsupported = errors.New("the action cannot do this")

// Class says what an error means for what happens next.
type Class string

// The classes of error. An error without a class is [Permanent].
const (
	Transient Class = "transient" // trying again may help
	Permanent Class = "permanent" // trying again will not help
	Conflict  Class = "conflict"  // somebody else changed it meanwhile
	Denied    Class = "denied"    // not allowed
	Timeout   Class = "timeout"   // the deadline passed; set by the host
	Cancelled Class = "cancelled" // asked to stop; set by the host
)

// Error is an error with its class and, where one parameter is at fault, that
// parameter's path; the host finds the place in the file.
type Error struct {
	Class     Class  `json:"class"`
	Field     string `json:"field,omitempty"` // "nodes[2].name"
	Message   string `json:"message"`         // what went wrong with what, no full stop
	Unchanged bool   `json:"unchanged,omitempty"`
	// Outdated says that what the plan saw is not so any more: whoever goes on all the same was told.
	Outdated bool `json:"outdated,omitempty"`
	// Connection names the connection that could not be made, and Field is then a path
	// in what configures it; set by the host.
	Connection string `json:"connection,omitempty"`
	cause      error
}

// Errorf makes an error of a class; %w wraps as in [fmt.Errorf].
func Errorf(class Class, format string, args ...any) *Error {
	cause := fmt.Errorf(format, args...)
	return &Error{Class: class, Message: cause.Error(), cause: cause}
}

// FieldErrorf makes a permanent error about one parameter, before anything changed.
func FieldErrorf(field, format string, args ...any) *Error {
	e := Errorf(Permanent, format, args...)
	e.Field, e.Unchanged = field, true
	return e
}

// StoppedErrorf makes the error of an action that ends because its context did, and says
// what it leaves behind: "3 of 5 pods are left on node-1". What was changed is kept in mind
// by the engine and taken back where the runbook says so; the words are for the person.
func StoppedErrorf(ctx context.Context, format string, args ...any) *Error {
	class := Cancelled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		class = Timeout
	}
	said := fmt.Errorf(format, args...)
	return &Error{Class: class, Message: said.Error(), cause: errors.Join(said, context.Cause(ctx))}
}

// OutdatedErrorf makes the conflict of an action that finds another thing than the plan saw
// ([Request.Seen]), before anything changed.
func OutdatedErrorf(format string, args ...any) *Error {
	e := Errorf(Conflict, format, args...)
	e.Outdated, e.Unchanged = true, true
	return e
}

// NothingChanged returns e marked as raised before anything changed, so that there
// is nothing to take back.
func (e *Error) NothingChanged() *Error {
	marked := *e
	marked.Unchanged = true
	return &marked
}

// Error returns the message, led by what is at fault where that is known.
func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Connection != "" {
		text = "connection " + e.Connection + ": " + text
	}
	return text
}

// Unwrap returns what the error was made from.
func (e *Error) Unwrap() error { return e.cause }

// AsError returns err as an [Error], an error without a class as [Permanent]. What was
// said around an [Error] stands in the message of the one that is returned.
func AsError(err error) *Error {
	typed, ok := errors.AsType[*Error](err)
	if !ok {
		return &Error{Class: Permanent, Message: err.Error(), cause: err}
	}
	if said := err.Error(); said != typed.Error() {
		around := *typed
		around.Message, around.cause = strings.Replace(said, typed.Error(), typed.Message, 1), err
		return &around
	}
	return typed
}
