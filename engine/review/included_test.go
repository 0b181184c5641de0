package review_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
)

// TestWhatIsTakenInTakesItsTime wants the steps of a runbook that is taken in counted once, and for
// many once for each round.
func TestWhatIsTakenInTakesItsTime(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"web.yaml": checktest.Head + `steps:
- {id: a, uses: exec.check, timeout: 1m, with: {command: [a]}}
- {id: b, uses: exec.check, timeout: 1m, with: {command: [b]}}
- {id: beside, uses: exec.check, timeout: 90s, needs: [], with: {command: [c]}}
finally:
- {id: tell, uses: exec.check, timeout: 30s, with: {command: [d]}}
`,
		"site.yaml": checktest.Head + `steps:
- {id: before, uses: exec.check, timeout: 10s, with: {command: [a]}}
- {id: once, uses: runbook, with: {file: web.yaml}}
- {id: many, uses: runbook, foreach: [x, y, z], batch: {sizes: [1, 2], pause: 5s}, with: {file: web.yaml}}
`,
	}
	checked := inclusiontest.Load(t, checktest.Builtin(t), "site.yaml", files)
	made, found, err := plan.Make(checked, plan.Options{Inputs: value.Object()})
	if err != nil {
		t.Fatal(err)
	}
	checktest.NoErrors(t, found)
	const web = 150 * time.Second // a, b and tell
	got := review.Of(made, nil).Time
	if want := 10*time.Second + web + 2*web + 5*time.Second; got.Takes != want || got.Most != want || len(got.Unknown) != 0 {
		t.Errorf("it takes %s, at most %s, want %s; unknown are %v", got.Takes, got.Most, want, got.Unknown)
	}
	var path []string
	for _, l := range got.Path {
		path = append(path, l.Step)
	}
	if len(path) != 5 || path[1] != "once.a" || path[4] != "many" {
		t.Errorf("the critical path is %v", path)
	}
}
