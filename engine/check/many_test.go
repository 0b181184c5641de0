package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

func TestTooManyExpressionsAreSaidOnce(t *testing.T) {
	t.Parallel()
	text := []byte(head + "inputs: {who: {type: string}}\nsteps:\n  - id: look\n    uses: look\n    with:\n      url: x\n      headers:\n")
	for i := range 70_000 {
		text = fmt.Appendf(text, "        h%d: %d ${{ inputs.who }}\n", i, i)
	}
	_, found := load(source.NewFile("many.yaml", text), testActions(t))
	if len(found) != 1 || found[0].Rule != diag.ExprTooMany {
		t.Fatalf("got %d findings, want the one that there are too many expressions", len(found))
	}
	if line := found[0].Range.String(); line == "many.yaml:12:13" {
		t.Errorf("the first expression, at %s, is too many", line)
	}
}

// However the vars use each other, the patterns of a runbook have one bound.
func TestAllPatternsOfARunbookAreBoundedTogether(t *testing.T) {
	t.Parallel()
	text := head + "inputs: {who: {type: string}}\nvars:\n  v0: []\n"
	for level := 1; level < 10; level++ {
		text += fmt.Sprintf("  v%d:\n    - ${{ vars.v%d }}\n", level, level-1)
		for i := range 50 {
			text += fmt.Sprintf("    - ${{ inputs.who matches '(?:a{100}){9}' }} %d\n", i)
		}
	}
	text += "steps:\n  - {id: look, uses: look, with: {url: \"${{ string(vars.v9) }}\"}}\n"
	_, found := load(source.NewFile("patterns.yaml", []byte(text)), testActions(t))
	if len(found) == 0 || found[0].Rule != diag.ExprBadLiteral || !strings.Contains(found[0].Detail, "all together") {
		t.Errorf("the patterns of nine levels of vars are not too many together: %v", found)
	}
}

func TestConditionsThatAreAlwaysTheSameAreTriedWithLittleWork(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]int{
		"1 < 2": 1, "'a' + 'b' == 'ab'": 1,
		"lists.range(80000).all(x, x >= 0)":        0, // which is true, and takes long to find out
		"lists.range(80000).size() == 80000":       0,
		"inputs.least > 1 || lists.range(1) == []": 0,
	} {
		text := fmt.Appendf(nil, "%sinputs: {least: {type: integer}}\nsteps:\n  - {id: look, uses: look, with: {url: x}, gate: {expr: %q}}\n", head, expr)
		_, found := load(source.NewFile("constant.yaml", text), testActions(t))
		said := 0
		for _, d := range found {
			if d.Rule == diag.ConstantCondition {
				said++
			}
		}
		if said != want {
			t.Errorf("%s: it is said %d times that it is constant, want %d", expr, said, want)
		}
	}
}
