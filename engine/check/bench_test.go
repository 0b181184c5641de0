package check_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/internal/shape"
	"github.com/gatebook/gatebook/engine/source"
)

// BenchmarkCheck measures a file from its bytes to the checked runbook.
func BenchmarkCheck(b *testing.B) {
	catalogue := testActions(b)
	for _, s := range shape.All() {
		for _, steps := range []int{100, 1_000, 10_000} {
			text := shape.Runbook(s, steps, shape.Use{Action: "look", With: "{url: http://web}"})
			b.Run(fmt.Sprintf("%s/%d", s, steps), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, found := load(source.NewFile("bench.yaml", text), catalogue); len(found) > 0 {
						b.Fatal(found[0].Detail)
					}
				}
			})
		}
	}
}

// BenchmarkCheckExpressions measures steps each of which has a gate of its own, a
// template and a reference to the step before it.
func BenchmarkCheckExpressions(b *testing.B) {
	catalogue := testActions(b)
	for _, steps := range []int{100, 1_000, 10_000} {
		text := []byte(head + "inputs: {least: {type: integer}}\nsteps:\n  - {id: s0, uses: look, with: {url: x}}\n")
		for i := 1; i < steps; i++ {
			text = fmt.Appendf(text, "  - {id: s%d, uses: look, with: {url: \"http://${{ steps.s%d.outputs.names[0] }}\"}, gate: {expr: steps.s%d.outputs.replicas > inputs.least}}\n", i, i-1, i-1)
		}
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, found := load(source.NewFile("bench.yaml", text), catalogue); len(found) > 0 {
					b.Fatal(found[0].Detail)
				}
			}
		})
	}
}
