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

// What is weaker in one mode alone is weaker, also where that mode is named wrongly now: nothing says
// in which mode a version is run.
func TestWhatIsWeakerInAModeIsWeaker(t *testing.T) {
	t.Parallel()
	const moded = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
modes: {drill: {}, planned: {}, unplanned: {}}
steps:
  - id: change
    uses: exec
    gate: {expr: 'run.mode != "planned" || lastDrill("web") < duration("2160h")'}
    when: run.mode != "drill"
    with: {command: [echo, "${{ run.mode == 'drill' ? 'copy' : 'all' }}"]}
    rollback: {none: it only prints}
`
	for name, use := range map[string]struct{ old, new, want string }{
		"a longer time":    {"2160h", "8760h", `undecided change gate: the gate is no stronger, and may be weaker`},
		"a shorter time":   {"2160h", "720h", `lower change gate: the gate is no weaker, and may be stronger`},
		"another mode":     {`!= "planned"`, `!= "unplanned"`, `undecided change gate: the gate has changed`},
		"in no mode":       {`run.mode != "planned"`, `run.mode != ""`, `undecided change gate: the gate has changed`},
		"in more modes":    {`run.mode != "drill"`, `run.mode in ["", "drill", "planned", "unplanned"]`, `higher change when: it is done in more cases: it is done now, and was not, where run.mode is "drill"`},
		"a parameter":      {`'copy'`, `'more'`, `undecided change parameter: command is another one`},
		"in other words":   {`run.mode != "planned"`, `(!(run.mode == "planned"))`, ""},
		"a mode is listed": {`run.mode != "planned"`, `(!(run.mode in ["planned", "drill"]))`, `lower change gate: the gate is no weaker, and may be stronger`},
	} {
		if !strings.Contains(moded, use.old) {
			t.Fatalf("%s: the book has no %q", name, use.old)
		}
		got := said(compare.Of(version(t, moded), version(t, strings.Replace(moded, use.old, use.new, 1))))
		if got != use.want {
			t.Errorf("%s: got %q, want %q", name, got, use.want)
		}
	}
}
