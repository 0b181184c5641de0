// Command bench measures gatebook as its users meet it, a whole process at a time,
// beside GNU make, and writes what it finds into docs/performance.md. `make bench`
// runs it.
//
// Rounds alternate between the contestants, so that a busy moment of the machine
// hits both; what is told is the median. Peak memory and processor time are the
// operating system's own account. The benchmarks inside the packages are run too
// and stand in the same page. It is a program of its own and not a test because it
// takes minutes, wants the built binary, and its result depends on the machine.
// Nobody imports it; beside the standard library it needs only the shapes.
package main
