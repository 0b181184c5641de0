// Package template is strings with `${{ }}` in them, in which expr computes: it turns
// a text into a [Template], finds the faults of its expressions at their places, and
// says what they refer to, what shape their value has, and what value.
//
// expr reads Go's data, knows no value that is unknown or secret, and bounds little of
// what its programs do. So an expression's references are resolved before it runs, its
// environment holds only those, and its tree is rewritten until it pays for its work.
// Floor 2, inside engine/expr.
package template
