// Package secret knows every secret that a run has met, and makes of what actions and people
// say what may be written down and shown: masked, and no longer than the journal takes. Part of
// engine/run.
package secret

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// maxText bounds a text of an action in an event, in bytes.
const maxText = 64 << 10

// Set knows every secret that the run has met: those of its inputs, and those that
// actions have returned since. It is safe for concurrent use.
type Set struct{ masker *value.Masker }

// Of returns those among a plan's inputs, and those that its vars make of them; and
// those that its connections are configured by, or get as variables.
func Of(pl *plan.Plan) *Set {
	s := &Set{masker: value.NewMasker(pl.Inputs)}
	s.Derive(pl.Vars)
	for _, connection := range pl.Connections {
		s.Learn(connection.Config)
		s.Learn(connection.Secrets)
	}
	return s
}

// Learn takes in the secrets in a value, so that they are found from now on. One that
// did not outlive an earlier process cannot be shown either.
func (s *Set) Learn(v value.Value) { s.masker.Learn(v) }

// Derive takes in what an expression made of secrets.
func (s *Set) Derive(v value.Value) { s.masker.Derive(v) }

// Text returns text with every secret in it masked.
func (s *Set) Text(text string) string { return s.masker.Text(text) }

// Told returns what an action or a person said as an event may hold it: masked, and
// no longer than the journal takes.
func (s *Set) Told(text string) string {
	text = s.Text(text)
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// Mark returns v with what holds a secret marked as one.
func (s *Set) Mark(v *value.Value) *value.Value {
	if v == nil {
		return nil
	}
	if marked, found := s.masker.Value(*v); found {
		return &marked
	}
	return v
}

// In reports whether a JSON document holds a secret.
func (s *Set) In(document json.RawMessage) bool {
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

// Redacted returns a JSON document with every secret in it masked.
func (s *Set) Redacted(document json.RawMessage) (json.RawMessage, error) {
	if s.masker.Empty() {
		return document, nil
	}
	v, err := value.FromJSON(document)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s.Mark(&v).Redacted())
}

// Event returns an event as it may be written down and shown. Most are made of what is
// masked already; this is the one place that all of them pass.
func (s *Set) Event(e event.Event) event.Event {
	e.Reason, e.Failure = s.Told(e.Reason), s.failure(e.Failure)
	if e.Verdict != nil {
		verdict := *e.Verdict
		verdict.Detail = s.Told(verdict.Detail)
		e.Verdict = &verdict
	}
	if e.Result != nil {
		result := *e.Result
		result.Failure = s.failure(result.Failure)
		result.Outputs, result.Record = s.Mark(result.Outputs), s.Mark(result.Record)
		result.Overrides = s.overrides(result.Overrides)
		result.Missing = maps.Clone(result.Missing)
		for name, why := range result.Missing {
			result.Missing[name] = s.Told(why)
		}
		e.Result = &result
	}
	if s.masker.Empty() {
		return e
	}
	e.Params, e.Outputs = s.Mark(e.Params), s.Mark(e.Outputs)
	if e.Run != nil {
		run := *e.Run
		run.Overrides = s.overrides(run.Overrides)
		e.Run = &run
	}
	if e.Answer != nil {
		answer := *e.Answer
		answer.Comment = s.Text(answer.Comment)
		e.Answer = &answer
	}
	return e
}

func (s *Set) overrides(overrides []event.Override) []event.Override {
	overrides = slices.Clone(overrides)
	for i := range overrides {
		overrides[i].Reason = s.Text(overrides[i].Reason)
	}
	return overrides
}

func (s *Set) failure(f *event.Failure) *event.Failure {
	if f == nil {
		return nil
	}
	masked := *f
	masked.Message = s.Told(masked.Message)
	return &masked
}
