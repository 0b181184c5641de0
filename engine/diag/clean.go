package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean replaces what text from outside could do to the reader's terminal: control
// characters, and the marks that reorder what is shown. Newline and tab stay.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (Hidden(r) || r == '\u200E' || r == '\u200F') {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Sentence cleans a text and ends it as a sentence does.
func Sentence(text string) string {
	text = Clean(text)
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// OfError makes a whole sentence of an error.
func OfError(err error) string {
	text := Sentence(err.Error())
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// Hidden reports whether a character cannot be seen and changes what can: a control
// character, a line end that only some programs know, or a mark that turns the text
// around it. Those that turn nothing but themselves, U+200E and U+200F, belong in text
// that is written from right to left.
func Hidden(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	default:
		return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
	}
}
