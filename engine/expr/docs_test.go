package expr_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
)

// The examples of the documentation are lines "expression → result" in fences of
// CEL and of text.
func TestExamplesOfTheDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	compiler, types := expr.NewCompiler(), exprtest.Types()
	fence, seen := "", 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "```"); ok {
			fence = name
			continue
		}
		text, want, ok := strings.Cut(line, "→")
		if !ok || fence != "cel" && fence != "text" {
			continue
		}
		seen++
		text, want = strings.TrimSpace(text), strings.TrimSpace(want)
		result := documentedValue
		if fence == "cel" {
			result = documentedCondition
		}
		if got := result(compiler, types, text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	if seen < 100 {
		t.Errorf("only %d examples were found", seen)
	}
}

func documentedCondition(compiler *expr.Compiler, types *expr.Types, text string) string {
	condition, faults := compiler.Condition(text, types)
	if len(faults) > 0 {
		return faults[0].Detail
	}
	switch verdict := condition.Eval(exprtest.Scope()); verdict.Truth {
	case expr.Failed:
		return "✗ " + verdict.Err.Error()
	case expr.Unknown:
		return "unknown: " + verdict.Residual
	default:
		return verdict.Truth.String()
	}
}

func documentedValue(compiler *expr.Compiler, types *expr.Types, text string) string {
	template, faults := compiler.Template(text, types)
	if len(faults) > 0 {
		return faults[0].Detail
	}
	got, err := template.Eval(exprtest.Scope())
	if err != nil {
		return "✗ " + err.Error()
	}
	if got.IsUnknown() {
		return "unknown"
	}
	document, err := got.RevealJSON() // as an action is given it
	if got.HasSecret() || got.HasUnknown() {
		document, err = got.MarshalJSON()
	}
	if err != nil {
		return err.Error()
	}
	return string(document)
}
