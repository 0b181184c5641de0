// Package input works out what the inputs of a runbook are: of what was given by flags, files
// and the environment, and of the defaults.
//
// It knows which of two values for one input wins, how text is read by the input's type, and
// what the runbook asks of each. Where values are found, and how a secret is read from where
// it is kept, is for whoever calls it. Floor 5.
package input

import (
	"strings"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// Channel is the way on which an input value was given.
type Channel uint8

// The channels, of which a later one wins over an earlier one.
const (
	ByEnvironment Channel = iota // GATEBOOK_INPUT_NAME
	ByFile                       // -f FILE
	ByMode                       // the mode in which the runbook is done, which says what is otherwise in it
	ByFlag                       // -i NAME=VALUE
)

// Given is one input value as it was given. Of two for one input by the same channel
// the later wins.
type Given struct {
	Name string
	// Value is the value as a file has it; nil: Text is read by the input's type.
	Value *value.Value
	Text  string
	By    Channel
	// Origin says for people where it was given: "-i nodes", "prod.yaml".
	Origin string
	// SecretSource says where the text was read from, as "env:NAME", "file:PATH" or
	// "-"; empty: the value itself was given.
	SecretSource string
	// Again says that it is what a plan or a run had, which is made again: what may hold a
	// secret and was read from nowhere was a default.
	Again bool
	// Range is the value's place in a file; nowhere for any other value.
	Range source.Range
}

// Source says where the value of an input came from.
type Source struct {
	Origin string `json:"origin"`           // as in [Given], or "default"
	Secret string `json:"secret,omitempty"` // [Given.SecretSource]
}

// EnvName returns the environment variable in which an input may be given.
func EnvName(input string) string { return "GATEBOOK_INPUT_" + strings.ToUpper(input) }
