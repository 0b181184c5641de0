package look_test

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/engine/look"
)

// TestInstancesAreLookedAt: what each reads, and what that makes of its gate and its verify.
func TestInstancesAreLookedAt(t *testing.T) {
	t.Parallel()
	w := &world{t: t}
	p := look.Now(t.Context(), w.plan(`steps:
- id: a
  uses: peek
  foreach: [one, three]
  batch: {maxFailures: 1}
  with: {at: "${{ each.value }}"}
  gate: {expr: each.index < 9}
  verify: {expr: steps.a.outputs.count > inputs.limit}
- id: b
  uses: peek
  foreach: [x, yy]
  with: {at: "${{ each.value }}"}
- id: c
  uses: poke
  foreach: ${{ steps.b.outputs.byKey }}
  batch: {sizes: [1, 50%]}
  with: {at: "${{ each.key }}"}
`), look.Options{At: night(), AtOnce: 2})
	var got []string
	for one := range p.All() {
		if len(one.Verify) > 0 && one.Verify[0].Now != nil {
			got = append(got, one.ID+" "+one.Verify[0].Now.Truth)
		}
	}
	if want := []string{`a["one"] false`, `a["three"] true`}; !slices.Equal(got, want) {
		t.Errorf("verified are %v, want %v", got, want)
	}
	if one, _ := p.Step(`b["yy"]`); one.Seen == nil || one.Seen.Outputs == nil {
		t.Errorf("nothing was read of %+v", one)
	}
	c, _ := p.Step("c")
	if c.Loop.Now == nil || !slices.Equal(c.Loop.Now.Keys, []string{"x", "yy"}) || !slices.Equal(c.Loop.Now.Batches, []int{1, 1}) {
		t.Errorf("c would be done for %+v", c.Loop.Now)
	}
	if !slices.Equal(slices.Sorted(slices.Values(w.read)), []string{"one", "three", "x", "yy"}) {
		t.Errorf("read were %v", w.read)
	}
}

// TestInstancesBehindAChangeAreNotLookedAt: only those of the first batch that begin at once.
func TestInstancesBehindAChangeAreNotLookedAt(t *testing.T) {
	t.Parallel()
	w := &world{t: t}
	p := look.Now(t.Context(), w.plan(`steps:
- id: a
  uses: poke
  foreach: [one, two, three, four]
  batch: {sizes: [3], maxParallel: 2}
  with: {at: "${{ each.value }}"}
  gate:
    observe: {uses: peek, with: {at: "${{ each.value }}"}}
    expr: observed.count > 0
`), look.Options{At: night(), AtOnce: 1})
	var judged []string
	for _, one := range p.Steps[0].Loop.Instances {
		if one.Gate[0].Now != nil {
			judged = append(judged, one.Key)
		}
	}
	if want := []string{"one", "two"}; !slices.Equal(judged, want) || !slices.Equal(w.read, want) {
		t.Errorf("judged are %v, read %v, want %v", judged, w.read, want)
	}
}

// TestALoopThatFailsStopsWhatFollows: where none may fail, one gate that is closed is enough.
func TestALoopThatFailsStopsWhatFollows(t *testing.T) {
	t.Parallel()
	for budget, want := range map[string]bool{"0": true, "1": false} {
		w := &world{t: t}
		p := look.Now(t.Context(), w.plan(`steps:
- id: a
  uses: peek
  foreach: [one, two]
  batch: {maxFailures: `+budget+`}
  with: {at: "${{ each.value }}"}
  verify: {expr: steps.a.outputs.is != 'two'}
- {id: b, uses: peek, with: {at: here}}
`), look.Options{At: night(), AtOnce: 1})
		if b, _ := p.Step("b"); (b.Unlooked != "") != want {
			t.Errorf("with %s: %q", budget, b.Unlooked)
		}
	}
}
