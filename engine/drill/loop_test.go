package drill_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/drill/suppose"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/source"
)

// loop is a runbook that changes something in batches.
func loop(over string) string {
	return checktest.Head + `onFailure: rollback
inputs: {nodes: {type: array, items: {type: string}, default: []}}
steps:
  - {id: look, uses: http.check, with: {url: "http://localhost/"}}
  - id: drain
    foreach: ` + over + `
    batch: {sizes: [1, 50%], maxFailures: 0, pause: 30s, between: [{expr: size(steps.drain.outputs.list) < 1000}]}
    uses: exec
    with: {command: [./drain, "${{ each.value }}"]}
    gate: {observe: {uses: http.check, with: {url: "http://localhost/${{ each.value }}"}}, expr: observed.status == 200, within: 1m}
    rollback: {uses: exec, with: {command: [./admit, "${{ each.key }}"]}}
`
}

// What a step is done for need not be known: what is supposed of it is said.
func TestLoopsAreRehearsedForWhatIsSupposed(t *testing.T) {
	t.Parallel()
	p := planOf(t, "loop.yaml", loop("${{ steps.look.outputs.json.nodes }}"), "")
	found := drill.Of(p, world.Supposed{}, drill.Options{Pairs: drill.DefaultPairs})
	says := `Step drain was done for 3 items`
	if len(found.Violations) > 0 || !strings.Contains(strings.Join(found.Unexplored, "\n"), says) {
		t.Errorf("%+v\n%s", found.Violations, strings.Join(found.Unexplored, "\n"))
	}
	covers(t, found)

	supposed, faults := suppose.Read(source.NewFile("loop.test.yaml", []byte(
		"apiVersion: gatebook/v1\nkind: Test\nsteps: {drain: {items: [a, b, c, d]}}\n")), p)
	checktest.NoErrors(t, faults)
	more := drill.Of(p, supposed, drill.Options{Pairs: drill.DefaultPairs})
	if more.Counts.Moments <= found.Counts.Moments || strings.Contains(strings.Join(more.Unexplored, "\n"), says) {
		t.Errorf("with four items %+v, and with three %+v\n%q", more.Counts, found.Counts, more.Unexplored)
	}
}

// Of many instances a few stand for all, so that a drill of hundreds is one of some.
func TestInstancesStandForOthers(t *testing.T) {
	t.Parallel()
	moments := make(map[int]int)
	for _, n := range []int{6, 40, 200} {
		nodes := make([]string, n)
		for i := range nodes {
			nodes[i] = fmt.Sprintf("%q", fmt.Sprint("node-", i))
		}
		p := planOf(t, "loop.yaml", loop("${{ inputs.nodes }}"), "nodes=["+strings.Join(nodes, ",")+"]")
		found := drill.Of(p, world.Supposed{}, drill.Options{})
		if len(found.Violations) > 0 {
			t.Errorf("%d: %+v", n, found.Violations)
		}
		covers(t, found)
		moments[n] = found.Counts.Moments
	}
	if moments[40] != moments[200] || moments[200] >= 2*moments[6] {
		t.Errorf("moments at which something could go wrong, by instances: %v", moments)
	}
}

// covers wants all covered but, without pairs, the retries of rollbacks.
func covers(t *testing.T, found *proof.Proof) {
	t.Helper()
	for _, c := range found.Coverage {
		if c.Covered < c.Of && (c.What != "retries" || found.Bounds.Pairs > 0) {
			t.Errorf("%+v: %v", c, found.Uncovered)
		}
	}
	if !slices.ContainsFunc(found.Coverage, func(c proof.Coverage) bool { return c.What == "rollbacks" }) {
		t.Errorf("no rollback was counted: %+v", found.Coverage)
	}
}
