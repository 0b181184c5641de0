package sdk

import (
	"errors"
	"fmt"
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
	cause     error
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

// NothingChanged returns e marked as raised before anything changed, so that there
// is nothing to take back.
func (e *Error) NothingChanged() *Error {
	marked := *e
	marked.Unchanged = true
	return &marked
}

// Error returns the message, led by the field's path where there is one.
func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// Unwrap returns what the error was made from.
func (e *Error) Unwrap() error { return errors.Unwrap(e.cause) }

// AsError returns err as an [Error], an error without a class as [Permanent].
func AsError(err error) *Error {
	if typed, ok := errors.AsType[*Error](err); ok {
		return typed
	}
	return &Error{Class: Permanent, Message: err.Error(), cause: err}
}
