package report_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
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

func TestDocumentsOfARun(t *testing.T) {
	t.Parallel()
	for name, told := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, trail := standing.New(example.Plan(t)), report.NewAudit()
			for i, e := range told.events {
				status.Apply(e)
				trail.Add(uint64(i+1), e)
				if e.Type == event.AttemptStarted {
					status.Output(e.Op.Step, "\x1b[31mfailing\x1b[0m over to "+string(e.Op.Part))
				}
			}
			trail.Intact, trail.Head = true, "cafe"
			var b bytes.Buffer
			section := func(title string, err error) {
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "\n-- above: %s --\n", title)
			}
			section("status", report.StatusText(&b, status, told.now, false, layout.Style{}))
			section("summary", report.Summary(&b, status, layout.Style{}))
			section("audit", report.AuditText(&b, trail, layout.Style{}))
			section("history", history.Table(&b, []history.Record{history.Of(status, told.now)}, layout.Style{}, 0))
			section("history as CSV", history.CSV(&b, []history.Record{history.Of(status, told.now)}))
			golden(t, "run-"+name, b.Bytes())
			if bytes.Contains(b.Bytes(), []byte("s3cret")) {
				t.Error("a secret is shown")
			}
		})
	}
}
