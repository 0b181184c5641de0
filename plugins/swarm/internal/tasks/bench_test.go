package tasks

import (
	"fmt"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
)

// BenchmarkJudge is one look at a service with many tasks, half of them of the version before. The cost
// of a task does not grow with their number.
func BenchmarkJudge(b *testing.B) {
	for _, number := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(number), func(b *testing.B) {
			var texts []string
			for i := range number {
				texts = append(texts, fmt.Sprintf("%d running", i), fmt.Sprintf("%d shutdown old unwanted", i))
			}
			seen := moment{update: swarm.UpdateStateUpdating, tasks: texts}.seen()
			f := &following{Followed: Followed{ID: "s", Spec: wanted(), Monitor: time.Second, Stall: time.Minute}}
			for b.Loop() {
				f.tell(f.see(begin, seen))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*number), "ns/task")
		})
	}
}
