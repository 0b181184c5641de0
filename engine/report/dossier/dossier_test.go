package dossier_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/plugins/sdk"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds a document against the file of its name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update writes it anew:\n%s", name, diff)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	p.Steps[1].Preview = &sdk.Preview{Summary: "would deploy web:2", Changes: []sdk.Delta{{
		Target: "Deployment shop/web", Kind: "Deployment", Op: "update", Diff: "@@ -1,2 +1,2 @@\n spec:\n-  image: web:1\n+  image: web:2\x1b[31m\n",
	}}}
	var b bytes.Buffer
	if err := dossier.Text(&b, p, review.Of(p, nil), layout.Style{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "text", b.Bytes())
}

func TestPlanPutsWhatStandsInItsWayFirst(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	step := p.Steps[1]
	step.Gate[0].State = plan.State{Truth: "false", Explain: &expr.Explanation{
		Text: "steps.before.outputs.ready >= 3", Value: "false", State: "value",
		Children: []*expr.Explanation{{Text: "steps.before.outputs.ready", Value: "2", State: "value"}, {Text: "3", Value: "3", State: "value"}},
	}}
	step.Preview = &sdk.Preview{Summary: "would deploy web:2", Blockers: []string{"The registry does not answer."}, Warnings: []string{"It is Friday."}}
	p.Steps[0].PreviewError = "no route to host"
	var b bytes.Buffer
	if err := dossier.Summary(&b, p, review.Of(p, nil), layout.Style{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "problems", b.Bytes())
}

func TestPlanAsMarkdown(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	p.Steps[0].PreviewError = "no route to `host`, says @ops in #12 <b>"
	p.Steps[1].Preview = &sdk.Preview{Summary: "would deploy web:2", Changes: []sdk.Delta{{
		Target: "Deployment shop/web", Kind: "Deployment", Op: "update", Diff: "@@ -1,2 +1,2 @@\n spec:\n-  image: web:1\n+  image: ```web:2\x1b[31m\n",
	}}}
	var b bytes.Buffer
	if err := dossier.Markdown(&b, p, review.Of(p, nil), dossier.MarkdownSize); err != nil {
		t.Fatal(err)
	}
	golden(t, "markdown", b.Bytes())
}

func TestPlanAsHTML(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	p.Steps[0].PreviewError = "no route to <script>alert(1)</script>"
	var b bytes.Buffer
	if err := dossier.HTML(&b, p, review.Of(p, nil)); err != nil {
		t.Fatal(err)
	}
	golden(t, "page", b.Bytes())
	if bytes.Contains(b.Bytes(), []byte("<script")) {
		t.Error("text from outside is markup")
	}
}

// A comment holds only so much: what is left out is said, and nothing is left half open.
func TestMarkdownOfALongPlanFits(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	long := strings.Repeat("+ one more line of what changes\n", 400)
	for i := range 100 {
		step := *p.Steps[1]
		step.ID = fmt.Sprint("upgrade_", i)
		step.Preview = &sdk.Preview{Summary: "would deploy", Changes: []sdk.Delta{{Target: "Deployment shop/web", Kind: "Deployment", Op: "update", Diff: long}}}
		p.Steps = append(p.Steps, &step)
	}
	var b bytes.Buffer
	if err := dossier.Markdown(&b, p, review.Of(p, nil), dossier.MarkdownSize); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if len(text) > dossier.MarkdownSize || !strings.Contains(text, "are left out here") {
		t.Errorf("%d bytes of at most %d", len(text), dossier.MarkdownSize)
	}
	if open, closed := strings.Count(text, "<details>"), strings.Count(text, "</details>"); open != closed {
		t.Errorf("%d parts are open, %d closed", open, closed)
	}
	if fences := strings.Count(text, "```"); fences%2 != 0 {
		t.Errorf("%d fences", fences)
	}
}
