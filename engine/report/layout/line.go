package layout

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Line makes one harmless line of text that came from outside: escape sequences are
// gone, so are characters that steer a terminal, and what would break the line is a
// space.
func Line(text string) string {
	if !strings.ContainsFunc(text, steers) {
		return strings.TrimSpace(text)
	}
	var b strings.Builder
	for text != "" {
		if skip := escapeLen(text); skip > 0 {
			text = text[skip:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !steers(r):
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return strings.TrimSpace(b.String())
}

// steers reports whether a character moves the cursor, breaks the line or turns the
// direction of writing.
func steers(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u2028' || r == '\u2029'
}

// escapeLen returns the length of the escape sequence that text begins with: CSI up
// to its final byte, OSC up to its terminator, or the two bytes of any other. One
// that is cut off reaches to the end.
func escapeLen(text string) int {
	if len(text) == 0 || text[0] != '\x1b' {
		return 0
	}
	if len(text) == 1 {
		return 1
	}
	switch text[1] {
	case '[':
		for i := 2; i < len(text); i++ {
			if text[i] >= 0x40 && text[i] <= 0x7e {
				return i + 1
			}
		}
		return len(text)
	case ']':
		for i := 2; i < len(text); i++ {
			if text[i] == '\a' {
				return i + 1
			}
			if text[i] == '\x1b' && i+1 < len(text) && text[i+1] == '\\' {
				return i + 2
			}
		}
		return len(text)
	default:
		return 1
	}
}

// Cut shortens plain text to a number of columns; what was cut ends in "…".
func Cut(text string, columns int) string {
	if columns <= 0 {
		return ""
	}
	return displaywidth.TruncateString(text, columns, "…")
}

// Pad fills plain text up to a number of columns.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-displaywidth.String(text)))
}

// Width returns how many columns plain text takes.
func Width(text string) int { return displaywidth.String(text) }
