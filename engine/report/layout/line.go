package layout

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Line makes one harmless line of text that came from outside: escape sequences are
// gone, so are characters that steer a terminal, and what would break the line is a
// space. A character that nobody sees, or that turns the direction of writing, is written
// as its number: left out, the text would read as one that it is not.
func Line(text string) string {
	if !strings.ContainsFunc(text, unlike) {
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
		case hides(r):
			writeNumber(&b, r)
		case !steers(r):
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return strings.TrimSpace(b.String())
}

// Visible is text from outside with a number in the place of each character that would steer
// a terminal, or that nobody sees: unlike [Line] it leaves nothing out. A line end is one of
// them; see [Block] for text of many lines.
func Visible(text string) string {
	if !strings.ContainsFunc(text, unlike) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case unlike(r):
			writeNumber(&b, r)
		default:
			b.WriteString(text[i : i+utf8.RuneLen(r)])
		}
	}
	return b.String()
}

// writeNumber writes a character as JSON and most languages write it in a text.
func writeNumber(b *strings.Builder, r rune) {
	if r > 0xffff {
		fmt.Fprintf(b, `\u{%x}`, r)
		return
	}
	fmt.Fprintf(b, `\u%04x`, r)
}

// unlike reports whether a character may not be shown as it is.
func unlike(r rune) bool { return steers(r) || hides(r) }

// steers reports whether a character moves the cursor or breaks the line.
func steers(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029'
}

// hides reports whether nobody sees a character, or it turns the direction of writing. Those
// that join letters and signs, or keep them apart, are a part of how people write.
func hides(r rune) bool {
	return unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
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
