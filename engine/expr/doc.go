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
// given. It is the only importer of cel-go and of expr, and only inside:
//
//   - internal/names: names, shapes, references, faults; what both languages share
//   - internal/condition: CEL, from text to verdict, explanation and residual
//   - internal/operand: what CEL's programs work on: values, types, calls that pay
//   - internal/template: expr, from `${{ }}` to value
//   - internal/cost: the limits, and the budget of one evaluation
//   - internal/words: the functions that gatebook adds to both
//   - internal/token: the words of a text, so that faults have ranges
//
// Floor 2.
package expr
