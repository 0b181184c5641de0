package token

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestScanCutsWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		``:                         nil,
		` a.b_1 >= -1.5e-3 `:       {"a", ".", "b_1", ">=", "-", "1.5e-3"},
		`x ?? y?.z .. 0x1F`:        {"x", "??", "y", "?.", "z", "..", "0x1F"},
		`f("a\"b", 'c')`:           {"f", "(", `"a\"b"`, ",", `'c'`, ")"},
		"r'\\' + `a'b` + b\"x\"":   {`r'\'`, "+", "`a'b`", "+", `b"x"`},
		"'''a\n'b''' // 'rest\n 1": {"'''a\n'b'''", "1"},
		"\"open\nnext":             {`"open`, "next"},
		`é == "é"`:                 {"é", "==", `"é"`},
		`$env#`:                    {"$env", "#"},
	} {
		var got []string
		for _, tok := range Scan(text).Tokens {
			got = append(got, text[tok.Start:tok.End])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestLineHasTheWordsWithoutTheComments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:       ``,
		`a  >=b`: `a >=b`,
		"a > 1 // not b\n&& c.all(\n  x, // each\n  x < 2\n)": `a > 1 && c.all(x, x < 2)`,
		"u == \"http://x\" // rest":                           `u == "http://x"`,
		"'''a\n//b''' == c":                                   `'''a\n//b''' == c`,
	} {
		list := Scan(text)
		if got := list.Line(0, len(text)); got != want {
			t.Errorf("%q became %q, and not %q", text, got, want)
		}
	}
	list := Scan("a // one\n&& b // two\n|| c")
	if got := list.Line(strings.Index(list.Text, "b"), len(list.Text)); got != "b || c" {
		t.Errorf("a part became %q", got)
	}
}

// Whatever the text: its line is one, and has the same words in the same order.
func TestLineHasTheSameWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"a", "1.5", "&&", "(", ")", "[", `"x // y"`, "'z'", "// c\n", "\n", "!", ".b", "//"})).Draw(t, "words")
		text := strings.Join(words, " ")
		list := Scan(text)
		line := list.Line(0, len(text))
		again := Scan(line)
		if strings.Contains(line, "\n") || len(again.Tokens) != len(list.Tokens) {
			t.Fatalf("%q became %q", text, line)
		}
		for i, tok := range again.Tokens {
			if was := list.Tokens[i]; line[tok.Start:tok.End] != text[was.Start:was.End] {
				t.Fatalf("%q became %q", text, line)
			}
		}
	})
}

func TestBalanceFindsTheOtherHalf(t *testing.T) {
	t.Parallel()
	list := Scan(`(a + b) * f(c[1])`)
	for inner, want := range map[string]string{"a": "a", "+ b) * f": "(a + b) * f", "(a": "(a + b)", "[": "[1]", "f(": "f(c[1])"} {
		start := strings.Index(list.Text, inner)
		from, to := list.Balance(start, start+len(inner))
		if got := list.Text[from:to]; got != want {
			t.Errorf("%q: got %q, want %q", inner, got, want)
		}
	}
	if list.Depth != 2 {
		t.Errorf("got depth %d, want 2", list.Depth)
	}
}

func TestEndOfPartSkipsStringsAndBraces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{`a }} b`: 2, `{"}}": {}}}}`: 10, `'}}' }}`: 5, `}`: -1, `a } }`: -1, `"}}`: -1} {
		got, ok := EndOfPart(text, 0)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, ok, want)
		}
	}
}

func TestTokensLieInTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a"'(){}\[\]\\./ é\n]*`)).Draw(t, "text")
		list, at := Scan(text), 0
		for i, tok := range list.Tokens {
			if tok.Start < at || tok.End <= tok.Start || tok.End > len(text) {
				t.Fatalf("token %d of %q is %+v", i, text, tok)
			}
			if tok.Mate >= 0 && list.Tokens[tok.Mate].Mate != i {
				t.Fatalf("bracket %d of %q has no mate", i, text)
			}
			if list.At(tok.Start) != i || list.At(tok.End-1) != i {
				t.Fatalf("token %d of %q is not found at its place", i, text)
			}
			at = tok.End
		}
		if got := list.Offset(utf8.RuneCountInString(text)); got != len(text) {
			t.Fatalf("the end of %q is at %d", text, got)
		}
	})
}
