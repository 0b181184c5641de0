package plan_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
)

// mustPlan plans a runbook, which must have no errors.
func mustPlan(t testing.TB, checked *check.Runbook, inputs string) *plan.Plan {
	t.Helper()
	values, _, found := input.Values(checked, checktest.Given(inputs))
	checktest.NoErrors(t, found)
	made, found, err := plan.Make(checked, plan.Options{Inputs: values})
	if err != nil {
		t.Fatal(err)
	}
	checktest.NoErrors(t, found)
	return made
}
