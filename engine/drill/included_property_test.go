package drill_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// takingIn draws a runbook that takes in another, once or for each of a list, and goes on after it.
func takingIn(t *rapid.T) string {
	does := "{id: web, uses: runbook, with: {file: inner.yaml}"
	if rapid.Bool().Draw(t, "for each") {
		does += ", foreach: [a]" + rapid.SampledFrom([]string{"", ", batch: {maxFailures: 1}"}).Draw(t, "batch")
	}
	does += rapid.SampledFrom([]string{"", ", onFailure: continue"}).Draw(t, "goes on") + "}"
	return checktest.Head + "onFailure: rollback\nsteps:\n- " + does + `
- {id: last, uses: exec.check, with: {command: [./last]}}
`
}

// drawnInside draws the runbook that is taken in: a step, and what cleans up.
func drawnInside(t *rapid.T) string {
	var b strings.Builder
	b.WriteString(checktest.Head + "steps:\n  - id: s\n")
	drawStep(t, &b, "")
	if rapid.Bool().Draw(t, "finally") {
		b.WriteString("finally:\n  - {id: tell, uses: exec.check, with: {command: [./tell]}}\n")
	}
	return b.String()
}

// So it is where a runbook takes in another: nothing that follows depends on more than what tells
// one state from another.
func TestWhatIsLeftOutOfWhatIsTakenInIsKnown(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		inner := drawnInside(t)
		files := map[string]string{"outer.yaml": takingIn(t), "inner.yaml": inner}
		supposed := world.Supposed{Steps: map[string]world.Step{"web.s": {Provides: []string{"thing"}, BackNeeds: []string{"thing"}}}}
		p, _, err := plan.Make(inclusiontest.Load(&drawing{t: t}, catalogue, "outer.yaml", files), plan.Options{Inputs: value.Object()})
		if err != nil {
			t.Fatal(err)
		}
		options := drill.Options{Pairs: 150}
		quick, whole := drill.Of(p, supposed, options), drill.Of(p, supposed, drill.Unmerged(options))
		if whole.Counts.Pairs == options.Pairs {
			t.Skip("too many pairs to rehearse all")
		}
		if got, want := faultsOf(quick), faultsOf(whole); !slices.Equal(got, want) {
			t.Fatalf("%s\n%s\ngot\n%s\nwant\n%s", files["outer.yaml"], inner, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if !slices.Equal(quick.Coverage, whole.Coverage) {
			t.Fatalf("%s\n%s\ngot %+v, want %+v", files["outer.yaml"], inner, quick.Coverage, whole.Coverage)
		}
		for _, v := range quick.Violations {
			told[v.Invariant]++
		}
		if quick.Counts.Merged > 0 {
			told["left out"]++
		}
	}, "left out")
}
