// Package cost is the limits of expressions in both languages, and the budget that
// an evaluation pays from.
//
// Neither language bounds by itself all that its expressions may do: each pays from a
// [Budget] before it works on something, by what only that language knows of the
// work. Floor 2, inside engine/expr.
package cost

// The limits of an expression. They are far above what people write, and low enough
// that any expression within them ends in a fraction of a second.
const (
	MaxText    = 16 << 10  // bytes of one expression
	MaxNesting = 64        // brackets in brackets
	MaxNodes   = 5_000     // parts
	MaxLoops   = 3         // comprehensions in comprehensions
	MaxWork    = 500_000   // units of work of one evaluation
	LittleWork = 1_000     // units of work that is done to warn of something
	MaxItems   = 1_000_000 // items of a list that a function makes by itself
	MaxDepth   = 100       // how deep a value is nested that is worked on
)

// BytesPerUnit is how much text costs as much as one step, and how many comparisons.
const BytesPerUnit = 16

// What costs more than its size says, in units: to take apart a version or what it may
// be, per byte; to compile a pattern; and how many steps of a search for a pattern are
// one unit.
const (
	versionByte    = 1
	constraintByte = 16
	patternCost    = 2_000
	patternByte    = 10
	searchPerUnit  = 128
)
