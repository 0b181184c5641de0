package history_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/report/history"
)

func TestFilterKeeps(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	r := history.Record{Date: began, Runbook: "web", Result: "succeeded", Environment: "production", Operator: "ann"}
	tests := map[string]struct {
		filter history.Filter
		want   bool
	}{
		"all":            {history.Filter{}, true},
		"same":           {history.Filter{Runbook: "web", Result: "succeeded", Environment: "Production", Operator: "ann"}, true},
		"other runbook":  {history.Filter{Runbook: "db"}, false},
		"other result":   {history.Filter{Result: "failed"}, false},
		"other operator": {history.Filter{Operator: "bob"}, false},
		"since then":     {history.Filter{Since: began}, true},
		"since later":    {history.Filter{Since: began.Add(1)}, false},
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
	if err := history.CSV(&b, []history.Record{{Remark: "=cmd|' /C calc'!A0", Version: "-1", Environment: "\t=1", Operator: "\r=1"}}); err != nil {
		t.Fatal(err)
	}
	for _, cell := range []string{"'=cmd", "'-1", "'\t=1", "'\r=1"} {
		if got := b.String(); !strings.Contains(got, cell) {
			t.Errorf("there is no cell %q in %q", cell, got)
		}
	}
}
