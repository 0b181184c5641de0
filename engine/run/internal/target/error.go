package target

import (
	"fmt"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// OtherError says that a connection reaches something else than it did when the run
// first used it, or than people saw before the run began. Nothing is done to that.
type OtherError struct {
	Run      string
	Over     string // the connection
	Was, Now sdk.Target
	Shown    bool // people saw it; the run has not used it yet
}

// Error says what it was, what it is, and what to do.
func (e *OtherError) Error() string {
	was, now := e.Was.Title, e.Now.Title
	if now == "" {
		now = "what its plugin cannot name"
	}
	switch {
	case was != now:
	case e.Was.ID != e.Now.ID: // an address at which there is another now
		was, now = was+" with the id "+e.Was.ID, now+" with the id "+e.Now.ID
	default:
		now = "another one" // of which all that is no secret is the same
	}
	if e.Shown {
		return fmt.Sprintf("it reaches %s now, where the plan that was shown before the run reached %s: nothing is done to another than that. "+
			"Point the connection back, by what configures it in the runbook and by the variables that it gets of the environment", now, was)
	}
	return fmt.Sprintf("it reaches %s now, where run %s has reached %s: nothing is done to another than that. "+
		"Point the connection back, by what configures it in the runbook and by the variables that it gets of the environment; "+
		"then resume the run, or roll it back. "+
		"Where the new one stands in for the old, say so: --new-target %[4]s. "+
		"Where the old one is gone, have all taken back that can be without it: gatebook rollback %[2]s --without %[4]s", now, e.Run, was, e.Over)
}
