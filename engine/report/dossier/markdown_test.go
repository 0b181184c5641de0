package dossier_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Whatever a plan says: a comment holds it, and nothing in it is left half open.
func TestMarkdownNeverExceedsItsSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := example.Plan(t)
		text := func(label string) string {
			sign := rapid.SampledFrom([]string{"a ", "@", "`", "\u0301", "|", "世", "<b>", "\n", "#"}).Draw(r, label)
			return strings.Repeat(sign, rapid.SampledFrom([]int{1, 40, 900, 9_000}).Draw(r, label+" times"))
		}
		p.Runbook.Title, p.Runbook.File = text("title"), text("file")
		var inputs []value.Member
		for i := range rapid.IntRange(0, 900).Draw(r, "inputs") {
			inputs = append(inputs, value.Member{Name: fmt.Sprint("input_", i), Value: value.String("a value " + fmt.Sprint(i))})
		}
		p.Inputs = value.Object(append(inputs, value.Member{Name: "long", Value: value.String(text("input"))})...)
		for i := range rapid.IntRange(0, 40).Draw(r, "outputs") {
			p.Outputs = append(p.Outputs, plan.Binding{Name: fmt.Sprint("output_", i), Value: value.String(text("output"))})
		}
		first := p.Steps[1]
		for i := range rapid.IntRange(0, 40).Draw(r, "steps") {
			step := *first
			step.ID, step.Title = fmt.Sprint("upgrade_", i), text("step")
			step.PreviewError = text("error")
			step.Preview = &sdk.Preview{Summary: text("summary"), Changes: []sdk.Delta{{Target: text("target"), Kind: "Deployment", Op: "update", Diff: text("diff")}}}
			p.Steps = append(p.Steps, &step)
		}
		size := rapid.SampledFrom([]int{2_000, 8_000, dossier.MarkdownSize}).Draw(r, "size")
		var b bytes.Buffer
		if err := dossier.Markdown(&b, p, review.Of(p, nil), size); err != nil {
			r.Fatal(err)
		}
		if b.Len() > size {
			r.Fatalf("%d bytes of at most %d", b.Len(), size)
		}
		if open, closed := strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"); open != closed || !strings.Contains(b.String(), p.Digest) {
			r.Fatalf("%d parts are open, %d closed", open, closed)
		}
	})
}
