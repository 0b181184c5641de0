// Package pattern compiles regular expressions that come from strangers, and bounds what
// they cost. It leaves out what they are for. Floor 0, as a part of schema.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Limits on regular expressions, which come from strangers too. A few bytes can ask
// for millions of instructions, (x{1000}){1000}, and a single class, [\pL], for more
// work than a page of text.
const (
	maxText = 10_000  // bytes of one
	maxSize = 1_000   // instructions of one
	maxWork = 20_000  // what one may cost, in bytes of plain text
	maxAll  = 300_000 // what all of one document may cost
)

// ErrTooMany says that the regular expressions of a document are too many.
var ErrTooMany = errors.New("the regular expressions are too large all together")

// Pattern is a compiled regular expression (RE2).
type Pattern struct {
	*regexp.Regexp

	// Size is how many instructions it has: a search takes at most Size steps for
	// each byte of the text.
	Size int
}

// Compile compiles a regular expression, unless it is so large that it is meant
// to do harm. How large it becomes is counted before it is compiled.
func Compile(text string) (*Pattern, error) {
	if len(text) > maxText || work(text) > maxWork {
		return nil, errTooLarge
	}
	if foldsFarRange(text) {
		return nil, errors.New("a range that ends beyond ASCII cannot ignore the case")
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	size := instructions(tree)
	if size > maxSize {
		return nil, errTooLarge
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	return &Pattern{compiled, size}, nil
}

var errTooLarge = fmt.Errorf("the regular expression is too large; at most %d instructions are allowed", maxSize)

// Set compiles the regular expressions of one document, and bounds what they cost all
// together. The zero value is ready. It is not safe for concurrent use.
type Set struct{ spent int }

// Compile compiles one more. It fails with [ErrTooMany] once it would be too much.
func (s *Set) Compile(text string) (*Pattern, error) {
	if s.spent > maxAll {
		return nil, ErrTooMany
	}
	s.spent += min(work(text), maxWork)
	pattern, err := Compile(text)
	if err != nil {
		s.spent += maxSize // one that is too large has been counted, too
		return nil, err
	}
	s.spent += pattern.Size
	return pattern, nil
}

// work is how much work the parser has with a text, in bytes of plain text. A
// class of Unicode is hundreds of ranges.
func work(text string) int {
	classes := strings.Count(text, `\p`) + strings.Count(text, `\P`)
	return len(text) + 100*classes
}

// foldsFarRange finds (?i)[a-\x{1FFFF}], for which the parser looks at each letter of
// the range.
func foldsFarRange(text string) bool {
	if !ignoresCase(text) {
		return false
	}
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '-' && (text[i+1] >= 0x80 || text[i+1] == '\\' && strings.ContainsRune("x01234567", rune(text[min(i+2, len(text)-1)]))) {
			return true
		}
	}
	return false
}

// ignoresCase reports whether a group such as (?i) or (?mi:x) may set the flag.
func ignoresCase(text string) bool {
	for {
		_, rest, found := strings.Cut(text, "(?")
		if !found {
			return false
		}
		flags := rest[:len(rest)-len(strings.TrimLeft(rest, "imsU-"))]
		if strings.Contains(flags, "i") {
			return true
		}
		text = rest
	}
}

// instructions counts what the compiler would make, at most a little beyond the limit.
func instructions(tree *syntax.Regexp) int {
	const enough = maxSize + 1
	size := 1
	switch tree.Op {
	case syntax.OpLiteral:
		size = len(tree.Rune)
	case syntax.OpRepeat:
		inner := instructions(tree.Sub[0])
		if tree.Min != tree.Max { // what may be missing needs a branch
			inner++
		}
		size = inner * max(tree.Min, tree.Max, 1)
	case syntax.OpCapture:
		size = 2 + instructions(tree.Sub[0])
	case syntax.OpConcat, syntax.OpAlternate:
		size = len(tree.Sub) - 1
		for _, part := range tree.Sub {
			if size += instructions(part); size > enough {
				return enough
			}
		}
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		size = 1 + instructions(tree.Sub[0])
	default: // one of a kind
	}
	return min(size, enough)
}
