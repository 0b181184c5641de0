package diag_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

func TestRulesAreUniqueAndComplete(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`^GB\d{4}$`)
	last := ""
	for _, r := range diag.Rules() {
		if !code.MatchString(r.Code) || r.Code <= last {
			t.Errorf("%q: codes are GB and four digits, each once, in order; before it is %q", r.Code, last)
		}
		last = r.Code
		if r.Severity != diag.Error && r.Severity != diag.Warning {
			t.Errorf("%s: severity %q", r.Code, r.Severity)
		}
		for name, text := range map[string]string{
			"summary": r.Summary, "why": r.Why, "mend": r.Mend, "bad": r.Bad, "good": r.Good,
		} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", r.Code, name)
			}
		}
		if strings.HasSuffix(r.Summary, ".") {
			t.Errorf("%s: the summary ends in a full stop", r.Code)
		}
		for name, text := range map[string]string{"why": r.Why, "mend": r.Mend} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is no whole sentence", r.Code, name)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	keys := []string{"id", "uses", "with", "needs", "when", "timeout", "onFailure", "rollback"}
	for word, want := range map[string]string{
		"use":         "uses",
		"Uses":        "uses",
		"onfailure":   "onFailure",
		"on_failure":  "onFailure",
		"time_out":    "timeout",
		"tiemout":     "timeout",
		"need":        "needs",
		"wiht":        "with",
		"roll-back":   "rollback",
		"foreach":     "",
		"on":          "",
		"x":           "",
		"":            "",
		"completely":  "",
		"connections": "",
		"uses":        "", // it is one of them
	} {
		if got, ok := diag.Nearest(word, keys); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", word, got, ok, want)
		}
	}
	if got, ok := diag.Nearest(strings.Repeat("x", 1000), []string{strings.Repeat("x", 999)}); ok {
		t.Errorf("a very long word was compared with %q", got)
	}
}

func TestListIsSortedWithoutRepetitions(t *testing.T) {
	t.Parallel()
	file := source.NewFile("web.yaml", []byte("a: b\n"))
	mistake := &diag.Rule{Code: "GB9001", Severity: diag.Error}
	oddity := &diag.Rule{Code: "GB9002", Severity: diag.Warning}
	later := mistake.At(file.Range(5, 5), "Later.")
	here, odd := mistake.At(file.Range(3, 4), "Here."), oddity.At(file.Range(3, 4), "Odd.")
	list := diag.List{later, odd, here, here}
	sorted := list.Sorted()
	if len(sorted) != 3 || sorted[0].Detail != "Here." || sorted[1].Detail != "Odd." || sorted[2].Detail != "Later." {
		t.Errorf("got %v", sorted)
	}
	if !list.HasErrors() || list.Count(diag.Error) != 3 || list.Count(diag.Warning) != 1 {
		t.Error("the findings are counted wrongly")
	}
	if (diag.List{odd}).HasErrors() {
		t.Error("a warning counts as an error")
	}
}
