package drill_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/world"
)

// chain is a runbook of so many steps, one after the other, as people write them: in three of
// four something is changed that has a way back, every fourth only looks, and each that changes
// something has a gate and a verify.
func chain(steps int) string {
	var b strings.Builder
	b.WriteString(checktest.Head + "onFailure: rollback\nsteps:\n")
	for i := range steps {
		if i%4 == 0 {
			fmt.Fprintf(&b, "  - {id: s%d, uses: http.check, with: {url: \"http://localhost/\"}}\n", i)
			continue
		}
		fmt.Fprintf(&b, `  - id: s%d
    uses: exec
    with: {command: [./do, "%[1]d"], idempotent: %t}
    gate: {observe: {uses: http.check, with: {url: "http://localhost/"}}, expr: observed.status == 200}
    verify: {observe: {uses: http.check, with: {url: "http://localhost/"}}, expr: observed.status == 200, within: 1m}
    rollback: {uses: exec, with: {command: [./undo, "%[1]d"], idempotent: true}}
`, i, i%2 == 0)
	}
	b.WriteString("finally:\n  - {id: tell, uses: http.check, with: {url: \"http://localhost/\"}}\n")
	return b.String()
}

// BenchmarkDrill drills runbooks with pairs of failures, up to the bound that a drill has by itself.
func BenchmarkDrill(b *testing.B) {
	for _, steps := range []int{10, 30, 100} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			p := planOf(b, "chain.yaml", chain(steps), "")
			for b.Loop() {
				proof := drill.Of(p, world.Supposed{}, drill.Options{Pairs: drill.DefaultPairs})
				if len(proof.Violations) > 0 {
					b.Fatal(proof.Violations[0].Detail)
				}
				b.ReportMetric(float64(proof.Counts.Rehearsals), "rehearsals")
				b.ReportMetric(float64(proof.Counts.Merged), "merged")
				b.ReportMetric(float64(proof.Counts.Alike), "alike")
			}
		})
	}
}
