package agreed_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/agreed"
	"github.com/gatebook/gatebook/engine/plan"
)

// BenchmarkSeen is a chain of steps that change a thing each, in pairs, before one that may change
// anything: of each it must be known what follows on it.
func BenchmarkSeen(b *testing.B) {
	for _, number := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(number), func(b *testing.B) {
			over := &plan.Connection{Name: "red", Source: "shop"}
			var steps []*plan.Step
			for i := range number {
				s := step(fmt.Sprint("s", i))
				if i > 0 {
					s.Needs = []plan.Edge{{Step: fmt.Sprint("s", i-1), Reason: plan.Needed}}
				}
				s.Connection = over
				if marking(s, fmt.Sprintf("t%d*", i/2)); i == number-1 {
					marking(s, "any")
				}
				steps = append(steps, s)
			}
			p, err := plan.New(plan.Plan{Steps: steps, Targets: &plan.Targets{}})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				agreed.Seen(p)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*number), "ns/step")
		})
	}
}
