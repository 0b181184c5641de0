package value

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode/utf16"
)

// encodings returns the forms in which a secret usually travels, itself among them.
func encodings(secret string) []string {
	raw := []byte(secret)
	quoted := inJSON(secret)
	plainly := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(quoted) // as others than Go do
	forms := []string{secret, strings.TrimSpace(secret), quoted, plainly, inASCII(quoted), inASCII(plainly)}
	forms = append(forms, inHTML(secret)...)
	forms = append(forms, inUnits(secret), unescaped(secret))
	for _, form := range inURL(secret) {
		forms = append(forms, form, lowerEscapes(form))
	}
	if len(secret) < shortestMasked {
		return forms
	}
	lower := hex.EncodeToString(raw)
	for _, text := range []string{lower, strings.ToUpper(lower)} {
		forms = append(forms, text, spread(text, 2, ":"))
		forms = append(forms, wrapped(text, 60)...)                                    // xxd -p
		forms = append(forms, splitDump(spread(text, 2, " "), 16*3)...)                // od -tx1
		forms = append(forms, splitDump(spread(text, 4, " "), 8*5)...)                 // xxd
		forms = append(forms, strings.ReplaceAll(" "+spread(text, 2, " "), " ", `\x`)) // in a C string
		forms = append(forms, strings.ReplaceAll(" "+spread(text, 2, " "), " ", `%`))  // in a URL, all of it
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			forms = append(forms, base64Core(encoding, raw, shift))
		}
		for _, columns := range []int{76, 64} { // base64, PEM
			forms = append(forms, wrapped(base64Core(encoding, raw, 0), columns)...)
		}
	}
	plain := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	return append(forms, plain[:len(raw)*8/5])
}

// base64Core returns those characters of the encoding that depend on the secret
// alone when shift bytes of something else stand before it, as "user:" does in basic
// authentication.
func base64Core(encoding *base64.Encoding, raw []byte, shift int) string {
	padded := append(make([]byte, shift), raw...)
	text := encoding.EncodeToString(padded)
	start := (shift*8 + 5) / 6
	end := len(padded) * 8 / 6
	return text[start:end]
}

func inJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return text // a string can always be marshalled
	}
	return string(quoted[1 : len(quoted)-1])
}

// inASCII writes what is not ASCII as most languages but Go do in JSON.
func inASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// inUnits writes every character by its number, as \u0070.
func inUnits(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	return b.String()
}

// unescaped reads the escapes that a text holds, as echo does in dash.
func unescaped(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(text)
}

func inHTML(text string) []string {
	names := html.EscapeString(text)
	return []string{names, strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(names)}
}

// inURL returns the ways in which URLs are written: what is escaped differs from one
// library to the next.
func inURL(text string) []string {
	forms := []string{url.QueryEscape(text), url.PathEscape(text)}
	for _, kept := range []string{"-_.~", "-_.!~*'()", "-_.~/"} { // RFC 3986, JavaScript, Python
		var b strings.Builder
		for i := range len(text) {
			if c := text[i]; c < 0x80 && (isLetterOrDigit(c) || strings.IndexByte(kept, c) >= 0) {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		forms = append(forms, b.String())
	}
	return forms
}

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// lowerEscapes writes the digits of %2B in lower case.
func lowerEscapes(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// spread puts a separator between groups of so many characters.
func spread(text string, size int, between string) string {
	var groups []string
	for ; len(text) > size; text = text[size:] {
		groups = append(groups, text[:size])
	}
	return strings.Join(append(groups, text), between)
}

// wrapped returns the lines of a text that is wrapped, but for what is too short to tell.
func wrapped(text string, columns int) []string {
	var lines []string
	for ; len(text) > columns; text = text[columns:] {
		lines = append(lines, text[:columns])
	}
	if len(lines) > 0 && len(text) >= 2*shortestMasked {
		lines = append(lines, text)
	}
	return lines
}

// splitDump returns the lines of a dump that is spread already, and it as a whole.
func splitDump(text string, columns int) []string {
	lines := []string{text}
	for ; len(text) > columns; text = text[columns:] {
		lines = append(lines, strings.TrimSpace(text[:columns]))
	}
	if text = strings.TrimSpace(text); len(lines) > 1 && len(text) >= 2*shortestMasked {
		lines = append(lines, text)
	}
	return lines
}
