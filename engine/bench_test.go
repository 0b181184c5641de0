package engine_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/internal/shape"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/source"
)

// sizes are those over which cost must grow linearly.
var sizes = []int{100, 1_000, 10_000}

func eachShape(b *testing.B, use shape.Use, each func(b *testing.B, text []byte, steps int)) {
	for _, s := range shape.All() {
		for _, steps := range sizes {
			if s == shape.AllToAll && steps > 1_000 {
				continue // a million edges: measured in edges, not steps
			}
			b.Run(fmt.Sprintf("%s/%d", s, steps), func(b *testing.B) {
				b.ReportAllocs()
				each(b, shape.Runbook(s, steps, use), steps)
			})
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	eachShape(b, shape.Nothing, func(b *testing.B, text []byte, _ int) {
		e := newEngine(b)
		for b.Loop() {
			if _, found := e.Check(source.NewFile("bench.yaml", text)); found.HasErrors() {
				b.Fatal(texts(found))
			}
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	eachShape(b, shape.Nothing, func(b *testing.B, text []byte, _ int) {
		e := newEngine(b)
		runbook, found := e.Check(source.NewFile("bench.yaml", text))
		if found.HasErrors() {
			b.Fatal(texts(found))
		}
		for b.Loop() {
			if _, found, err := e.Plan(runbook, nil); err != nil || found.HasErrors() {
				b.Fatal(err, texts(found))
			}
		}
	})
}

// With each step, what is taken back where it fails is worked out.
func BenchmarkReview(b *testing.B) {
	eachShape(b, shape.Undone, func(b *testing.B, text []byte, _ int) {
		e := newEngine(b)
		runbook, found := e.Check(source.NewFile("bench.yaml", text))
		if found.HasErrors() {
			b.Fatal(texts(found))
		}
		p, _, err := e.Plan(runbook, nil)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			review.Of(p.Plan, nil)
		}
	})
}

func BenchmarkRunNoOp(b *testing.B) { benchmarkRun(b, shape.Nothing) }

func BenchmarkRunExec(b *testing.B) { benchmarkRun(b, shape.True) }

func benchmarkRun(b *testing.B, use shape.Use) {
	eachShape(b, use, func(b *testing.B, text []byte, _ int) {
		e := newEngine(b)
		runbook, found := e.Check(source.NewFile("bench.yaml", text))
		if found.HasErrors() {
			b.Fatal(texts(found))
		}
		p, _, err := e.Plan(runbook, nil)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			result, err := e.Run(b.Context(), p, process(), engine.RunOptions{By: "bench", Parallelism: 16})
			if err != nil || result.Outcome != event.OutcomeSucceeded {
				b.Fatal(result, err)
			}
		}
	})
}
