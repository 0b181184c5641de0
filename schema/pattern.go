package schema

import "github.com/gatebook/gatebook/schema/internal/pattern"

// Pattern is a compiled regular expression (RE2). Its Size is how many instructions it
// has: a search takes at most Size steps for each byte of the text.
type Pattern = pattern.Pattern

// CompilePattern compiles a regular expression, unless it is so large that it is meant
// to do harm. How large it becomes is counted before it is compiled.
func CompilePattern(text string) (*Pattern, error) { return pattern.Compile(text) }

// Patterns compiles the regular expressions of one document with its Compile, and bounds
// what they cost all together. The zero value is ready. It is not safe for concurrent use.
type Patterns = pattern.Set

// ErrPatterns says that the regular expressions of a document are too many.
var ErrPatterns = pattern.ErrTooMany
