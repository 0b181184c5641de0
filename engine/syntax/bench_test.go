package syntax_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

func steps(n int) []byte {
	var text strings.Builder
	text.WriteString("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: big, version: 1.0.0}\nsteps:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - id: step_%d\n    uses: exec\n    with:\n      command: [echo, \"step %d\"]\n      dir: /tmp\n"+
			"    verify:\n      - expr: steps.step_%d.outputs.code == 0\n        message: it failed\n    timeout: 10m\n", i, i, i)
	}
	return []byte(text.String())
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("steps=%d", n), func(b *testing.B) {
			text := steps(n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, found := syntax.Parse(source.NewFile("f.yaml", text)); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
	b.Run("scalars=1000000", func(b *testing.B) {
		text := []byte("a: [" + strings.Repeat("x, ", 1_000_000) + "]\n")
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, found := syntax.Parse(source.NewFile("f.yaml", text)); len(found) > 0 {
				b.Fatal(found)
			}
		}
	})
}
