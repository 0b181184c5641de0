// Package tally holds that property tests come to what they are about: what is drawn at random
// may miss a rare case in all draws of one run, and a test that never saw it holds nothing.
package tally

import (
	"testing"

	"pgregory.net/rapid"
)

// rounds are how often draws are made anew for what did not come up: what comes up in one
// round of ten is missed in all of them once in 200 runs, in one of three never.
const rounds = 50

// Tally is how often something of a kind came up.
type Tally map[string]int

// Check checks a property as rapid does, and draws on until all that is wanted came up.
func Check(t *testing.T, property func(*rapid.T, Tally), wanted ...string) {
	t.Helper()
	told := Tally{}
	for range rounds {
		rapid.Check(t, func(r *rapid.T) { property(r, told) })
		if len(told.missing(wanted)) == 0 {
			return
		}
	}
	t.Errorf("in %d rounds nothing came up that is %q: %v", rounds, told.missing(wanted), told)
}

func (t Tally) missing(wanted []string) []string {
	var missing []string
	for _, what := range wanted {
		if t[what] == 0 {
			missing = append(missing, what)
		}
	}
	return missing
}
