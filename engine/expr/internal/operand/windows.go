package operand

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
)

// The functions that tell of a window at a time.
const (
	Window          = "window"
	WindowRemaining = "windowRemaining"
)

// IsOfWindow reports whether a function tells of a window, which its first argument names.
func IsOfWindow(function string) bool { return function == Window || function == WindowRemaining }

// windowCost is what it costs to ask a window, which may look through years, or through all
// minutes of a month.
const windowCost = 20_000

// windowFunctions declares them. What they do depends on the runbook, and on the run.
func windowFunctions() []cel.EnvOption {
	arguments := []*cel.Type{cel.StringType, cel.TimestampType}
	none := cel.BinaryBinding(func(name, _ ref.Val) ref.Val { return types.NewErr("there is no window %s", textOf(name)) })
	return []cel.EnvOption{
		cel.Function(Window, cel.Overload("window_string_timestamp", arguments, cel.BoolType, none)),
		cel.Function(WindowRemaining, cel.Overload("window_remaining_string_timestamp", arguments, cel.DurationType, none)),
	}
}

// overridden is how long a window counts as open that a person has overridden: nobody knows.
const overridden = 100 * 365 * 24 * time.Hour

// askWindow answers one of the functions.
func (e *Evaluation) askWindow(function string, args []ref.Val) ref.Val {
	name := textOf(args[0])
	known, ok := e.types.t.Window(name)
	at, isTime := args[1].(types.Timestamp)
	if !ok || !isTime {
		return types.NewErr("there is no window %s", name)
	}
	_, _, over := names.OverriddenIn(e.scope, name)
	switch {
	case over && function == Window:
		return types.True
	case over:
		return types.Duration{Duration: overridden}
	}
	state := known.At(at.Time)
	if function == Window {
		return types.Bool(state.Open)
	}
	return types.Duration{Duration: state.Remaining(at.Time)}
}

// Said says how a window stands at a time, for people; false: it is not known.
func (e *Evaluation) Said(name string, at ref.Val) (string, bool) {
	known, ok := e.types.t.Window(name)
	when, isTime := at.(types.Timestamp)
	if !ok || !isTime {
		return "", false
	}
	text := known.Words(name, when.Time)
	if by, reason, over := names.OverriddenIn(e.scope, name); over {
		text += fmt.Sprintf("; %s has overridden it: %s", by, reason)
	}
	return text, true
}
