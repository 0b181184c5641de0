package shape_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/internal/shape"
)

func TestRunbookIsWrittenAsAPersonWould(t *testing.T) {
	t.Parallel()
	got := string(shape.Runbook(shape.Chain, 2, shape.True))
	want := `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: chain-2, version: 1.0.0}
onFailure: stop
steps:
  - {id: s0, uses: exec, with: {command: ["true"]}, rollback: {none: it changes nothing}, needs: []}
  - {id: s1, uses: exec, with: {command: ["true"]}, rollback: {none: it changes nothing}, needs: [s0]}
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		shape        shape.Shape
		steps, edges int
	}{
		{shape.Chain, 100, 99},
		{shape.Wide, 1000, 0},
		{shape.Layered, 1000, 3 * 900},
		{shape.AllToAll, 100, 9 * 10 * 10},
		{shape.AllToAll, 1000, 9 * 100 * 100},
		{shape.AllToAll, 10_000, 99 * 100 * 100},
		{shape.Layered, 2, 1},
	}
	for _, test := range tests {
		if got := shape.Edges(test.shape, test.steps); got != test.edges {
			t.Errorf("%s of %d: %d edges, want %d", test.shape, test.steps, got, test.edges)
		}
	}
}

func TestNeedsPointBackwardsAndAreDistinct(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 3000).Draw(t, "steps")
		step := rapid.IntRange(0, steps-1).Draw(t, "step")
		s := rapid.SampledFrom(shape.All()).Draw(t, "shape")
		last := -1
		for _, need := range shape.Needs(s, steps, step) {
			if need <= last || need >= step {
				t.Fatalf("%s of %d: step %d needs %v", s, steps, step, shape.Needs(s, steps, step))
			}
			last = need
		}
	})
}

func TestEveryStepIsWritten(t *testing.T) {
	t.Parallel()
	for _, s := range shape.All() {
		if got := strings.Count(string(shape.Runbook(s, 250, shape.Nothing)), "uses: assert"); got != 250 {
			t.Errorf("%s has %d steps, want 250", s, got)
		}
	}
}
