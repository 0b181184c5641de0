// Package proc reads what proc(5) says of processes, and tells by it which of them gatebook
// started: by their group, by what is in their environment, and by their parents. Elsewhere
// than on Linux it is only the names of those variables. Floor 2, as a part of steps.
package proc

const (
	// KeyVariable carries the idempotency key into a process and all that it starts: it is the
	// same for all attempts of a step, whichever gatebook makes them.
	KeyVariable = "GATEBOOK_KEY"
	// MarkVariable carries a mark into them that no other process has, so that the guardian of
	// one gatebook leaves alone what the next one starts for the same step.
	MarkVariable = "GATEBOOK_MARK"
)
