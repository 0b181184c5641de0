package syntax_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// layout writes one tree in many ways: each draw decides an indentation.
type layout struct {
	t     *rapid.T
	wild  strings.Builder // as somebody may write it
	canon strings.Builder // as Format writes it
}

// entry writes a line with a comment before it, now and then.
func (l *layout) entry(wild, canon int, prefix, text string) {
	if prefix == "" && rapid.IntRange(0, 4).Draw(l.t, "comment") == 0 {
		l.wild.WriteString(strings.Repeat(" ", wild) + "# c\n\n")
		l.canon.WriteString(strings.Repeat(" ", canon) + "# c\n\n")
	}
	l.line(wild, canon, text)
}

func (l *layout) line(wild, canon int, text string) {
	l.content(wild, canon, text, "\n", " \n", "\r\n")
}

func (l *layout) content(wild, canon int, text string, ends ...string) {
	l.wild.WriteString(strings.Repeat(" ", wild) + text + rapid.SampledFrom(ends).Draw(l.t, "line end"))
	l.canon.WriteString(strings.Repeat(" ", canon) + text + "\n")
}

// value writes what follows a key or a hyphen on its line, and all below it.
func (l *layout) value(wild, canon, depth int, prefix string) {
	deeper := wild + rapid.IntRange(1, 5).Draw(l.t, "indentation")
	kind := rapid.IntRange(0, 5).Draw(l.t, "kind")
	if depth > 3 {
		kind = min(kind, 2)
	}
	switch kind {
	case 0:
		l.entry(wild, canon, "x", prefix+" plain # with a comment")
	case 1:
		l.entry(wild, canon, "x", prefix+" {a: [1, 'x'], b: \"# no comment\"}")
	case 2:
		l.entry(wild, canon, "x", prefix+" "+rapid.SampledFrom([]string{"|", ">-", "|-  # c"}).Draw(l.t, "block"))
		l.content(deeper, canon+2, "text: # of a block", "\n", "\r\n")
		l.content(0, 0, "", "\n", "\r\n")
		l.content(deeper+1, canon+3, "- deeper", "\n", "\r\n")
	case 3:
		l.entry(wild, canon, "x", prefix)
		l.list(wild, deeper, canon+2, depth+1, prefix != "-")
	default:
		l.entry(wild, canon, "x", prefix)
		l.mapping(deeper, canon+2, depth+1)
	}
}

func (l *layout) list(parent, wild, canon, depth int, mayBeFlush bool) {
	if mayBeFlush && rapid.Bool().Draw(l.t, "flush with its key") {
		wild = parent
	}
	for range rapid.IntRange(1, 3).Draw(l.t, "items") {
		l.value(wild, canon, depth, "-")
	}
}

func (l *layout) mapping(wild, canon, depth int) {
	for i := range rapid.IntRange(1, 3).Draw(l.t, "keys") {
		l.entry(wild, canon, "", "# before the key")
		l.value(wild, canon, depth, string(rune('a'+i))+":")
	}
}

// However a file is indented, it is formatted to the same canonical form.
func TestFormatIsCanonical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := &layout{t: rt}
		l.mapping(0, 0, 0)
		want := l.canon.String()
		if got := format(t, l.wild.String()); got != want {
			rt.Fatalf("%q\n(-want +got):\n%s", l.wild.String(), cmp.Diff(want, got))
		}
		if again := format(t, want); again != want {
			rt.Fatalf("the canonical form changes:\n%s", cmp.Diff(want, again))
		}
	})
}
