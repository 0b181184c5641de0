package names

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/value"
)

// Ref is one thing that an expression refers to, as far as the path is written
// down: `steps.before.outputs.replicas` is Root "steps" and Path "before",
// "outputs", "replicas". A path ends where an index is computed.
type Ref struct {
	Root       string
	Path       []string
	Start, End int // byte offsets in the text
}

// Step returns the id of the step that the reference is to, where it is to one.
func (r Ref) Step() (string, bool) {
	if r.Root != RootSteps || len(r.Path) == 0 {
		return "", false
	}
	return r.Path[0], true
}

// String returns the reference with dots between its names.
func (r Ref) String() string { return strings.Join(append([]string{r.Root}, r.Path...), ".") }

// Resolve returns the value that a reference leads to, as far as its path goes, and
// whether there is one.
func Resolve(scope Scope, r Ref) (value.Value, bool) {
	var v value.Value
	path := r.Path
	if id, ok := r.Step(); ok {
		v, path = StepOf(scope, id), path[1:]
	} else if r.Root != RootSteps {
		v = RootOf(scope, r.Root)
	}
	for _, name := range path {
		member, ok := v.Get(name)
		if !ok {
			return value.Null(), false
		}
		v = member
	}
	return v, true
}

// HasSecret reports whether something that is referred to is secret, or holds a secret.
func HasSecret(scope Scope, refs []Ref) bool {
	return slices.ContainsFunc(refs, func(r Ref) bool {
		v, _ := Resolve(scope, r)
		return v.HasSecret()
	})
}

// Missing says which references have no value, for people who wonder why an
// operator did not work; empty where all have one.
func Missing(scope Scope, refs []Ref) string {
	var missing []string
	for _, r := range refs {
		if v, _ := Resolve(scope, r); v.IsNull() {
			missing = append(missing, r.String())
		}
	}
	slices.Sort(missing)
	switch missing = slices.Compact(missing); len(missing) {
	case 0:
		return ""
	case 1:
		return missing[0] + " has no value"
	default:
		return strings.Join(missing, " and ") + " have no value"
	}
}

// RootOf returns a root's value, unknown where the scope has none.
func RootOf(scope Scope, name string) value.Value {
	if v, ok := scope.Root(name); ok {
		return v
	}
	return value.Unknown(value.Cause{Reason: name + " has no value here"})
}

// StepOf returns a step's value, unknown where the scope has none.
func StepOf(scope Scope, id string) value.Value {
	if v, ok := scope.Step(id); ok {
		return v
	}
	return value.Unknown(value.Cause{Step: id, Reason: "nothing is known of the step here"})
}

// Absent is the error of reading a field that has no value and should.
func Absent(of value.Value, path, name string) error {
	status, isStep := of.Get("status")
	if text, ok := status.AsString(); isStep && ok && name == "outputs" {
		return fmt.Errorf("%s has no outputs: the step is %s", path, text)
	}
	return fmt.Errorf("%s.%s has no value", path, name)
}
