// Package guardian ends what the programs that a process runs leave running when that
// process is killed with SIGKILL, which it can do nothing about itself.
//
// The guardian is another process, which does nothing but wait for the end of a pipe whose
// other end only the guarded process has. What lives is in a table in memory that both
// have: a write to it costs no more than the system call and wakes nobody, so that
// programs which end at once are not slowed down. When the pipe has ended, however that
// came, the guardian kills what is left of the programs that the table still has, and ends:
// their process groups, what carries their mark in its environment, and what either has started.
// The mark is of one start of one program: what the next gatebook starts for the same step has another. It knows no secret, has no environment, and holds no
// stream, folder or terminal of the other.
//
// There is one only on Linux, where proc(5) tells a process from another that gets its
// number later. Floor 2, as a part of steps.
package guardian
