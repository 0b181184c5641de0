//go:build unix

package engine_test

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/source"
)

// crashInner is what the runbooks of the crash test take in.
const crashInner = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: inner, version: 1.0.0}
inputs: {name: {type: string}, gone: {type: boolean, default: false}}
vars: {made: "${{ inputs.name }}-made"}
steps:
  - {id: first, uses: crash.put, with: {name: "${{ vars.made }}", fail: 1}, retry: {attempts: 3, delay: 1ms}}
  - id: left
    uses: crash.seen
    needs: [first]
    with: {name: "${{ inputs.name }}-left"}
    gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}
  - {id: each, uses: crash.seen, needs: [first], foreach: [x, y], with: {name: "${{ inputs.name }}-${{ each.value }}"}}
  - {id: last, uses: crash.seen, needs: [left, each], with: {name: "${{ inputs.name }}-last", gone: "${{ inputs.gone }}"}}
finally:
  - {id: tell, uses: crash.put, with: {name: "${{ inputs.name }}-told"}, rollback: {none: it is said}}
outputs:
  made: ${{ steps.first.outputs.made }}
`

const crashTakesIn = `
onFailure: rollback
steps:
  - {id: once, uses: runbook, with: {file: inner.yaml, inputs: {name: once}}}
  - id: many
    uses: runbook
    foreach: [a, b]
    batch: {maxFailures: 1, pause: 2ms}
    with: {file: inner.yaml, inputs: {name: "${{ steps.once.outputs.made }}-${{ each.value }}", gone: "${{ each.value == 'b' }}"}}
    verify: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}
outputs:
  made: ${{ steps.many.outputs.byKey }}
`

const crashTakesInAndRollsBack = `
onFailure: rollback
steps:
  - id: many
    uses: runbook
    foreach: [a, b]
    batch: {sizes: [100%]}
    with: {file: inner.yaml, inputs: {name: "${{ each.value }}"}}
  - {id: broken, uses: runbook, with: {file: inner.yaml, inputs: {name: broken, gone: true}}}
finally:
  - {id: tell, uses: runbook, with: {file: inner.yaml, inputs: {name: "tell"}}}
`

// innerFile brings the file that a runbook of the crash test takes in.
func innerFile(_, name string) (*source.File, string, error) {
	if name != "inner.yaml" {
		return nil, "", fmt.Errorf("there is no %s", name)
	}
	return source.NewFile(name, []byte(crashInner)), name, nil
}
