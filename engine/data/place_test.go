package data_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// A hundred thousand references in one text are placed in one walk over it.
func TestManyReferencesInOneTextArePlacedSoon(t *testing.T) {
	t.Parallel()
	const part, count = "a ${{ x }} b ", 100_000
	node, found := syntax.Parse(source.NewFile("f.yaml", []byte(`"`+strings.Repeat(part, count)+`"`)))
	if len(found) > 0 {
		t.Fatal(found)
	}
	refs := make([]expr.Ref, count)
	for i := range refs {
		at := i*len(part) + strings.Index(part, "x")
		refs[i] = expr.Ref{Root: "x", Start: at, End: at + 1}
	}
	begin := time.Now()
	for ref := range data.Place(node, refs) {
		if got := ref.Range.Text(); got != "x" || ref.Range.Start != ref.Start+1 {
			t.Fatalf("the reference at %d is placed at %d: %q", ref.Start, ref.Range.Start, got)
		}
	}
	if took := time.Since(begin); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
}
