// Package expr is the two languages of a runbook behind one face: CEL decides
// (`expr:`, `when:`, `retry.if:`) and expr computes (`${{ }}`).
//
// A [Compiler] turns text into a [Condition] or a [Template] against [Types],
// which know the name and shape of everything that an expression may use, so that
// a wrong name or type is a [Fault] at its exact place before anything runs. What
// an expression refers to ([Ref]) makes the edges of the plan. Evaluation takes
// values from a [Scope] and is three-valued: an unknown part makes the result
// unknown, with its causes, unless it cannot matter.
//
// Nothing here reads a clock, a file or the environment, and every expression,
// however hostile, ends quickly: text, nesting, cost and memory are bounded.
// The package knows nothing of YAML; its offsets are bytes in the text that it is
// given. It is the only importer of cel-go and of expr. Floor 2.
package expr
