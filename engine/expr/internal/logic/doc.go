// Package logic decides whether one statement follows from another. A statement is a
// [Formula]: what must be so for a condition to be true, with no failure in it, since what
// fails is neither true nor false. It is sound and not complete: where [Follows] says yes it
// is so in every world, and where it says no it may be that nobody can tell.
// Floor 2, inside engine/expr.
package logic
