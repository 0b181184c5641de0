package input

import (
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Values works out the object of all input values, secrets marked, from those that
// were given and the defaults, and says of each where it came from.
func Values(checked *check.Runbook, given []Given) (value.Value, map[string]Source, diag.List) {
	r := receiver{checked: checked, chosen: map[string]Given{}, sources: map[string]Source{}}
	return r.all(given)
}

// SoFar is [Values] for a plan that is only looked at: what is not given is not known,
// whatever its default, since who runs it may give another value. It passes over what the
// runbook has no input for.
func SoFar(checked *check.Runbook, given []Given) (value.Value, diag.List) {
	r := receiver{checked: checked, chosen: map[string]Given{}, sources: map[string]Source{}, soFar: true}
	inputs, _, found := r.all(given)
	return inputs, found
}

func (r *receiver) all(given []Given) (value.Value, map[string]Source, diag.List) {
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
	sources map[string]Source
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
	shape, known := r.checked.InputSchema.Property(g.Name)
	if !known {
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
	if g.Again && g.SecretSource == "" && data.HoldsSecret(shape) {
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
		r.sources[name] = Source{Origin: "default"}
	default:
		read, ok := r.read(given, shape)
		if !ok {
			return
		}
		received = read
		r.sources[name] = Source{Origin: given.Origin, Secret: given.SecretSource}
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
