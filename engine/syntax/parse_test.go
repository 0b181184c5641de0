package syntax_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	diagtest.Run(t, "testdata/*.yaml", func(file *source.File) diag.List {
		_, found := syntax.Parse(file)
		return found
	})
}

// The usual mistakes are found where they were made, with a remedy.
func TestSyntaxErrorsHavePlaceAndRemedy(t *testing.T) {
	t.Parallel()
	const broken = "»"
	for _, test := range []struct{ name, yaml, marked, hint string }{
		{"second colon", "a: b»: c\nd: e\n", ":", "quotes"},
		{"second colon in a list", "x:\n  - a: b\n  - say: Note»: it\n", ":", "quotes"},
		{"dedent to nowhere", "a:\n  b: c\n »d: e\nx: y\n", "d: e", "neighbours"},
		{"item dedented to nowhere", "x:\n  - a\n »- b\nc: d\n", "- b", "neighbours"},
		{"key deeper than its neighbours", "a: 1\n »b: 2\nc: 3\n", "b: 2", "neighbours"},
		{"at sign", "a: »@foo\nb: c\n", "@foo", "quotes"},
		{"back quote", "a: »`foo`\n", "`foo`", "quotes"},
		{"percent", "a: »%foo\n", "%foo", "quotes"},
		{"asterisk", "a: »*.example.com\nb: c\n", "*.example.com", "quotes"},
		{"unknown alias", "a: »*foo\nb: c\n", "*foo", "quotes"},
		{"expression in braces", "a: {x: »${{ inputs.b }}, c: d}\ne: f\ng: h\n", "${{ inputs.b }}", "double quotes"},
		{"single quote never closed", "x: y\na: »'foo\nb: c\nd: e\n", "'", "close"},
		{"double quote never closed", "a: »\"foo\nb: c\n", "\"", "close"},
		{"quote closed by the next value's", "a: »\"foo\nb: \"c\"\nd: e\n", "\"", "close"},
		{"quote in single quotes", "a: 'it»'s'\nb: c\n", "'", "twice"},
		{"text behind quotes", "a: \"b»\" c\nd: e\n", "\"", "whole value"},
		{"bracket never closed", "a: »[1, 2\nb: c\nd: e\nf: g\n", "[", "]"},
		{"bracket behind an empty line of a block, CRLF", "x: |\r\n  y\r\n\r\n  'z\r\na: »[1, 2\r\nb: c\r\n", "[", "]"},
		{"stray bracket", "a: »}\nb: c\n", "}", "remove"},
		{"stray comma", "x: 1\na: », b\n", ",", "quotes"},
		{"empty item", "a: [1, », 2]\n", ",", "remove"},
		{"brace never closed", "x: 1\na: »{b: c\nd: e\n", "{", "}"},
		{"tab", "x: y\na:\n»\tb: c\nd: e\n", "\t", "spaces"},
		{"tab behind spaces", "a:\n  b: c\n»  \td: e\n", "\t", "spaces"},
		{"tab before an item", "x: y\na:\n»\t- b\n\t- c\n", "\t", "spaces"},
		{"tab before an item in braces", "a:\n»\t- {b: c, d: {e: f}}\n", "\t", "spaces"},
		{"tab before an item in quotes", "a:\n»\t- \"b\"\n", "\t", "spaces"},
		{"tab in a bracket never closed", "a: »[1,\n\t2\nb: c\n", "[", "]"},
		{"tab in a quote never closed", "a: »\"foo\n\tb: c\n", "\"", "close"},
		{"no space behind the colon", "x: 1\ny:\n  name»:web\n  b: c\nz: 1\n", ":", "space"},
		{"list on the line of its key", "a: »- b\nc: d\n", "-", "line of its own"},
		{"list and map at one depth", "a:\n  - b\n  »c: d\ne: f\n", "c: d", "indent"},
		{"unknown escape", "a: \"x »\\q\"\nb: c\n", `\q`, "backslash"},
		{"less indented block scalar", "a: |\n  x\n »y\nb: c\n", "y", "neighbours"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at := strings.Index(test.yaml, broken)
			at += len(test.yaml[at+len(broken):]) - len(strings.TrimLeft(test.yaml[at+len(broken):], " "))
			text := strings.Replace(test.yaml, broken, "", 1)
			_, found := syntax.Parse(source.NewFile("f.yaml", []byte(text)))
			if len(found) != 1 {
				t.Fatalf("got %d findings: %v", len(found), found)
			}
			d := found[0]
			if d.Range.Start != at || d.Range.Text() != test.marked {
				t.Errorf("found %q at %s, want %q at %s", d.Range.Text(), d.Range, test.marked, d.Range.File.Range(at, at))
			}
			if !strings.Contains(d.Hint, test.hint) {
				t.Errorf("the hint %q does not speak of %q", d.Hint, test.hint)
			}
		})
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"1:1 GB0106"}},
		{"only comments", "# nothing\n\n# here\n", []string{"1:1 GB0106"}},
		{"only a mark", "---\n", []string{"1:2 GB0106"}},
		{"null", "~\n", []string{"1:1 GB0106"}},
		{"too large", strings.Repeat("a", 16<<20+1), []string{"1:1 GB0105"}},
		{"two documents", "a: 1\n---\nb: 2\n", []string{"2:1 GB0107"}},
		{"UTF-16", "\xFF\xFEa\x00:\x00", []string{"1:1 GB0103"}},
		{"UTF-16 without a mark", "\x00a\x00:", []string{"1:1 GB0103"}},
		{"Latin-1", "a: caf\xE9\nb: [x\x80\x81y]\n", []string{"1:7 GB0103", "2:6 GB0103"}},
		{"NUL", "a: b\x00c\n", []string{"1:5 GB0104"}},
		{"terminal escape", "a: \"\x1b[31m\"\n", []string{"1:5 GB0104"}},
		{"lone CR", "a: b\rc: d\n", []string{"1:5 GB0104"}},
		{"line separator", "a: b\u2028c: d\n", []string{"1:5 GB0104"}},
		{"text direction", "a: \u202Eb\n", []string{"1:4 GB0104"}},
		{"byte order mark inside", "a: b\uFEFF\n", []string{"1:5 GB0104"}},
		{"garbage and a duplicate in one pass", "a: \xFF\na: 010\n", []string{"1:4 GB0103", "2:1 GB0108", "2:4 GB0115"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := source.NewFile("f.yaml", []byte(test.text))
			_, found := syntax.Parse(file)
			var got []string
			for _, d := range found.Sorted() {
				p := d.Range.From()
				got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, d.Rule.Code))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, found)
			}
		})
	}
}

func TestPlainScalarsFollowTheCoreSchema(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]syntax.Kind{
		"null": syntax.Null, "~": syntax.Null, "": syntax.Null, "nUll": syntax.String,
		"true": syntax.Bool, "False": syntax.Bool, "yes": syntax.String, "on": syntax.String, "n": syntax.String,
		"1": syntax.Int, "-12": syntax.Int, "+3": syntax.Int, "0o17": syntax.Int, "0x1F": syntax.Int,
		"0": syntax.Int, "0b1": syntax.String, "1_000": syntax.String, "-0x1": syntax.String,
		"1.5": syntax.Float, ".5": syntax.Float, "5.": syntax.Float, "1e3": syntax.Float, "-1.5E-3": syntax.Float,
		".": syntax.String, "1.2.3": syntax.String, "1e": syntax.String, "e1": syntax.String, ".e1": syntax.String,
		"2026-01-02": syntax.String, "10:20": syntax.String, "12e03": syntax.Float, "+.5": syntax.Float, "--1": syntax.String,
	} {
		node := parse(t, "a: x\nb: "+text+"\n")
		if got := node.Get("b").Kind(); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestNumbersWithALeadingZeroHaveARemedy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0644": "write 644 for the decimal number, 0o644 for the octal one, or put it in quotes",
		"00":   "write 0 for the decimal number, 0o0 for the octal one, or put it in quotes",
		"089":  "write 89 for the decimal number, or put it in quotes",
		"-010": "write -10 for the decimal number, or put it in quotes",
	} {
		_, found := syntax.Parse(source.NewFile("f.yaml", []byte("a: "+text+"\n")))
		if len(found) != 1 || found[0].Hint != want {
			t.Errorf("%s: got %v, want the hint %q", text, found, want)
		}
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	node := parse(t, "on: yes\nn: 0o17\nx: 0x10\nf: 1.5\nb: TRUE\nl: [a, 1, ~]\ne:\nq: \"1\"\nbig: |\n  x\n")
	want := `{"b":true,"big":"x\n","e":null,"f":1.5,"l":["a",1,null],"n":15,"on":"yes","q":"1","x":16}`
	if got := node.Value().String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRangesOfNodes(t *testing.T) {
	t.Parallel()
	const text = `a: "quoted" # c
list:
  - one
  -
  - {k: [x, 'y' ], z} # d
none:
block: >-

  folded
  text

anchored: &n
  deep: yes
ref: *n
`
	root := parse(t, text)
	list := root.Get("list")
	for _, test := range []struct {
		name string
		node *syntax.Node
		want string
	}{
		{"quoted", root.Get("a"), "quoted"},
		{"block list", list, "- one\n  -\n  - {k: [x, 'y' ], z}"},
		{"flow map", list.Items()[2], "{k: [x, 'y' ], z}"},
		{"flow list", list.Items()[2].Get("k"), "[x, 'y' ]"},
		{"folded", root.Get("block"), "folded\n  text"},
		{"block map behind an anchor", root.Get("anchored"), "deep: yes"},
		{"alias", root.Get("ref"), "deep: yes"},
		{"all", root, strings.TrimSuffix(text, "\n")},
	} {
		if got := test.node.Range().Text(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	for name, place := range map[string]string{"none": "f.yaml:6:6", "item": "f.yaml:4:4"} {
		node := root.Get(name)
		if name == "item" {
			node = list.Items()[1]
		}
		if got := node.Range().String(); got != place {
			t.Errorf("%s is at %s, want %s", name, got, place)
		}
	}
	if root.Get("ref") != root.Get("anchored") {
		t.Error("an alias must share its value")
	}
}

func TestNilNodeIsNullAndNowhere(t *testing.T) {
	t.Parallel()
	var node *syntax.Node
	if node.Kind() != syntax.Null || node.Text() != "" || node.Len() != 0 || node.Items() != nil ||
		node.Get("x") != nil || !node.Range().IsZero() || !node.Value().IsNull() || node.Style() != syntax.Plain {
		t.Error("a nil node must answer as null")
	}
}

func TestWhereAFileIsNotReadAnyFurtherIsSaid(t *testing.T) {
	t.Parallel()
	_, found := syntax.Parse(source.NewFile("f.yaml", []byte(strings.Repeat("a: \x01\n", 30))))
	if len(found) != 20 {
		t.Fatalf("got %d findings, want 20", len(found))
	}
	if last := found[19].Detail; !strings.Contains(last, "not read any further") {
		t.Errorf("the last finding says nothing of what follows: %s", last)
	}
}

// Files that were made to do harm are refused soon.
func TestHostileFilesAreRefusedSoon(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 30 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 10))
	}
	deepAliases := "a0: &a0 x\n"
	for i := range 200 {
		deepAliases += fmt.Sprintf("a%d: &a%d [*a%d]\n", i+1, i+1, i)
	}
	for name, test := range map[string]struct{ text, code string }{
		"alias bomb":          {bomb, "GB0113"},
		"deep aliases":        {deepAliases, "GB0112"},
		"alias in itself":     {"a: &a [*a]\n", "GB0114"},
		"alias in its map":    {"a: &a\n  b: {c: *a}\n", "GB0114"},
		"deep flow":           {"a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "GB0112"},
		"deeper than allowed": {"a: " + strings.Repeat("[", 1<<20), "GB0101"},
		"deep maps":           {strings.Repeat("{a: ", 3000) + strings.Repeat("}", 3000), "GB0112"},
		"deep lists":          {strings.Repeat("- ", 9000) + "x", "GB0112"},
		"many questions":      {strings.Repeat("? ", 1<<18), "GB0101"},
		"one long line":       {"a: [" + strings.Repeat("1, ", 1<<18) + "010]", "GB0115"},
		"many duplicates":     {strings.Repeat("a: 1\n", 1<<15), "GB0108"},
		"many quotes":         {"a: '" + strings.Repeat("''", 1<<20), "GB0101"},
		"garbage":             {strings.Repeat("\x80\x00", 1<<20), "GB0103"},
		"many values":         {"a: [" + strings.Repeat("x,", 3<<20) + "]", "GB0105"},
		"many comments":       {"a: 010\n" + strings.Repeat("# x\n", 1<<18), "GB0115"},
		"many spaces":         {"a: 010" + strings.Repeat(" ", 4<<20) + "\n", "GB0115"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			_, found := syntax.Parse(source.NewFile("f.yaml", []byte(test.text)))
			if took := time.Since(begin); took > 2*time.Minute {
				t.Errorf("it took %s", took)
			}
			for _, d := range found {
				if d.Rule.Code == test.code {
					return
				}
			}
			t.Errorf("no %s; found %d: %.300v", test.code, len(found), found)
		})
	}
}
