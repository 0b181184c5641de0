package names

import (
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/diag"
)

// IsMode reports whether it is the mode of the run.
func (r Ref) IsMode() bool { return r.Root == RootRun && slices.Equal(r.Path, []string{"mode"}) }

// WithModes returns t with the modes of a runbook, with which its expressions compare the mode of a
// run. The caller must not change the list afterwards.
func (t *Types) WithModes(modes []string) *Types {
	made := t.bare()
	made.modes = &modes
	return made
}

// UnknownMode is the fault of a mode that is not there, without its place; nil: it is there, it is
// none, or nobody knows the modes.
func (t *Types) UnknownMode(name string) *Fault {
	if t.modes == nil || name == "" || slices.Contains(*t.modes, name) {
		return nil
	}
	fault := &Fault{Rule: diag.ExprUnknownMode, Detail: fmt.Sprintf("This runbook has no mode %q; it has %s.", diag.Clean(name), Listing(*t.modes))}
	fault.Suggest(name, *t.modes)
	return fault
}

// bare is t without its variants, which are made of it anew.
func (t *Types) bare() *Types {
	return &Types{roots: t.roots, steps: t.steps, own: t.own, tried: t.tried, windows: t.windows, modes: t.modes}
}
