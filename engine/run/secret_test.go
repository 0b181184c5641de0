package run

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// What an action or an expression says at length must not fill the journal, whether
// the run has secrets to mask or not.
func TestTextsOfEventsAreBounded(t *testing.T) {
	t.Parallel()
	long := "x" + strings.Repeat("é", maxText)
	failure := &event.Failure{Message: long}
	given := event.Event{
		Reason: long, Failure: failure, Verdict: &event.Verdict{Detail: long},
		Result: &event.Result{Failure: failure, Missing: map[string]string{"outputs.url": long}},
	}
	for name, s := range map[string]*secrets{
		"no secrets": newSecrets(&plan.Plan{}),
		"secrets":    newSecrets(&plan.Plan{Inputs: value.String("hunter22").Secret()}),
	} {
		kept := s.event(given)
		for what, text := range map[string]string{
			"reason": kept.Reason, "failure": kept.Failure.Message, "verdict": kept.Verdict.Detail,
			"result": kept.Result.Failure.Message, "missing output": kept.Result.Missing["outputs.url"],
		} {
			if len(text) > maxText+len("…\uFFFD") || !strings.HasPrefix(long, text[:100]) || !utf8.ValidString(text) {
				t.Errorf("%s: of the %s %d bytes are kept, want at most about %d of valid text", name, what, len(text), maxText)
			}
		}
		if given.Verdict.Detail != long || given.Result.Missing["outputs.url"] != long {
			t.Errorf("%s: the event that was given has changed", name)
		}
	}
}
