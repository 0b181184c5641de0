package syntax_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

func format(t *testing.T, text string) string {
	t.Helper()
	formatted, found := syntax.Format(source.NewFile("f.yaml", []byte(text)))
	if len(found) > 0 {
		t.Fatalf("%q: %v", text, found)
	}
	return string(formatted)
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"levels", "a:\n    b:\n        c: 1\nd: 2\n", "a:\n  b:\n    c: 1\nd: 2\n"},
		{"lists under their key", "a:\n- b\n-   c\n", "a:\n  - b\n  - c\n"},
		{"maps in lists", "a:\n-   b: 1\n    c: 2\n-\n    d: 3\n", "a:\n  - b: 1\n    c: 2\n  -\n    d: 3\n"},
		{"lists in lists", "-  - a\n   -  b\n-\n - c\n", "- - a\n  - b\n-\n  - c\n"},
		{"too little indentation", "a:\n b:\n  - c: 1\n    d:\n     e: 2\n", "a:\n  b:\n    - c: 1\n      d:\n        e: 2\n"},
		{"white space at the end", "a: 1  \nb:\t\n  - c \n   \n\n", "a: 1\nb:\n  - c\n"},
		{"line ends", "\uFEFFa: 1\r\nb: |\r\n  x\r\n", "a: 1\nb: |\n  x\n"},
		{"no line end", "a: 1", "a: 1\n"},
		{"alignment is kept", "short: 1\nlonger:   {a: 1,   b: 2}   # c\n", "short: 1\nlonger:   {a: 1,   b: 2}   # c\n"},
		{"blank lines are kept", "a: 1\n\n\nb:\n\n    c: 2\n", "a: 1\n\n\nb:\n\n  c: 2\n"},
		{"literal", "a:\n    b: |\n        x\n          y\n\n        z\n    c: 1\n", "a:\n  b: |\n    x\n      y\n\n    z\n  c: 1\n"},
		{"literal, less indented", "a:\n  b: |\n   x\n    y\n", "a:\n  b: |\n    x\n     y\n"},
		{"literal with an indicator", "a:\n    - |1\n       x\n      y\n", "a:\n  - |1\n     x\n    y\n"},
		{"literal with an indicator, in a list that moves", "a:\n- |2\n    x\n   y\n", "a:\n  - |2\n      x\n     y\n"},
		{"literal, kept lines", "a:\n    b: |+\n        x  \n\n\n", "a:\n  b: |+\n    x  \n\n\n"},
		{"folded in a list", "-   >-\n      x\n      y\n-   z\n", "- >-\n  x\n  y\n- z\n"},
		{"quoted over lines", "a:\n    b: \"x \\\n        y\\ \n        z\"\n    c: 'p\n\n      q'\n", "a:\n  b: \"x \\\n      y\\ \n      z\"\n  c: 'p\n\n    q'\n"},
		{"plain over lines", "a:\n    b: x\n        y\n    c:\n        z\n", "a:\n  b: x\n      y\n  c:\n      z\n"},
		{"flow over lines", "a:\n    b: [\n        x, # one\n        y,\n    ]\n    c: 1\n", "a:\n  b: [\n      x, # one\n      y,\n  ]\n  c: 1\n"},
		{"comments go with what follows", "a:\n    # one\n    b: 1\n  # two\n    c:\n# three\n    - d\n    # four\n    - e\n", "a:\n  # one\n  b: 1\n  # two\n  c:\n    # three\n    - d\n    # four\n    - e\n"},
		{"comments at the end of a level stay in it", "a:\n    b:\n        c: 1\n        # in b\n    # in a\n\n# after\nd: 1\n# end\n", "a:\n  b:\n    c: 1\n    # in b\n  # in a\n\n# after\nd: 1\n# end\n"},
		{"a comment behind a literal", "a:\n    b: |\n        x\n    # c\n    d: 1\n", "a:\n  b: |\n    x\n  # c\n  d: 1\n"},
		{"anchors", "a: &x\n    b: 1\nc:\n-   *x\n-   &y d\n", "a: &x\n  b: 1\nc:\n  - *x\n  - &y d\n"},
		{"document marks", "---\na:\n    b: 1\n...\n", "---\na:\n  b: 1\n...\n"},
		{"quoted keys", "\"a\":\n    'b': 1\n", "\"a\":\n  'b': 1\n"},
		{"flow at the root", "{a: 1,\n    b: 2}\n", "{a: 1,\n    b: 2}\n"},
		{"hyphens in text", "a:\n    - b\n    - \"x\n    - y\"\n    - - z\n", "a:\n  - b\n  - \"x\n  - y\"\n  - - z\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := format(t, test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := format(t, got); again != got {
				t.Errorf("formatted again it changes:\n%s", cmp.Diff(got, again))
			}
		})
	}
}

func TestFilesWithErrorsAreNotFormatted(t *testing.T) {
	t.Parallel()
	formatted, found := syntax.Format(source.NewFile("f.yaml", []byte("a: 1\na: 2\n")))
	if formatted != nil || !found.HasErrors() {
		t.Errorf("got %q, %v", formatted, found)
	}
}

func TestFormatOfOurOwnRunbooksChangesNothingButSpace(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../model/testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		formatted, _ := syntax.Format(source.NewFile(path, text))
		if strings.Join(strings.Fields(string(text)), " ") != strings.Join(strings.Fields(string(formatted)), " ") {
			t.Errorf("%s: (-before +after)\n%s", path, cmp.Diff(string(text), string(formatted)))
		}
	}
}

// Formatting keeps what a file says and each of its comments, and is stable.
func FuzzFormat(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		file := source.NewFile("f.yaml", text)
		before, found := syntax.Parse(file)
		formatted, formatFound := syntax.Format(file)
		if found.HasErrors() {
			if formatted != nil || !formatFound.HasErrors() {
				t.Error("a file with errors was formatted")
			}
			return
		}
		after, found := syntax.Parse(source.NewFile("f.yaml", formatted))
		if found.HasErrors() || !before.Value().Equal(after.Value()) {
			t.Fatalf("%q says %s, but formatted as %q it says %s", text, before.Value(), formatted, after.Value())
		}
		if a, b := bytes.Count(text, []byte("#")), bytes.Count(formatted, []byte("#")); a != b {
			t.Errorf("%q: %d of %d comments are left in %q", text, b, a, formatted)
		}
		again, _ := syntax.Format(source.NewFile("f.yaml", formatted))
		if !bytes.Equal(formatted, again) {
			t.Errorf("%q is formatted as %q, and that as %q", text, formatted, again)
		}
	})
}
