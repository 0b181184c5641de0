package run

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// maxText bounds a text of an action in an event, in bytes.
const maxText = 64 << 10

// secrets knows every secret that the run has met: those of its inputs, and those that
// actions have returned since. It is safe for concurrent use.
type secrets struct{ masker *value.Masker }

// newSecrets returns those among a plan's inputs, and those that its vars make of them; and
// those that its connections are configured by, or get as variables.
func newSecrets(pl *plan.Plan) *secrets {
	s := &secrets{masker: value.NewMasker(pl.Inputs)}
	s.derive(pl.Vars)
	for _, connection := range pl.Connections {
		s.learn(connection.Config)
		s.learn(connection.Secrets)
	}
	return s
}

// learn takes in the secrets in a value, so that they are found from now on. One that
// did not outlive an earlier process cannot be shown either.
func (s *secrets) learn(v value.Value) { s.masker.Learn(v) }

// derive takes in what an expression made of secrets.
func (s *secrets) derive(v value.Value) { s.masker.Derive(v) }

// text returns text with every secret in it masked.
func (s *secrets) text(text string) string { return s.masker.Text(text) }

// told returns what an action or a person said as an event may hold it: masked, and
// no longer than the journal takes.
func (s *secrets) told(text string) string {
	text = s.text(text)
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// mark returns v with what holds a secret marked as one.
func (s *secrets) mark(v *value.Value) *value.Value {
	if v == nil {
		return nil
	}
	if marked, found := s.masker.Value(*v); found {
		return &marked
	}
	return v
}

// in reports whether a JSON document holds a secret.
func (s *secrets) in(document json.RawMessage) bool {
	if s.masker.Empty() {
		return false
	}
	v, err := value.FromJSON(document)
	if err != nil {
		return true // nobody can tell
	}
	_, found := s.masker.Value(v)
	return found
}

// redacted returns a JSON document with every secret in it masked.
func (s *secrets) redacted(document json.RawMessage) (json.RawMessage, error) {
	if s.masker.Empty() {
		return document, nil
	}
	v, err := value.FromJSON(document)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s.mark(&v).Redacted())
}

// event returns an event as it may be written down and shown. Most are made of what is
// masked already; this is the one place that all of them pass.
func (s *secrets) event(e event.Event) event.Event {
	e.Reason, e.Failure = s.told(e.Reason), s.failure(e.Failure)
	if e.Verdict != nil {
		verdict := *e.Verdict
		verdict.Detail = s.told(verdict.Detail)
		e.Verdict = &verdict
	}
	if e.Result != nil {
		result := *e.Result
		result.Failure = s.failure(result.Failure)
		result.Outputs, result.Record = s.mark(result.Outputs), s.mark(result.Record)
		result.Missing = maps.Clone(result.Missing)
		for name, why := range result.Missing {
			result.Missing[name] = s.told(why)
		}
		e.Result = &result
	}
	if s.masker.Empty() {
		return e
	}
	e.Params, e.Outputs = s.mark(e.Params), s.mark(e.Outputs)
	if e.Answer != nil {
		answer := *e.Answer
		answer.Comment = s.text(answer.Comment)
		e.Answer = &answer
	}
	return e
}

func (s *secrets) failure(f *event.Failure) *event.Failure {
	if f == nil {
		return nil
	}
	masked := *f
	masked.Message = s.told(masked.Message)
	return &masked
}
