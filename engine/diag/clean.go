package diag

import (
	"strings"
	"unicode"
)

// Clean replaces what text from outside could do to the reader's terminal: control
// characters, and the marks that reorder what is shown. Newline and tab stay.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && isUnsafe(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func isUnsafe(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\u200E', r == '\u200F':
		return true
	default:
		return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
	}
}
