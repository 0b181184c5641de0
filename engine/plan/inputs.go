package plan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Channel is the way on which an input value was given.
type Channel uint8

// The channels, of which a later one wins over an earlier one.
const (
	ByEnvironment Channel = iota // GATEBOOK_INPUT_NAME
	ByFile                       // -f FILE
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
	// Range is the value's place in a file; nowhere for any other value.
	Range source.Range
}

// InputSource says where the value of an input came from.
type InputSource struct {
	Origin string `json:"origin"`           // as in [Given], or "default"
	Secret string `json:"secret,omitempty"` // [Given.SecretSource]
}

// EnvName returns the environment variable in which an input may be given.
func EnvName(input string) string { return "GATEBOOK_INPUT_" + strings.ToUpper(input) }

// Inputs works out the object of all input values, secrets marked, from those that
// were given and the defaults, and says of each where it came from.
func Inputs(checked *check.Runbook, given []Given) (value.Value, map[string]InputSource, diag.List) {
	r := receiver{checked: checked, chosen: map[string]Given{}, sources: map[string]InputSource{}}
	return r.all(given)
}

// InputsSoFar is [Inputs] for a plan that is only looked at: what is not given is not known,
// whatever its default, since who runs it may give another value. It passes over what the
// runbook has no input for.
func InputsSoFar(checked *check.Runbook, given []Given) (value.Value, diag.List) {
	r := receiver{checked: checked, chosen: map[string]Given{}, sources: map[string]InputSource{}, soFar: true}
	inputs, _, found := r.all(given)
	return inputs, found
}

func (r *receiver) all(given []Given) (value.Value, map[string]InputSource, diag.List) {
	for _, g := range given {
		r.choose(g)
	}
	for _, name := range r.names() {
		r.receive(name)
	}
	return value.Object(r.members...), r.sources, r.found
}

// receiver works out the inputs of one run.
type receiver struct {
	checked *check.Runbook
	chosen  map[string]Given
	sources map[string]InputSource
	members []value.Member
	found   diag.List
	soFar   bool // what is not given is not known, and what is too much does no harm
}

func (r *receiver) names() []string {
	names := make([]string, 0, len(r.checked.InputSchema.Properties))
	for _, p := range r.checked.InputSchema.Properties {
		names = append(names, p.Name)
	}
	return names
}

// choose keeps the value whose channel wins.
func (r *receiver) choose(g Given) {
	if _, known := r.checked.InputSchema.Property(g.Name); !known {
		if r.soFar {
			return
		}
		found := diag.UnknownInput.At(g.Range, "The runbook has no input %q, which %s gives.", diag.Clean(g.Name), g.Origin)
		if near, ok := diag.Nearest(g.Name, r.names()); ok {
			found = found.WithHint("did you mean %q?", near)
		}
		r.found = append(r.found, found)
		return
	}
	if before, taken := r.chosen[g.Name]; !taken || g.By >= before.By {
		r.chosen[g.Name] = g
	}
}

// receive works out one input.
func (r *receiver) receive(name string) {
	shape, _ := r.checked.InputSchema.Property(name)
	declared, _ := r.checked.Model.Inputs.Get(name)
	given, isGiven := r.chosen[name]
	var received value.Value
	switch {
	case !isGiven && r.soFar:
		r.members = append(r.members, value.Member{Name: name, Value: notGiven(shape)})
		return
	case !isGiven && declared.Default.Node == nil:
		r.missing(name, shape)
		return
	case !isGiven:
		received = declared.Default.Node.Value()
		r.sources[name] = InputSource{Origin: "default"}
	default:
		read, ok := r.read(given, shape)
		if !ok {
			return
		}
		received = read
		r.sources[name] = InputSource{Origin: given.Origin, Secret: given.SecretSource}
	}
	conformed, err := data.Conform(shape, received)
	if err != nil {
		r.found = append(r.found, diag.InvalidInput.At(declared.Default.Range(), "The input %s: %v.", name, err))
		return
	}
	r.members = append(r.members, value.Member{Name: name, Value: conformed})
	if isGiven {
		r.validate(given, shape, conformed)
	}
}

func notGiven(shape *schema.Schema) value.Value {
	unknown := value.Unknown(value.Cause{Reason: "it was not given"})
	if data.HoldsSecret(shape) {
		return unknown.Secret()
	}
	return unknown
}

func (r *receiver) missing(name string, shape *schema.Schema) {
	var at source.Range
	for _, entry := range r.checked.Model.Inputs.Entries {
		if entry.Key.Value == name {
			at = entry.Key.Range()
		}
	}
	about := ""
	if shape.Description != "" {
		about = " (" + strings.TrimSuffix(diag.Clean(shape.Description), ".") + ")"
	}
	found := diag.MissingInput.At(at, "The input %s%s has no default and was not given.", name, about)
	if data.HoldsSecret(shape) {
		found = found.WithHint("-i %s=env:VARIABLE, -i %s=file:PATH or -i %s=-", name, name, name)
	} else {
		found = found.WithHint("-i %s=VALUE, a file with -f, or %s in the environment", name, EnvName(name))
	}
	r.found = append(r.found, found)
}

// read reads a given value by the input's type.
func (r *receiver) read(given Given, shape *schema.Schema) (value.Value, bool) {
	secret := data.HoldsSecret(shape)
	if secret && given.SecretSource == "" {
		r.found = append(r.found, diag.SecretInClear.At(given.Range, "The input %s is secret, and %s gives its value itself.", given.Name, given.Origin).
			WithHint("-i %s=env:VARIABLE, -i %s=file:PATH or -i %s=-", given.Name, given.Name, given.Name))
		return value.Value{}, false
	}
	if given.Value != nil {
		return *given.Value, true
	}
	read, err := parse(given.Text, shape.Type)
	if err == nil {
		return read, true
	}
	got := ""
	if !secret {
		got = fmt.Sprintf(", got %q", short(given.Text))
	}
	r.found = append(r.found, diag.UnreadableInput.At(given.Range, "The input %s, given by %s, %v%s.", given.Name, given.Origin, err, got))
	return value.Value{}, false
}

// short cuts a text for a message.
func short(text string) string {
	const most = 60
	runes := []rune(diag.Clean(text))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}

// parse reads text as a value of a type of JSON Schema; text of any type is a string.
func parse(text, wanted string) (value.Value, error) {
	switch wanted {
	case schema.TypeInteger:
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return value.Value{}, errors.New("must be a whole number")
		}
		return value.Int(i), nil
	case schema.TypeNumber:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value.Int(i), nil
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return value.Value{}, errors.New("must be a number")
		}
		return value.Float(f), nil
	case schema.TypeBoolean:
		if !slices.Contains([]string{"true", "false"}, text) {
			return value.Value{}, errors.New("must be true or false")
		}
		return value.Bool(text == "true"), nil
	case schema.TypeArray:
		return parseJSON(text, value.KindList, `must be a JSON list, such as ["a","b"]`)
	case schema.TypeObject:
		return parseJSON(text, value.KindObject, `must be a JSON object, such as {"a":1}`)
	default:
		return value.String(text), nil
	}
}

func parseJSON(text string, kind value.Kind, wanted string) (value.Value, error) {
	v, err := value.FromJSON([]byte(text))
	if err != nil || v.Kind() != kind {
		return value.Value{}, errors.New(wanted)
	}
	return v, nil
}

// validate holds a given value against what the runbook says of the input.
func (r *receiver) validate(given Given, shape *schema.Schema, v value.Value) {
	validator, err := schema.Compile(shape)
	if err != nil {
		return // a fault of the runbook, which its check has reported
	}
	for _, violation := range validator.Validate(data.ForSchema(v)) {
		found := diag.InvalidInput.At(given.Range, "%s; it was given by %s.", data.About(given.Name, violation), given.Origin)
		if text, ok := v.AsString(); ok && !v.IsSecret() {
			if near, ok := diag.Nearest(text, violation.Known); ok {
				found = found.WithHint("did you mean %q?", near)
			}
		}
		r.found = append(r.found, found)
	}
}
