package secret

import (
	"encoding/json"
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
	for name, s := range map[string]*Set{
		"no secrets": Of(&plan.Plan{}),
		"secrets":    Of(&plan.Plan{Inputs: value.String("hunter22").Secret()}),
	} {
		kept := s.Event(given)
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

func TestSecretsLearns(t *testing.T) {
	t.Parallel()
	s := Of(&plan.Plan{Inputs: value.String("plain")})
	if !s.masker.Empty() || s.Text("hunter22") != "hunter22" || s.In(json.RawMessage(`"hunter22"`)) {
		t.Error("it knows what nobody told it")
	}
	s.Learn(value.Object(value.Member{Name: "a", Value: value.List(value.String("hunter22").Secret())}))
	if s.Text("x hunter22 x") == "x hunter22 x" || !s.In(json.RawMessage(`{"a":["\u0068unter22"]}`)) || !s.In(json.RawMessage(`{`)) {
		t.Error("it does not know what it was told")
	}
	s.Learn(value.Unknown().Secret()) // it did not outlive an earlier process
	if s.Text("x hunter22 x") == "x hunter22 x" {
		t.Error("it forgot what it knew")
	}
}

func BenchmarkMaskEvent(b *testing.B) {
	b.ReportAllocs()
	s := Of(&plan.Plan{Inputs: value.String("hunter22").Secret()})
	e := event.Event{Type: event.AttemptFinished, Reason: "as it should", Failure: &event.Failure{Message: "broken"}}
	for b.Loop() {
		s.Event(e)
	}
}
