package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// drawFiles draws runbooks of which each takes in some behind it, once or for many.
func drawFiles(t *rapid.T) map[string]string {
	files := map[string]string{}
	const last = 4
	for f := range last {
		text := strings.Builder{}
		for s := range rapid.IntRange(1, 3).Draw(t, "steps") {
			does := "uses: exec.check, with: {command: [a]}"
			if next := rapid.IntRange(f, last+1).Draw(t, "takes in"); next > f && next < last {
				does = fmt.Sprintf("uses: runbook, with: {file: f%d.yaml}", next)
			}
			if items := rapid.SampledFrom([]string{"", "", "[]", "[x]", "[x, 'y.z\"]']"}).Draw(t, "items"); items != "" {
				does += ", foreach: " + items
			}
			if rapid.Bool().Draw(t, "root") {
				does += ", needs: []"
			}
			if rapid.IntRange(0, 4).Draw(t, "skipped") == 0 {
				does += ", when: 1 > 2"
			}
			fmt.Fprintf(&text, "- {id: s%d, %s}\n", s, does)
		}
		if rapid.Bool().Draw(t, "finally") {
			text.WriteString("finally:\n- {id: f, uses: exec.check, with: {command: [f]}}\n")
		}
		files[fmt.Sprintf("f%d.yaml", f)] = checktest.Head + "steps:\n" + text.String()
	}
	return files
}

// TestPlansOfWhatIsTakenInHangTogether holds any runbooks that take each other in to what whoever goes
// through the steps of a plan goes by.
func TestPlansOfWhatIsTakenInHangTogether(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	rapid.Check(t, func(r *rapid.T) {
		files := drawFiles(r)
		made, _, err := plan.Make(inclusiontest.Load(t, catalogue, "f0.yaml", files), plan.Options{Inputs: value.Object()})
		if err != nil {
			r.Fatal(err)
		}
		again := made.Copy()
		for _, p := range []*plan.Plan{made, again} {
			seen := map[string]bool{}
			for s := range p.All() {
				found, ok := p.Step(s.ID)
				if seen[s.ID] || !ok || found != s || p.Steps[s.Index].ID != event.Template(s.ID) {
					r.Fatalf("%s is done twice, or is not what is found by its id", s.ID)
				}
				seen[s.ID] = true
				if outer := s.Outer(); (outer == nil) != (s.Within == "") || outer != nil && (outer.ID != s.Within || !slices.Contains(p.Inside(outer), found) && s.Of == "") {
					r.Fatalf("%s is not inside of %s", s.ID, s.Within)
				}
				if outer := s.Outer(); outer != nil && outer.Skipped() && !s.Skipped() {
					r.Fatalf("%s is done, and %s is skipped", s.ID, outer.ID)
				}
			}
		}
		if again.Digest != made.Digest || again.Counts != made.Counts {
			r.Fatal("a copy is another plan")
		}
		for i, edges := range made.Order() {
			if slices.ContainsFunc(edges, func(e plan.Edge) bool { return e.From >= i }) {
				r.Fatalf("%s waits for what is behind it", made.Steps[i].ID)
			}
		}
	})
}
