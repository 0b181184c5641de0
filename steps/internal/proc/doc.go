// Package proc reads what proc(5) says of processes, and tells by it which of them are of
// a group that gatebook started. Elsewhere than on Linux it is empty. Floor 2, as a part
// of steps.
package proc
