// Package words writes values, paths and lists for people. Floor 0, as a part of schema.
package words

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Show writes a value for a message: short, and strings as they stand where that
// is clear.
func Show(data any) string {
	const most = 60
	if s, ok := data.(string); ok && IsPlain(s) && len(s) <= most {
		return s
	}
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Sprintf("a %T", data)
	}
	if len(text) <= most {
		return string(text)
	}
	for most := most; ; most-- {
		if utf8.RuneStart(text[most]) {
			return string(text[:most]) + "…"
		}
	}
}

// IsPlain reports whether a text is clear as it stands, without quotes.
func IsPlain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == ',' || c == '"' || c >= 0x7f
	})
}

// OneOf writes values to choose from.
func OneOf(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = Show(v)
	}
	return List(texts, "or")
}

// List joins texts as people do: "a, b or c".
func List(texts []string, word string) string {
	last := len(texts) - 1
	if last < 1 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " " + word + " " + texts[last]
}

// Count writes how many things there are.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Path writes a path for people: "nodes[2].name".
func Path(path []string) string {
	var text strings.Builder
	for i, part := range path {
		switch {
		case isIndex(part):
			text.WriteString("[" + part + "]")
		case i > 0:
			text.WriteString("." + part)
		default:
			text.WriteString(part)
		}
	}
	return text.String()
}

func isIndex(part string) bool {
	return part != "" && !slices.ContainsFunc([]byte(part), func(c byte) bool { return c < '0' || c > '9' })
}
