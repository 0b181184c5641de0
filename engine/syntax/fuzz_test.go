package syntax_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// seed adds the fixtures, and texts that were hard.
func seed(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		"a: &x [1, {b: *x}]\nc: *x\n", "? a\n: b\n", "a: \"\\x41\\\n b\"\n", "a: |2-\n   x\n\n  y\n", "- - - a\n  -\n",
		"a: >+\n\n x\n\n  y\n\n", "\uFEFFa: b\r\n", "a: 'x\n\n y'\n", "a: !!str &x b\n", "{a, b: , ? c}\n", "a: ${{ x }}\n", "%YAML 1.2\n---\na\n...\n",
		"a: [\n  b, # c\n]\n# end\n", "a:\n- b:\n  - c\n # d\n",
	} {
		f.Add([]byte(text))
	}
}

// patience is only for what hangs, on a slow, busy machine.
const patience = 30 * time.Second

// No input panics or takes long, and every place is inside the file.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		node, found := syntax.Parse(source.NewFile("f.yaml", text))
		if took := time.Since(begin); took > patience {
			t.Errorf("it took %s", took)
		}
		for _, d := range found {
			checkInside(t, d.Range, len(text))
		}
		if node == nil && len(found) == 0 {
			t.Error("neither a tree nor a reason")
		}
		checkTree(t, node, len(text), !found.HasErrors())
	})
}

func checkInside(t *testing.T, r source.Range, size int) {
	t.Helper()
	if r.Start < 0 || r.End < r.Start || r.End > size {
		t.Fatalf("[%d, %d) is not in a file of %d bytes", r.Start, r.End, size)
	}
}

func checkTree(t *testing.T, node *syntax.Node, size int, good bool) {
	t.Helper()
	if node == nil {
		return
	}
	checkInside(t, node.Range(), size)
	text := node.Text()
	last := node.Range().Start
	for at, r := range text {
		part := node.RangeOf(at, at+1)
		checkInside(t, part, size)
		if good && (part.Start < last || part.End > node.Range().End) {
			t.Fatalf("the place of %q in %q is [%d, %d), not in order inside of %v", r, text, part.Start, part.End, node.Range())
		}
		last = part.Start
	}
	for _, item := range node.Items() {
		checkTree(t, item, size, good)
	}
	for key, value := range node.Entries() {
		checkTree(t, key, size, good)
		checkTree(t, value, size, good)
	}
}
