// Package operand is what CEL's programs work on: the values of a runbook as CEL sees
// them, their static types, and the calls that are made on them.
//
// A value may be unknown as a whole or in part, which is why CEL's own forms of lists
// and maps do not do, and may be large, which is why each call pays for its arguments
// before it is made. Text and places are the package condition's. Floor 2, inside
// engine/expr.
package operand
