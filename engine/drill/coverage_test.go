package drill_test

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
)

// What no rehearsal came to is told, with the reason.
func TestWhatIsNotCoveredIsSaid(t *testing.T) {
	t.Parallel()
	p := planOf(t, "cover.yaml", checktest.Head+`onFailure: stop
inputs: {fast: {type: boolean, default: true}}
steps:
  - {id: slow, uses: exec, with: {command: [./slow]}, when: "!inputs.fast", rollback: {uses: exec, with: {command: [./back]}}}
  - {id: sure, uses: exec, with: {command: [./sure]}, gate: {expr: inputs.fast}, rollback: {uses: exec, with: {command: [./back]}}}
  - {id: after, uses: exec.check, with: {command: [./look]}, gate: {expr: steps.sure.status == "succeeded"}}
  - {id: none, uses: exec, with: {command: [./none]}, retry: {attempts: 2}}
  - {id: said, uses: exec, with: {command: [./said]}, rollback: {none: it was said}}
finally:
  - {id: tidy, uses: exec, with: {command: [./tidy]}, rollback: {uses: exec, with: {command: [./back]}}}
`, "")
	found := drill.Of(p, noSuppositions(), drill.Options{Pairs: drill.DefaultPairs})
	if len(found.Violations) > 0 {
		t.Errorf("%+v", found.Violations)
	}
	want := []proof.Uncovered{
		{What: "step", Step: "slow", Why: "With these inputs it is skipped."},
		{What: "gate", Step: "sure", Why: "Condition 1 was never false: what is known before a run decides it."},
		{What: "gate", Step: "after", Why: "Condition 1 was never false."},
		{What: "rollback", Step: "none", Why: "There is nothing that takes it back."},
	}
	if !slices.Equal(found.Uncovered, want) {
		t.Errorf("got %+v", found.Uncovered)
	}
	covered := []proof.Coverage{
		{What: "steps", Covered: 5, Of: 5},
		{What: "gates", Covered: 2, Of: 4},
		{What: "rollbacks", Covered: 1, Of: 2},
		{What: "retries", Covered: 2, Of: 2},
	}
	if !slices.Equal(found.Coverage, covered) {
		t.Errorf("got %+v", found.Coverage)
	}
}
