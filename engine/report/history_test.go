package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/report"
)

func TestFilterKeeps(t *testing.T) {
	t.Parallel()
	r := report.Record{Date: began, Runbook: "web", Result: "succeeded", Environment: "production", Operator: "ann"}
	tests := map[string]struct {
		filter report.Filter
		want   bool
	}{
		"all":            {report.Filter{}, true},
		"same":           {report.Filter{Runbook: "web", Result: "succeeded", Environment: "Production", Operator: "ann"}, true},
		"other runbook":  {report.Filter{Runbook: "db"}, false},
		"other result":   {report.Filter{Result: "failed"}, false},
		"other operator": {report.Filter{Operator: "bob"}, false},
		"since then":     {report.Filter{Since: began}, true},
		"since later":    {report.Filter{Since: began.Add(1)}, false},
	}
	for name, test := range tests {
		if got := test.filter.Keep(r); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestCSVIsNoFormula(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.HistoryCSV(&b, []report.Record{{Date: began, Remark: "=cmd|' /C calc'!A0", Version: "-1", Environment: "\t=1", Operator: "\r=1"}}); err != nil {
		t.Fatal(err)
	}
	for _, cell := range []string{"'=cmd", "'-1", "'\t=1", "'\r=1"} {
		if got := b.String(); !strings.Contains(got, cell) {
			t.Errorf("there is no cell %q in %q", cell, got)
		}
	}
}
