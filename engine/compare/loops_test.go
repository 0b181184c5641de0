package compare_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/compare"
)

const looped = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
inputs:
  nodes: {type: array, items: {type: string}}
vars: {zones: [a, b, c]}
onFailure: rollback
steps:
  - id: drain
    uses: exec
    foreach: ${{ inputs.nodes }}
    batch:
      sizes: [1, 50%]
      maxParallel: 2
      maxFailures: 1
      pause: 1m
      between: {expr: "size(steps.drain.outputs.list) < 5"}
    gate: {expr: each.index < 10}
    when: each.key != "n9"
    with: {command: [drain, "${{ each.value }}"]}
    rollback: {uses: exec, with: {command: [uncordon, "${{ each.value }}"]}}
    timeout: 1m
  - id: scale
    uses: exec
    foreach: ${{ vars.zones }}
    with: {command: [scale, "${{ each.value }}"]}
    rollback: {none: it does no harm}
    timeout: 1m
`

// What a change to a loop means; each row replaces some text of the book.
func TestAChangeToALoopIsSaidToMean(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]struct{ old, new, want string }{
		"nothing":          {"", "", ""},
		"larger batches":   {"[1, 50%]", "[2, 50%]", "higher drain batch: the batches are larger"},
		"the same batches": {"[1, 50%]", "[1, 50%, 50%]", ""},
		"smaller batches":  {"[1, 50%]", "[1, 50%, 10%]", "lower drain batch: the batches are smaller"},
		"other batches":    {"[1, 50%]", "[1, 3]", "undecided drain batch: the batches have changed"},
		"all at once":      {"      maxParallel: 2\n", "", "higher drain batch: more are under way at once"},
		"one at a time":    {"maxParallel: 2", "maxParallel: 1", "lower drain batch: fewer are under way at once"},
		"more may fail":    {"maxFailures: 1", "maxFailures: 2", "higher drain batch: more of them may fail"},
		"none may fail":    {"      maxFailures: 1\n", "", "lower drain batch: fewer of them may fail"},
		"fewer of a batch": {"maxFailures: 1", "maxFailures: {total: 1, batch: 0}", "lower drain batch: fewer of a batch may fail"},
		"a share may fail": {"maxFailures: 1", "maxFailures: 10%", "undecided drain batch: how many of them may fail has changed"},
		"a shorter pause":  {"pause: 1m", "pause: 10s", "higher drain batch: the pause after a batch is shorter"},
		"a weaker between": {"list) < 5", "list) < 7", "undecided drain between: the between is no stronger, and may be weaker"},
		"no between":       {"      between: {expr: \"size(steps.drain.outputs.list) < 5\"}\n", "", "higher drain between: the between no longer asks for something"},
		"a weaker gate":    {"each.index < 10", "each.index < 20", "higher drain gate: the gate is weaker: it holds now, and did not, where each.index is 10"},
		"for more of them": {"    when: each.key != \"n9\"\n", "", "higher drain when: it is done in more cases: it is done now, and was not, where each.key is \"n9\""},
		"for other things": {"${{ inputs.nodes }}", "${{ vars.zones }}", "undecided drain foreach: what it is done for has changed; undecided drain between: the between has changed, by what its names mean; same time: the critical paths cannot be compared: nobody knew how long drain takes"},
		"for one more":     {"[a, b, c]", "[a, b, c, d]", "higher scale foreach: it is done for 1 more; same var: the var zones has changed; same time: the critical path is 1m longer"},
		"for one less":     {"[a, b, c]", "[a, b]", "undecided scale foreach: it is done for 1 fewer; same var: the var zones has changed; same time: the critical path is 1m shorter"},
		"once":             {"    foreach: ${{ vars.zones }}\n    with: {command: [scale, \"${{ each.value }}\"]}", "    with: {command: [scale, a]}", "undecided scale parameter: command is another one; undecided scale foreach: it is done once, and was done for many; same time: the critical path is 2m shorter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(looped, use.old) {
				t.Fatalf("the book has no %q", use.old)
			}
			changed := strings.Replace(looped, use.old, use.new, 1)
			if got := said(compare.Of(version(t, looped), version(t, changed))); got != use.want {
				t.Errorf("got  %s\nwant %s", got, use.want)
			}
			if back := compare.Of(version(t, changed), version(t, looped)); (len(back.Changes) == 0) != (use.want == "") {
				t.Errorf("back: got %s", said(back))
			}
		})
	}
}
