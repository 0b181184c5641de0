package preflight

import "testing"

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
