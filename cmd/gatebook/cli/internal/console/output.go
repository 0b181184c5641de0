package console

import "io"

// OutputError says that a result could not be written to standard output. A verb that
// only shows something has then done nothing; of a run it says nothing, whose own
// outcome is the exit code.
type OutputError struct{ Err error }

// Error says what could not be done, and why.
func (e *OutputError) Error() string { return "the result could not be written: " + e.Err.Error() }

// Unwrap returns why it could not be written.
func (e *OutputError) Unwrap() error { return e.Err }

// results is a stream that results go to. It marks its errors, as the rooms that write
// there do not know to whom.
type results struct{ to io.Writer }

// Write passes on what is written.
func (r results) Write(text []byte) (int, error) {
	n, err := r.to.Write(text)
	if err != nil {
		err = &OutputError{err}
	}
	return n, err
}
