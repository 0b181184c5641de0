package people

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// StatementFormat names the form of what a person signs.
const StatementFormat = "gatebook/answer/v1"

// The answers of a [Statement].
const (
	Yes = "yes"
	No  = "no"
)

// Statement is what a person signs to answer a question: everything that tells this answer
// from every other.
type Statement struct {
	Format  string          `json:"format" enum:"gatebook/answer/v1"`
	Plan    string          `json:"plan" doc:"The digest of the plan that the answer is given to."`
	Run     string          `json:"run,omitempty" doc:"The run that asks; absent: the answer is given before the plan is run."`
	Serial  string          `json:"serial,omitempty" doc:"Of a sealed plan that is not run yet, its serial: what tells the file from another of the same digest."`
	Step    string          `json:"step"`
	Part    string          `json:"part" enum:"do,undo" doc:"Whether it is about doing the step, or about taking it back."`
	Message string          `json:"message,omitempty" doc:"The question, secrets masked; absent: it is not known yet."`
	Answer  string          `json:"answer" enum:"yes,no"`
	Comment string          `json:"comment,omitempty"`
	Fields  json.RawMessage `json:"fields,omitempty" doc:"What was filled in."`
	// Attachments are covered by what tells their bytes.
	Attachments []sdk.Attachment `json:"attachments,omitempty" doc:"The files that are given with it."`
	Person      string           `json:"person" doc:"Who answers, by the name in the file of allowed signers."`
	Time        time.Time        `json:"time"`
}

// Document returns the statement as it is signed. Statements that say the same have the same
// bytes, however they came here.
func (s Statement) Document() ([]byte, error) {
	s, err := s.canonical()
	if err != nil {
		return nil, err
	}
	return encode(s, "  ")
}

// canonical writes everything that can be written in two ways in one.
func (s Statement) canonical() (Statement, error) {
	s.Format, s.Time = StatementFormat, s.Time.UTC().Round(0)
	if len(s.Fields) == 0 {
		return s, nil
	}
	var fields any
	decoder := json.NewDecoder(bytes.NewReader(s.Fields))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return s, fmt.Errorf("what was filled in is no JSON: %w", err)
	}
	written, err := encode(fields, "")
	s.Fields = bytes.TrimSpace(written)
	return s, err
}

func encode(what any, indent string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(what); err != nil {
		return nil, fmt.Errorf("write what is to be signed: %w", err)
	}
	return text.Bytes(), nil
}

// ParseStatement reads a statement from the document that was signed, which must be as
// [Statement.Document] writes it, byte for byte.
func ParseStatement(document []byte) (Statement, error) {
	var read Statement
	if err := json.Unmarshal(document, &read); err != nil {
		return Statement{}, fmt.Errorf("it is no answer that gatebook has written: %w", err)
	}
	if read.Format != StatementFormat {
		return Statement{}, fmt.Errorf("it is of the form %q, and this gatebook reads %q", read.Format, StatementFormat)
	}
	again, err := read.Document()
	if err != nil {
		return Statement{}, err
	}
	if !bytes.Equal(again, document) {
		return Statement{}, errors.New("it is not as gatebook has written it: sign the file as it is")
	}
	return read.canonical()
}
