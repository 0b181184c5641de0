// Package condition is CEL, in which `expr:`, `when:` and `retry.if:` decide: it turns
// text into a [Condition], finds the faults of the text at their places, and says of a
// condition what it refers to, whether it is true, and why.
//
// CEL's messages are for programmers and its places are single characters; here they
// become sentences and ranges. What CEL's programs work on is the package operand's.
// Floor 2, inside engine/expr.
package condition
