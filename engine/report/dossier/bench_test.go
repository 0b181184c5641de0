package dossier_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// What a thousand steps take in each format, its review included.
func BenchmarkPlan(b *testing.B) {
	write := map[string]func(p *plan.Plan, r *review.Review) error{
		"text": func(p *plan.Plan, r *review.Review) error { return dossier.Text(io.Discard, p, r, layout.Style{}) },
		"markdown": func(p *plan.Plan, r *review.Review) error {
			return dossier.Markdown(io.Discard, p, r, dossier.MarkdownSize)
		},
		"html": func(p *plan.Plan, r *review.Review) error { return dossier.HTML(io.Discard, p, r) },
	}
	plans := map[string]*plan.Plan{"one after the other": example.Chain(b, 1000), "side by side": example.Fleet(b, 332)}
	for shape, p := range plans {
		for format, write := range write {
			b.Run(fmt.Sprintf("%s/%s", format, shape), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := write(p, review.Of(p, nil)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
