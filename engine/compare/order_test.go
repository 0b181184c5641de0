package compare_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/compare"
)

const ordered = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: data, version: 1.0.0}
steps:
  - {id: before, uses: exec.check, with: {command: [df]}, needs: []}
  - {id: sign_off, uses: approve, with: {message: "Remove it?"}}
  - {id: look, uses: exec.check, with: {command: [ls]}, onFailure: continue}
  - {id: look_again, uses: exec.check, with: {command: [ls, -l]}, onFailure: continue}
  - {id: remove, uses: exec, with: {command: [rm, -r, data]}, rollback: {none: it is gone}}
finally:
  - {id: told, uses: exec.check, with: {command: [echo, done]}}
`

// What a step waits for by way of others it must wait for still where these are gone, or are
// other ones; what lies in finally waits for all of the run, whatever it refers to.
func TestAnOrderIsComparedThroughStepsThatAreGone(t *testing.T) {
	t.Parallel()
	const look = "  - {id: look, uses: exec.check, with: {command: [ls]}, onFailure: continue}\n"
	const again = "  - {id: look_again, uses: exec.check, with: {command: [ls, -l]}, onFailure: continue}\n"
	const glance = "  - {id: glance, uses: exec.check, with: {command: [stat]}, onFailure: continue, needs: []}\n"
	const remove = "  - {id: remove, uses: exec,"
	const gone = "same look step: a step that read is gone; same look_again step: a step that read is gone"
	const lost = "higher remove order: it no longer waits for sign_off"
	for name, use := range map[string]struct{ old, new, want, back string }{
		"another step, that waits for nothing": {
			look + again, glance,
			lost + "; same glance step: a new step that reads; " + gone,
			"lower remove order: it waits for sign_off; same look step: a new step that reads; same look_again step: a new step that reads; same glance step: a step that read is gone",
		},
		"none":                         {look + again, "", gone, strings.ReplaceAll(gone, "a step that read is gone", "a new step that reads")},
		"none, and nothing waited for": {look + again + remove, remove + " needs: [before],", lost + "; " + gone, "lower remove order: it waits for sign_off; " + strings.ReplaceAll(gone, "a step that read is gone", "a new step that reads")},
		"what finally refers to":       {"[echo, done]", `[echo, "${{ steps.look.status }}"]`, "undecided told parameter: command is another one", "undecided told parameter: command is another one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(ordered, use.old) {
				t.Fatalf("the book has no %q", use.old)
			}
			before, after := version(t, ordered), version(t, strings.Replace(ordered, use.old, use.new, 1))
			if got := said(compare.Of(before, after)); got != use.want {
				t.Errorf("got  %s\nwant %s", got, use.want)
			}
			if got := said(compare.Of(after, before)); got != use.back {
				t.Errorf("back: got  %s\nwant %s", got, use.back)
			}
		})
	}
}

// Where nothing has changed the list of changes has nothing in it, and is a list.
func TestNoChangesAreAnEmptyList(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(compare.Of(version(t, book), version(t, book)))
	if err != nil || !strings.Contains(string(text), `"changes":[]`) {
		t.Errorf("got %s, %v", text, err)
	}
}
