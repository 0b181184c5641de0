package expr_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

const typicalCondition = `steps.before.outputs.evicted >= 1 && inputs.count > 2 && inputs.name.startsWith("w")`

func BenchmarkFirstCondition(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		expr.NewCompiler().Condition(typicalCondition, exprtest.Types())
	}
}

func BenchmarkCompileDistinctCondition(b *testing.B) {
	compiler, types := expr.NewCompiler(), exprtest.Types()
	compiler.Condition(typicalCondition, types)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		compiler.Condition(fmt.Sprintf("steps.before.outputs.evicted >= %d && inputs.flag", i), types)
	}
}

func BenchmarkCompileCachedCondition(b *testing.B) {
	compiler, types := expr.NewCompiler(), exprtest.Types()
	b.ReportAllocs()
	for b.Loop() {
		compiler.Condition(typicalCondition, types)
	}
}

func BenchmarkEvalCondition(b *testing.B) {
	condition, _ := expr.NewCompiler().Condition(typicalCondition, exprtest.Types())
	scope := exprtest.Scope()
	b.ReportAllocs()
	for b.Loop() {
		condition.Eval(scope)
	}
}

func BenchmarkExplainCondition(b *testing.B) {
	condition, _ := expr.NewCompiler().Condition(typicalCondition, exprtest.Types())
	scope := exprtest.Scope()
	b.ReportAllocs()
	for b.Loop() {
		condition.Explain(scope)
	}
}

func BenchmarkCompileDistinctTemplate(b *testing.B) {
	compiler, types := expr.NewCompiler(), exprtest.Types()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		compiler.Template(fmt.Sprintf("${{ inputs.count + %d }}", i), types)
	}
}

func BenchmarkEvalTemplate(b *testing.B) {
	for name, text := range map[string]string{
		"literal": "plain text", "reference": "${{ inputs.count }}", "computed": "${{ inputs.count + 1 }}", "text": "web-${{ inputs.name }}-${{ inputs.count }}",
	} {
		b.Run(name, func(b *testing.B) {
			template, _ := expr.NewCompiler().Template(text, exprtest.Types())
			scope := exprtest.Scope()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := template.Eval(scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompileLiteralTemplate(b *testing.B) {
	compiler, types := expr.NewCompiler(), exprtest.Types()
	b.ReportAllocs()
	for b.Loop() {
		compiler.Template("plain text", types)
	}
}

// In a runbook of 10,000 steps each expression costs what it costs in a small one.
func BenchmarkTenThousandSteps(b *testing.B) {
	outputs := exprtest.Fields("n", exprtest.Field("n", schema.Schema{Type: schema.TypeInteger}))
	types := make(map[string]*schema.Schema)
	scope := expr.Values{Steps: make(map[string]value.Value)}
	for i := range 10_000 {
		id := fmt.Sprintf("s%d", i)
		types[id], scope.Steps[id] = outputs, exprtest.JSON(`{"status": "succeeded", "outputs": {"n": 1}}`)
	}
	compiler, all := expr.NewCompiler(), expr.NewTypes(nil, nil, types)
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			compiler.Condition(fmt.Sprintf("steps.s%d.outputs.n == %d", i%10_000, i), all)
		}
	})
	b.Run("eval", func(b *testing.B) {
		condition, _ := compiler.Condition("steps.s1.outputs.n == 1 && steps.s9999.outputs.n == 1", all)
		b.ReportAllocs()
		for b.Loop() {
			condition.Eval(scope)
		}
	})
}
