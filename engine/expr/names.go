package expr

import (
	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/example"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/template"
	"github.com/gatebook/gatebook/engine/window"
	"github.com/gatebook/gatebook/schema"
)

// The names that expressions begin with. Which of them are in scope at a place is
// said by [Types].
const (
	RootInputs   = names.RootInputs
	RootVars     = names.RootVars
	RootSteps    = names.RootSteps
	RootRun      = names.RootRun
	RootNow      = names.RootNow
	RootObserved = names.RootObserved
	RootError    = names.RootError
	RootAttempt  = names.RootAttempt
	RootEach     = names.RootEach
)

// What an expression is compiled against, and what comes of the text.
type (
	// Types says which names an expression may use at one kind of place, and the
	// shape of each; With adds one more root. See [NewTypes].
	Types = names.Types
	// Fault is one thing that is wrong with an expression, at a place in its text.
	Fault = names.Fault
	// Ref is one thing that an expression refers to, as far as the path is written
	// down.
	Ref = names.Ref
)

// Windows are the windows of a runbook by their names.
type Windows = map[string]*window.Window

// What an expression is evaluated with.
type (
	// Scope gives the values of the names. Values may be unknown and secret, as a
	// whole or in part.
	Scope = names.Scope
	// Values is a [Scope] made of maps, for tests and small uses.
	Values = names.Values
)

// Overrider is a [Scope] in which a person may have said that a window counts as open.
type Overrider = names.Overrider

// Driller is a [Scope] that knows when runbooks were last drilled.
type Driller = names.Driller

// LastDrill is the last good drill of a runbook.
type LastDrill = names.LastDrill

// What decides, and what it says.
type (
	// Condition is a compiled CEL expression: Eval gives its [Verdict], Explain its
	// [Explanation], Refs what it refers to. It is immutable.
	Condition = condition.Condition
	// Verdict is the result of a condition.
	Verdict = condition.Verdict
	// Truth is what a condition says: [Unknown], [True], [False] or [Failed].
	Truth = condition.Truth
	// Explanation is an expression's tree with the value of each part, for people.
	Explanation = condition.Explanation
)

// Closed is a window that is closed.
type Closed = condition.Closed

// Sense is a condition at the place where it stands, for [Follows].
type Sense = condition.Sense

// Origin is what the value of a name follows from.
type Origin = condition.Origin

// Example is a world in which some conditions are true and others are not.
type Example = example.World

// Follows reports whether the second conditions are all true wherever the first all are. It
// is decided, not guessed: where it says no, it may be that it cannot be told.
func Follows(from, to []Sense) bool { return condition.Follows(from, to) }

// Where looks for a world in which the first conditions are all true and one of the second is
// false. That it finds none proves nothing.
func Where(hold, fail []Sense) (Example, bool) { return example.Where(hold, fail) }

// The truths of a [Verdict].
const (
	Unknown = condition.Unknown // it depends on what is not known yet
	True    = condition.True
	False   = condition.False
	Failed  = condition.Failed // it could not be evaluated; Verdict.Err says why
)

// The states of an [Explanation].
const (
	StateValue   = condition.StateValue
	StateUnknown = condition.StateUnknown
	StateError   = condition.StateError
	StateSkipped = condition.StateSkipped // the rest decided without it
)

// Template is a compiled string with `${{ }}` parts: Eval gives its value, Shape what
// is known of it before, Refs what it refers to. It is immutable.
type Template = template.Template

// NewTypes returns the names that every expression of a runbook may use: `inputs`,
// `vars`, `steps` with the shape of each step's outputs by its id, `run` and `now`.
// A nil schema allows anything. The caller must not change the maps afterwards.
func NewTypes(inputs, vars *schema.Schema, steps map[string]*schema.Schema) *Types {
	return names.NewTypes(inputs, vars, steps)
}

// TypesOver returns the names of conditions that are in no runbook: the roots that are given.
func TypesOver(roots map[string]*schema.Schema) *Types { return names.TypesOver(roots) }

// ErrorShape returns the shape of `steps.ID.error` and of `error` in `retry.if`.
func ErrorShape() *schema.Schema { return names.ErrorShape() }

// AttemptShape returns the shape of `attempt` in `retry.if`: the number of the
// attempt that failed, from 1.
func AttemptShape() *schema.Schema { return names.AttemptShape() }
