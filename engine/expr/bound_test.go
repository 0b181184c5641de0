package expr_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
)

// distinctTexts are conditions and templates of which no two are the same, with some
// faults and some patterns among them.
func distinctTexts(count int, types *expr.Types) []expr.Text {
	texts := make([]expr.Text, count)
	for i := range texts {
		texts[i].Types = types
		switch i % 4 {
		case 0:
			texts[i].Text = fmt.Sprintf("inputs.count > %d", i)
		case 1:
			texts[i].Text = fmt.Sprintf("inputs.cuont > %d", i)
		case 2:
			texts[i].Text, texts[i].Template = fmt.Sprintf("a ${{ inputs.count + %d }}", i), true
		default:
			texts[i].Text = fmt.Sprintf("inputs.name.matches('(?:a{100}){9}%d')", i)
		}
	}
	return texts
}

// faultsOf asks for each text, and returns what is wrong with it.
func faultsOf(compiler *expr.Compiler, texts []expr.Text) [][]expr.Fault {
	found := make([][]expr.Fault, len(texts))
	for i, text := range texts {
		if text.Template {
			_, found[i] = compiler.Template(text.Text, text.Types)
		} else {
			_, found[i] = compiler.Condition(text.Text, text.Types)
		}
	}
	return found
}

func TestWhatIsCompiledAheadIsAsWithout(t *testing.T) {
	t.Parallel()
	texts := distinctTexts(500, exprtest.Types())
	ahead := expr.NewCompiler()
	ahead.Ahead(slices.Values(texts))
	got := faultsOf(ahead, texts)
	want := faultsOf(expr.NewCompiler(), distinctTexts(500, exprtest.Types()))
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *diag.Rule) bool { return a.Code == b.Code })); diff != "" {
		t.Error(diff)
	}
}

// The expressions of one runbook are bounded together: a file of any size costs no more
// than so many, and which of them are compiled depends on their order alone.
func TestTheExpressionsOfARunbookAreBounded(t *testing.T) {
	t.Parallel()
	types, compiler := exprtest.Types(), expr.NewCompiler()
	many := make([]expr.Text, 70_000) // each of which is compiled as fast as can be
	for i := range many {
		many[i] = expr.Text{Text: fmt.Sprintf("%d ${{ inputs.count }}", i), Types: types, Template: true}
	}
	compiler.Ahead(slices.Values(many))
	var refused []bool
	for _, found := range faultsOf(compiler, many) {
		refused = append(refused, len(found) > 0 && found[0].Rule == diag.ExprTooMany)
	}
	first := slices.Index(refused, true)
	if first < 50_000 || first > 65_000 {
		t.Errorf("%d of %d are compiled, want those that have half a million words", first, len(many))
	}
	if slices.Contains(refused[first:], false) {
		t.Error("an expression is compiled behind one that is not")
	}
	if _, found := compiler.Template(many[0].Text, types); slices.ContainsFunc(found, func(f expr.Fault) bool { return f.Rule == diag.ExprTooMany }) {
		t.Error("what is compiled is refused when it is asked for again")
	}
}
