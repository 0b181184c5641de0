// Package proc reads what proc(5) says of processes, and tells by it which of them gatebook
// started: by their group, by the key in their environment, and by their parents. Elsewhere
// than on Linux it is only the name of that key. Floor 2, as a part of steps.
package proc

// KeyVariable carries the idempotency key into a process and all that it starts.
const KeyVariable = "GATEBOOK_KEY"
