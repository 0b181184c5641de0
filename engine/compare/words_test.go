package compare_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/compare"
)

// A status is one of a few words, and fewer where a step that failed, or was skipped, is not
// come past.
func TestWhatAStatusCanBe(t *testing.T) {
	t.Parallel()
	const always, maybe, asked = "{id: look,", "{id: look, onFailure: continue,", "steps.look.outputs.exitCode == 0"
	for name, test := range map[string]struct{ look, asked, before, after, want string }{
		"the same in other words": {maybe, asked, `steps.look.status != "failed"`, `steps.look.status in ["succeeded", "skipped"]`, ""},
		"of one that goes on":     {maybe, asked, `steps.look.status == "succeeded"`, `steps.look.status in ["succeeded", "failed"]`, `higher change when: it is done in more cases: it is done now, and was not, where steps.look.status is "failed"`},
		"of one that does not":    {always, asked, `steps.look.status == "succeeded"`, `steps.look.status in ["succeeded", "failed"]`, ""},
		"in finally": {
			always, "{id: clean,", `{id: clean, when: 'steps.look.status != "failed"',`, `{id: clean, when: 'steps.look.status in ["succeeded", "skipped"]',`,
			`undecided clean when: it is done in fewer cases: it was done, and is not now, where steps.look.status is "not_run"`,
		},
		"how a run ended": {always, "{id: clean,", `{id: clean, when: 'run.outcome != "succeeded"',`, `{id: clean, when: 'run.outcome in ["failed", "gate_closed", "rolled_back", "stuck"]',`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := strings.Replace(book, "{id: look,", test.look, 1)
			with := func(text string) compare.Version { return version(t, strings.Replace(of, test.asked, text, 1)) }
			if got := said(compare.Of(with(test.before), with(test.after))); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
