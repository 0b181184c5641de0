package syntax_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

func parse(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, text string,
) *syntax.Node {
	t.Helper()
	node, found := syntax.Parse(source.NewFile("f.yaml", []byte(text)))
	for _, d := range found {
		t.Fatalf("%s: %s %s in %q", d.Range, d.Rule.Code, d.Detail, text)
	}
	return node
}

// A place in the decoded text leads to the bytes that it was decoded from.
func TestRangeOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, yaml, part string // part of the value of the key a
		want             string // in the file
	}{
		{"plain", "a: one two # c\n", "two", "two"},
		{"plain, whole", "a: one two # c\n", "one two", "one two"},
		{"plain over lines", "a: one\n  two\n\n  three\n", "two\nthr", "two\n\n  thr"},
		{"plain over lines, the break", "a: one\n  two\n", "e t", "e\n  t"},
		{"plain with spaces before the break", "a: one  \n   two\n", "two", "two"},
		{"plain with quotes inside", "a: it's \"so\" \\n\n", "\"so\" \\n", "\"so\" \\n"},
		{"plain in flow", "a: [ x y , z ]\n", "x y", "x y"},
		{"single quotes", "a: 'it''s so'\n", "s so", "s so"},
		{"single quotes, the escape", "a: 'it''s so'\n", "'", "''"},
		{"single quotes over lines", "a: 'it''s\n\n\n   so'\n", "\n\nso", "\n\n\n   so"},
		{"double quotes", `a: "x \"y\" \u00e9\n z"`, "z", "z"},
		{"double quotes, an escape", `a: "x \u00e9 z"`, "é", `\u00e9`},
		{"double quotes, short escapes", `a: "\x41\t\\\eb"`, "\\\x1bb", `\\\eb`},
		{"double quotes, named spaces", `a: "\N\_\L\Pb"`, "\u2028\u2029b", `\L\Pb`},
		{"double quotes, a long escape", `a: "\U0001F600b"`, "b", "b"},
		{"double quotes over lines", "a: \"x\n  y\\\n   z\"", "yz", "y\\\n   z"},
		{"double quotes, escaped break and empty line", "a: \"x\\\n\n   z\"", "z", "z"},
		{"literal", "a: |\n  one\n    two\n\n  three\n", "  two\n\nth", "  two\n\n  th"},
		{"literal with indicator", "a: |1\n   one\n  two\n", "  one\n two", "  one\n  two"},
		{"literal, stripped", "a: |-\n  one\n  two\n\n\nb: c\n", "two", "two"},
		{"literal, kept", "a: |+\n  one\n\n\nb: c\n", "one\n\n\n", "one"},
		{"literal after empty lines", "a: |\n\n\n  one\n", "one", "one"},
		{"folded", "a: >\n  one\n  two\n\n  three\n", "two\nthree", "two\n\n  three"},
		{"folded, the break", "a: >\n  one\n  two\n", "e t", "e\n  t"},
		{"folded with deeper lines", "a: >-\n  one\n    two\n  three\n  four\n", "three f", "three\n  f"},
		{"CRLF plain", "a: one\r\n  two\r\nb: c\r\n", "two", "two"},
		{"CRLF literal", "a: |\r\n  one\r\n  two\r\nb: c\r\n", "two", "two"},
		{"CRLF folded", "a: >\r\n  one\r\n  two\r\n\r\n  x\r\nb: c\r\n", "x", "x"},
		{"wide characters", "a: \"漢字 é x\"\n", "é x", "é x"},
		{"after an anchor", "a: &n one two\n", "two", "two"},
		{"after a byte order mark", "\uFEFFa: one two\n", "two", "two"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			node := parse(t, test.yaml).Get("a")
			if node.Kind() == syntax.List {
				node = node.Items()[0]
			}
			at := strings.Index(node.Text(), test.part)
			if at < 0 {
				t.Fatalf("%q is not in %q", test.part, node.Text())
			}
			if got := node.RangeOf(at, at+len(test.part)).Text(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRangeOfIsClampedToTheScalar(t *testing.T) {
	t.Parallel()
	node := parse(t, "a: 'one'\n").Get("a")
	for _, test := range []struct{ start, end, from, to int }{
		{-5, 99, 4, 7}, {3, 3, 7, 7}, {0, 0, 4, 4}, {2, 1, 6, 6}, {99, 99, 7, 7},
	} {
		got := node.RangeOf(test.start, test.end)
		if got.Start != test.from || got.End != test.to {
			t.Errorf("RangeOf(%d, %d) is [%d, %d), want [%d, %d)", test.start, test.end, got.Start, got.End, test.from, test.to)
		}
	}
	var nowhere *syntax.Node
	if !nowhere.RangeOf(0, 1).IsZero() {
		t.Error("no node has a place")
	}
}

// writers write a text as a scalar, in every style that can hold it. Each character
// of the text is written as itself or as an escape.
var writers = map[string]func(t *rapid.T, text string) string{
	"plain":   writePlain,
	"single":  writeSingle,
	"double":  writeDouble,
	"literal": func(t *rapid.T, text string) string { return writeBlock(t, "|", text, "\n") },
	"folded":  func(t *rapid.T, text string) string { return writeBlock(t, ">", text, "\n\n") },
}

// breakOf writes n folded line breaks, or a space that is a break in the file.
func breakOf(t *rapid.T, n int) string {
	pad := rapid.SampledFrom([]string{"", " ", "\t", "  "})
	indent := rapid.SampledFrom([]string{"  ", "   ", "     "})
	end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
	out := pad.Draw(t, "before the break")
	for range n + 1 {
		out += end
	}
	return out + indent.Draw(t, "indentation")
}

// fold writes text with some of its single spaces, and all its breaks, as breaks in
// the file; piece writes what is between.
func fold(t *rapid.T, text string, piece func(string) string) string {
	var out strings.Builder
	for len(text) > 0 {
		at := strings.IndexAny(text, " \n")
		if at < 0 {
			break
		}
		out.WriteString(piece(text[:at]))
		rest := strings.TrimLeft(text[at:], "\n")
		breaks := len(text) - at - len(rest)
		inner := at > 0 && len(rest) > 1 && breaks == 0 && rest[1] != ' ' && rest[1] != '\n'
		switch {
		case breaks > 0:
			out.WriteString(breakOf(t, breaks))
			text = rest
		case inner && rapid.Bool().Draw(t, "break at the space"):
			out.WriteString(breakOf(t, 0))
			text = rest[1:]
		default:
			out.WriteString(" ")
			text = rest[1:]
		}
	}
	out.WriteString(piece(text))
	return out.String()
}

func writePlain(t *rapid.T, text string) string {
	return fold(t, text, func(s string) string { return s })
}

func writeSingle(t *rapid.T, text string) string {
	return "'" + fold(t, text, func(s string) string { return strings.ReplaceAll(s, "'", "''") }) + "'"
}

func writeDouble(t *rapid.T, text string) string {
	return `"` + fold(t, text, func(s string) string {
		var out strings.Builder
		for at, r := range s {
			switch {
			case r == '"' || r == '\\':
				out.WriteString("\\" + string(r))
			case r < 0x100 && rapid.IntRange(0, 3).Draw(t, "escape") == 0:
				fmt.Fprintf(&out, `\x%02x`, r)
			case r < 0x10000 && rapid.IntRange(0, 3).Draw(t, "escape") == 0:
				fmt.Fprintf(&out, `\u%04X`, r)
			case rapid.IntRange(0, 5).Draw(t, "escape") == 0:
				fmt.Fprintf(&out, `\U%08X`, r)
			default:
				out.WriteRune(r)
			}
			if at+utf8.RuneLen(r) < len(s) && rapid.IntRange(0, 9).Draw(t, "escaped break") == 0 {
				out.WriteString("\\\n   ")
			}
		}
		return out.String()
	}) + `"`
}

func writeBlock(t *rapid.T, mark, text, between string) string {
	indent := strings.Repeat(" ", rapid.IntRange(1, 4).Draw(t, "indentation"))
	end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
	if strings.HasPrefix(text, " ") {
		mark += fmt.Sprint(len(indent))
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = indent + line
		}
	}
	body := strings.Join(lines, between)
	return strings.ReplaceAll(mark+"-\n"+body+"\n", "\n", end)
}

// texts are lines of words with single spaces between, which every style can hold.
func texts() *rapid.Generator[string] {
	word := rapid.StringOfN(rapid.SampledFrom([]rune("abé漢😀'\"\\xu0$")), 1, 5, -1).
		Filter(func(s string) bool { return !strings.ContainsAny(s[:1], "'\"") })
	line := rapid.Map(rapid.SliceOfN(word, 1, 4), func(words []string) string { return "w" + strings.Join(words, " ") })
	return rapid.Map(rapid.SliceOfN(line, 1, 3), func(lines []string) string { return strings.Join(lines, "\n") })
}

// Whatever the style, each character of the text leads to itself in the file, or to
// what it was decoded from; places follow each other without overlap.
func TestEveryCharacterLeadsToItsBytes(t *testing.T) {
	t.Parallel()
	for style, write := range writers {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				text := texts().Draw(t, "text")
				yaml := "before: x\nlist:\n  - key: " + indented(write(t, text)) + "\nafter: y\n"
				node := parse(t, yaml).Get("list").Items()[0].Get("key")
				if node.Text() != text {
					t.Fatalf("%q was read as %q, not %q", yaml, node.Text(), text)
				}
				checkPlaces(t, node)
			})
		})
	}
}

// indented puts the lines of a scalar deeper than the key that they belong to.
func indented(scalar string) string {
	lines := strings.Split(scalar, "\n")
	for i := 1; i < len(lines); i++ {
		if strings.Trim(lines[i], " \r") != "" {
			lines[i] = "    " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

func checkPlaces(t *rapid.T, node *syntax.Node) {
	whole := node.Range()
	last := whole.Start
	place := node.Places()
	for at, r := range node.Text() {
		got := node.RangeOf(at, at+utf8.RuneLen(r))
		if same := place(at, at+utf8.RuneLen(r)); same != got {
			t.Fatalf("%q at %d leads to [%d, %d) and to [%d, %d)", r, at, got.Start, got.End, same.Start, same.End)
		}
		if rest, same := node.RangeOf(at, len(node.Text())), place(at, len(node.Text())+1); same != rest {
			t.Fatalf("what follows %d is [%d, %d) and [%d, %d)", at, rest.Start, rest.End, same.Start, same.End)
		}
		if got.Start < last || got.End > whole.End {
			t.Fatalf("%q at %d leads to [%d, %d), outside [%d, %d)", r, at, got.Start, got.End, last, whole.End)
		}
		last = got.End
		bytes := got.Text()
		switch {
		case bytes == string(r):
		case r == ' ' || r == '\n':
			if strings.Trim(bytes, " \t\r\n") != "" {
				t.Fatalf("%q at %d leads to %q", r, at, bytes)
			}
		case bytes == "''" && r == '\'':
		case strings.HasPrefix(bytes, `\`):
			if digits := strings.TrimLeft(bytes[1:], "xuU"); !strings.EqualFold(strings.TrimLeft(digits, "0"), strings.TrimLeft(fmt.Sprintf("%X", r), "0")) && digits != string(r) {
				t.Fatalf("%q at %d leads to %q", r, at, bytes)
			}
		default:
			t.Fatalf("%q at %d leads to %q", r, at, bytes)
		}
	}
}
