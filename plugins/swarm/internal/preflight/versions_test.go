package preflight

import (
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// What distributions add to the version of an engine is no pre-release.
func TestVersionsAreComparedByTheirNumbers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version, allowed string
		within           bool
	}{
		{"20.10.24+dfsg1", ">=20.10.24 <28", true},
		{"24.0.7-0ubuntu4", ">=24.0.7", true},
		{"28.0.0-rc.1", "<28", false},
		{"20.10.23", ">=20.10.24", false},
		{"27.3.1", "~27 || ~28", true},
		{"library-import", ">=1", false},
		{"anything", "", true},
	} {
		allowed, err := rangeOf(test.allowed)
		if err != nil {
			t.Fatal(err)
		}
		if got := within(test.version, allowed); got != test.within {
			t.Errorf("%s is within %q: %t", test.version, test.allowed, got)
		}
	}
}

// What is no range is found by check where it is plain, and by a plan at the latest.
func TestWhatIsNoRangeIsFoundBeforeARun(t *testing.T) {
	t.Parallel()
	action := preflight{}.action()
	validator, err := schema.Compile(schema.For[Input]())
	if err != nil {
		t.Fatal(err)
	}
	for versions, found := range map[string]struct{ check, plan bool }{
		">=20.10.24 <28": {}, "~27 || ~28": {}, "v27": {}, "*": {}, "20.10 - 28": {},
		"abc":    {check: true, plan: true},
		">=1 or": {plan: true},
	} {
		if wrong := len(validator.Validate(map[string]any{"versions": versions})) > 0; wrong != found.check {
			t.Errorf("check finds %q: %t", versions, wrong)
		}
		_, err := action.Plan(t.Context(), &sdk.Call[Input]{Request: sdk.Request{}, Input: Input{Versions: versions}})
		if (err != nil) != found.plan || err != nil && sdk.AsError(err).Field != "versions" {
			t.Errorf("the plan of %q says %v", versions, err)
		}
	}
}
