package condition_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/expr/internal/exprtest"
)

func TestVeryManyUnknownNamesAreSomeFindings(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("inputz.count > 1 && ", 300) + "true"
	_, faults := expr.NewCompiler().Condition(text, exprtest.Types())
	if len(faults) == 0 || len(faults) > 50 {
		t.Fatalf("got %d findings, want some", len(faults))
	}
	for i, f := range faults {
		if f.Rule.Code != "GB0302" || text[f.Start:f.End] != "inputz" || f.Hint != "did you mean inputs?" {
			t.Errorf("finding %d is %+v", i, f)
		}
	}
}

func TestManyFamiliesTypesAndVariablesAreNoStrangers(t *testing.T) {
	t.Parallel()
	for _, part := range []string{
		`semver.compare("1", "2") < 0`, `math.greatest(inputs.count, 1) > 0`, `type(inputs.count) == int`,
		`inputs.nodes.all(n, n != "x")`, `[1].transformList(i, v, i + v) == [1]`, `optional.of(1).hasValue()`,
	} {
		text := part + strings.Repeat(" && "+part, 60)
		if _, faults := expr.NewCompiler().Condition(text, exprtest.Types()); len(faults) > 0 {
			t.Errorf("%s: %+v", part, faults[0])
		}
	}
}
