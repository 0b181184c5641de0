package event

import (
	"strconv"
	"strings"
)

// InstanceID names one instance of a step with foreach: STEP["KEY"], as commands, the
// journal and reports do.
func InstanceID(step, key string) string { return step + "[" + strconv.Quote(key) + "]" }

// SplitInstance returns the step and the key that an id names; ok is false where it names
// no instance.
func SplitInstance(id string) (step, key string, ok bool) {
	step, quoted, found := strings.Cut(id, "[")
	quoted, closed := strings.CutSuffix(quoted, "]")
	if !found || !closed {
		return "", "", false
	}
	key, err := strconv.Unquote(quoted)
	return step, key, err == nil
}

// StepOf returns the step that an id names, or of which it names an instance.
func StepOf(id string) string {
	if step, _, ok := SplitInstance(id); ok {
		return step
	}
	return id
}
