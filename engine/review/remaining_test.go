package review_test

import (
	"maps"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
)

func TestRemaining(t *testing.T) {
	t.Parallel()
	const asks = `gate: {expr: 'run.remaining < duration("9h")'}, `
	for name, c := range map[string]struct {
		steps string
		past  map[string]review.Past
		want  map[string]event.Left
	}{
		"of no step that asks": {`
  - {id: a, uses: exec.check, timeout: 1m, with: {command: ["true"]}}`, nil, nil},
		"by what steps may take": {`
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
  - {id: b, uses: exec.check, timeout: 2m, with: {command: ["true"]}}
  - {id: c, uses: exec.check, needs: [a], timeout: 5m, ` + asks + `with: {command: ["true"]}}`, nil, map[string]event.Left{"a": {Step: time.Minute, After: 5 * time.Minute}, "c": {Step: 5 * time.Minute}}},
		"by earlier runs": {`
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
  - {id: b, uses: exec.check, with: {command: ["true"]}}`, map[string]review.Past{"a": {Median: 20 * time.Second, Runs: 2}, "b": {Median: 5 * time.Second, Runs: 2}}, map[string]event.Left{"a": {Step: 20 * time.Second, After: 5 * time.Second}}},
		"where nobody knows": {`
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
  - {id: b, uses: exec.check, with: {command: ["true"]}}
  - {id: c, uses: exec.check, needs: [], timeout: 2m, ` + asks + `with: {command: ["true"]}}`, nil, map[string]event.Left{}},
		"with another branch": {`
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
  - {id: b, uses: exec.check, timeout: 2m, ` + asks + `with: {command: ["true"]}}
  - {id: c, uses: exec.check, needs: [], timeout: 1h, ` + asks + `with: {command: ["true"]}}`, nil, map[string]event.Left{
			"a": {Step: time.Minute, After: 59 * time.Minute}, "b": {Step: 2 * time.Minute, After: 58 * time.Minute}, "c": {Step: time.Hour},
		}},
		"with finally": {`
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
finally:
  - {id: b, uses: exec.check, timeout: 3m, with: {command: ["true"]}}
  - {id: c, uses: exec.check, timeout: 4m, ` + asks + `with: {command: ["true"]}}`, nil, map[string]event.Left{"a": {Step: time.Minute, After: 7 * time.Minute}, "c": {Step: 4 * time.Minute}}},
		"with a finally of which nobody knows": {`
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
finally:
  - {id: b, uses: exec.check, with: {command: ["true"]}}`, nil, map[string]event.Left{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runbook := checktest.Load(t, checktest.Builtin(t), "r.yaml", "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: r, version: 1.0.0}\nsteps:"+c.steps+"\n")
			made, found, err := plan.Make(runbook, plan.Options{})
			if err != nil || found.HasErrors() {
				t.Fatal(err, found)
			}
			if got := review.Remaining(made, c.past, 10); !maps.Equal(got, c.want) || (got == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Where fewer may be at work at one time than there are to do, it takes as long as their work does.
func TestRemainingWhereFewMayBeAtWork(t *testing.T) {
	t.Parallel()
	const asks = `gate: {expr: 'run.remaining < duration("9h")'}, `
	const sideBySide = `
  - {id: a, uses: exec.check, timeout: 1m, ` + asks + `with: {command: ["true"]}}
  - {id: b, uses: exec.check, needs: [], timeout: 2m, with: {command: ["true"]}}
  - {id: c, uses: exec.check, needs: [], timeout: 3m, with: {command: ["true"]}}`
	const loop = `
  - {id: a, uses: exec.check, foreach: [v, w, x, y], batch: {sizes: [100%], maxParallel: 3}, timeout: 1m, ` + asks + `with: {command: ["true"]}}`
	for name, c := range map[string]struct {
		steps       string
		parallelism int
		want        event.Left
	}{
		"enough":                     {sideBySide, 3, event.Left{Step: time.Minute, After: 2 * time.Minute}},
		"two at a time":              {sideBySide, 2, event.Left{Step: time.Minute, After: 2 * time.Minute}},
		"one after the other":        {sideBySide, 1, event.Left{Step: time.Minute, After: 5 * time.Minute}},
		"a loop as it says":          {loop, 10, event.Left{Step: 2 * time.Minute}},
		"a loop one after the other": {loop, 1, event.Left{Step: 4 * time.Minute}},
		"one after the other at last": {loop + "\nfinally:" + `
  - {id: f, uses: exec.check, timeout: 1m, with: {command: ["true"]}}
  - {id: g, uses: exec.check, needs: [], timeout: 1m, with: {command: ["true"]}}`, 1, event.Left{Step: 4 * time.Minute, After: 2 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runbook := checktest.Load(t, checktest.Builtin(t), "r.yaml", "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: r, version: 1.0.0}\nsteps:"+c.steps+"\n")
			made, found, err := plan.Make(runbook, plan.Options{})
			if err != nil || found.HasErrors() {
				t.Fatal(err, found)
			}
			if got := review.Remaining(made, nil, c.parallelism)["a"]; got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
