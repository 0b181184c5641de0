package look_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/engine/plan"
)

// TestOnlyWhatNothingChangesBeforeIsRead: of random steps exactly those are read that may be
// and that no changing step comes before, no more of them at one time than may be.
func TestOnlyWhatNothingChangesBeforeIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{t: t}
		made := w.plan(randomSteps(rt))
		atOnce := rapid.IntRange(1, 3).Draw(rt, "at once")
		looked := look.Now(t.Context(), made, look.Options{At: night(), AtOnce: atOnce})
		var want []string
		for _, s := range made.Steps {
			if s.Action == "peek" && !changedBefore(made, s) {
				want = append(want, s.ID)
			}
		}
		slices.Sort(want)
		slices.Sort(w.read)
		if !slices.Equal(want, w.read) {
			rt.Errorf("read %v, want %v", w.read, want)
		}
		if w.max > atOnce {
			rt.Errorf("%d were read at one time, and %d may be", w.max, atOnce)
		}
		for _, s := range looked.Steps {
			if (s.Seen != nil) != slices.Contains(want, s.ID) {
				rt.Errorf("of step %s the plan says %v", s.ID, s.Seen)
			}
		}
	})
}

// randomSteps are steps that need some of those before them.
func randomSteps(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("steps:\n")
	for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
		var needs []string
		for j := range i {
			if rapid.IntRange(0, 3).Draw(t, "needed") == 0 {
				needs = append(needs, fmt.Sprint("s", j))
			}
		}
		action := rapid.SampledFrom([]string{"peek", "peek", "spy", "poke"}).Draw(t, "action")
		fmt.Fprintf(&b, "- {id: s%d, uses: %s, needs: [%s], with: {at: s%[1]d}}\n", i, action, strings.Join(needs, ", "))
	}
	return b.String()
}

// changedBefore reports whether a step changes something that comes before another.
func changedBefore(p *plan.Plan, s *plan.Step) bool {
	for _, edge := range s.Needs {
		before, _ := p.Step(edge.Step)
		if before.Changes() || changedBefore(p, before) {
			return true
		}
	}
	return false
}
