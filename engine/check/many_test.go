package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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

func TestManyExpressionsInOneTextTakeLittle(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"who": 0, "whom": 50_000} {
		text := head + "inputs: {who: {type: string}}\nsteps:\n  - {id: look, uses: look, with: {url: \"" +
			strings.Repeat("a ${{ inputs."+name+" }} b c ", 50_000) + "\"}}\n"
		begin := time.Now()
		_, found := load(source.NewFile("many.yaml", []byte(text)), testActions(t))
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
		if got := found.Count(diag.Error); got != want {
			t.Errorf("%s: found %d errors, want %d", name, got, want)
		}
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
