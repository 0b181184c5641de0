package value

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Shells and programs quote in more ways than can be listed: what stands between
// quotes, behind backslashes, or in a string inside of a string is for each tool to
// choose. What all leave as it is are the other characters, in their order. So a secret
// that may be quoted is looked for in text without backslashes and quotes.

// isQuoting reports whether quoting may put c before or around what it quotes.
func isQuoting(c byte) bool { return c == '\\' || c == '\'' || c == '"' }

// isEverBare reports whether no tool has a reason to quote the text.
func isEverBare(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isLetterOrDigit(c) && strings.IndexByte("_-./:=@%+", c) < 0 {
			return false
		}
	}
	return true
}

// bared returns text without what quoting may add, and where each of its bytes stood.
// Where nothing is to be left out the places are nil.
func bared(text string) (string, []int) {
	if !strings.ContainsAny(text, `\'"`) {
		return text, nil
	}
	bare := make([]byte, 0, len(text))
	places := make([]int, 0, len(text))
	for i := range len(text) {
		if !isQuoting(text[i]) {
			bare = append(bare, text[i])
			places = append(places, i)
		}
	}
	return string(bare), places
}

// bareForms returns what is left of a secret without its quoting, as tools write what
// is not printable or not ASCII: as it is, as \n, \u00fc, \xfc or \303\274.
func bareForms(secret string) []string {
	var forms []string
	for _, text := range []string{secret, strings.NewReplacer("\n", "n", "\r", "r", "\t", "t").Replace(secret)} {
		for _, foreign := range []func(r rune) string{
			func(r rune) string { return string(r) },
			func(r rune) string {
				var b strings.Builder
				for _, unit := range utf16.Encode([]rune{r}) {
					fmt.Fprintf(&b, "u%04x", unit)
				}
				return b.String()
			},
			func(r rune) string { return fmt.Sprintf("x%02x", r) },
			func(r rune) string {
				var b strings.Builder
				for _, c := range []byte(string(r)) {
					fmt.Fprintf(&b, "%03o", c)
				}
				return b.String()
			},
		} {
			var b strings.Builder
			for _, r := range text {
				if r < 0x80 {
					b.WriteRune(r)
				} else {
					b.WriteString(foreign(r))
				}
			}
			bare, _ := bared(b.String())
			forms = append(forms, bare)
		}
	}
	return forms
}
