package names

import (
	"time"

	"github.com/gatebook/gatebook/engine/value"
)

// The names that expressions begin with. Which of them are in scope at a place is
// said by [Types].
const (
	RootInputs   = "inputs"
	RootVars     = "vars"
	RootSteps    = "steps"
	RootRun      = "run"
	RootNow      = "now"
	RootObserved = "observed"
	RootError    = "error"
	RootAttempt  = "attempt"
	RootEach     = "each"
)

// Scope gives the values that an expression is evaluated with. Values may be
// unknown and secret, as a whole or in part. Only what an expression refers to is
// asked for, so that a scope of 10,000 steps costs nothing.
type Scope interface {
	// Root returns the value of a root other than steps; `now` is an RFC 3339
	// string. False is an unknown that says only that the name has no value here.
	Root(name string) (value.Value, bool)
	// Step returns a step as an object of status, outputs and error. Outputs of a
	// step that has not run are value.Unknown with the step as the cause; of a
	// step that was skipped or failed they are absent. False is as for Root.
	Step(id string) (value.Value, bool)
}

// Overrider is a [Scope] in which a person may have said that a window counts as open. It must
// not be unknown: whoever reads no such thing says that nobody has.
type Overrider interface {
	// Overridden returns who has, and why; false: nobody has.
	Overridden(window string) (by, reason string, ok bool)
}

// OverriddenIn returns who has said in a scope that a window counts as open.
func OverriddenIn(scope Scope, window string) (by, reason string, ok bool) {
	if o, can := scope.(Overrider); can {
		return o.Overridden(window)
	}
	return "", "", false
}

// LastDrill is the last good drill of a runbook.
type LastDrill struct {
	Never bool      // none is known
	At    time.Time // when it had succeeded
	Run   string    // its id
	// Unread are runs that nobody can read, and that may have been drills.
	Unread []string
}

// Driller is a [Scope] that knows when runbooks were last drilled. For whoever does not, that is
// not known yet.
type Driller interface {
	// LastDrill returns the last good drill of a runbook; false: it is not known.
	LastDrill(runbook string) (LastDrill, bool)
}

// LastDrillIn returns the last good drill of a runbook, as far as a scope knows it.
func LastDrillIn(scope Scope, runbook string) (LastDrill, bool) {
	if d, can := scope.(Driller); can {
		return d.LastDrill(runbook)
	}
	return LastDrill{}, false
}

// Values is a Scope made of maps, for tests and small uses.
type Values struct {
	Roots map[string]value.Value
	Steps map[string]value.Value
}

// Root returns a root's value.
func (v Values) Root(name string) (value.Value, bool) {
	found, ok := v.Roots[name]
	return found, ok
}

// Step returns a step's value.
func (v Values) Step(id string) (value.Value, bool) {
	found, ok := v.Steps[id]
	return found, ok
}
