package compare_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/compare"
)

// A mode that leaves out more proves less, and one that sets other inputs is looked at by people.
func TestModesAreCompared(t *testing.T) {
	t.Parallel()
	moded := strings.Replace(book, "vars:", "modes: {drill: {inputs: {image: 'web:1'}, skip: [clean]}}\nvars:", 1)
	for name, use := range map[string]struct{ old, new, want, back string }{
		"one more left out": {"skip: [clean]", "skip: [clean, tell]", "higher mode: the mode drill leaves out more: tell", "lower mode: the mode drill leaves out less: tell"},
		"nothing left out":  {", skip: [clean]", "", "lower mode: the mode drill leaves out less: clean", "higher mode: the mode drill leaves out more: clean"},
		"in another order":  {"skip: [clean]", "skip:  [ clean ]", "", ""},
		"another input":     {"'web:1'", "'web:2'", "undecided mode: the mode drill sets other inputs", "undecided mode: the mode drill sets other inputs"},
		"no mode":           {"modes: {drill: {inputs: {image: 'web:1'}, skip: [clean]}}\n", "", "undecided mode: the mode drill is gone", "undecided mode: the mode drill is new"},
	} {
		if !strings.Contains(moded, use.old) {
			t.Fatalf("%s: the book has no %q", name, use.old)
		}
		before, after := version(t, moded), version(t, strings.Replace(moded, use.old, use.new, 1))
		if got := said(compare.Of(before, after)); got != use.want {
			t.Errorf("%s: got %q, want %q", name, got, use.want)
		}
		if got := said(compare.Of(after, before)); got != use.back {
			t.Errorf("%s, back: got %q, want %q", name, got, use.back)
		}
	}
}
