package expr_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/expr"
)

// A mode with which run.mode is compared, and that there is not, is found in whatever language, at its
// place.
func TestModesThatThereAreNotAreFound(t *testing.T) {
	t.Parallel()
	types := expr.NewTypes(nil, nil, nil).WithModes([]string{"drill", "planned"})
	for text, want := range map[string]string{
		`run.mode == "planed"`:                              "planed",
		`"planed" != run.mode`:                              "planed",
		`!(run.mode in ["drill", "planed"])`:                "planed",
		`run.mode == "planned" || run.mode == "drill"`:      "",
		`run.mode in ["", "drill"]`:                         "",
		`run.mode != ""`:                                    "",
		`run.runbook == "planed"`:                           "",
		`run.mode == inputs.mode`:                           "",
		`[{"mode": "x"}].exists(run, run.mode == "planed")`: "",
	} {
		_, faults := expr.NewCompiler().Condition(text, types)
		holdMode(t, text, want, faults)
	}
	for text, want := range map[string]string{
		`${{ run.mode == "planed" ? 1 : 2 }}`:                   "planed",
		`${{ "planed" != run.mode }}`:                           "planed",
		`${{ run.mode not in ["drill", "planed"] }}`:            "planed",
		`${{ let run = {"mode": "x"}; run.mode == "planed" }}`:  "",
		`${{ run.mode == "planned" ? "planed" : run["mode"] }}`: "",
	} {
		_, faults := expr.NewCompiler().Template(text, types)
		holdMode(t, text, want, faults)
	}
	if _, faults := expr.NewCompiler().Condition(`run.mode == "planed"`, expr.NewTypes(nil, nil, nil)); len(faults) > 0 {
		t.Errorf("where nobody knows the modes: %+v", faults)
	}
}

// holdMode holds what was found against the mode that is to be.
func holdMode(t *testing.T, text, want string, faults []expr.Fault) {
	t.Helper()
	found := ""
	for _, fault := range faults {
		found += text[fault.Start+1 : fault.End-1]
		if fault.Rule.Code != "GB0314" || fault.Hint != "did you mean planned?" {
			t.Errorf("%s: %+v", text, fault)
		}
	}
	if found != want {
		t.Errorf("%s: found %q, want %q (%+v)", text, found, want, faults)
	}
}
