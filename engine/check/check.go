// Package check holds a typed runbook against the actions there are, and finds
// everything that is wrong with it before anything is done.
//
// What comes out of [Check] is the runbook with its programs compiled, its actions
// found and its edges drawn, each with the reason for it; plan makes a plan of that.
// Check reads no input values and calls no action, so that a runbook can be checked
// where nothing of what it is about can be reached. Its work is linear in the steps
// and their edges. Floor 4.
package check

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/schema"
)

// Options say what a check depends on beside the runbook and the catalogue.
type Options struct {
	// Version is gatebook's own, for `requires`. One that is not a semantic version,
	// as of a build from a work tree, satisfies everything.
	Version string
	// Windows are those that conditions may ask for.
	Windows expr.Windows
	// TakenInAs is, of a runbook that another takes in, the path of its file from the folder of
	// the outermost one; empty: nothing takes it in.
	TakenInAs string
	// Runbooks are those that steps take in, by what their files are called there; nil: it could
	// not be checked, and that is said.
	Runbooks map[string]*Runbook
}

// Runbook is a checked runbook. It is immutable and safe for concurrent use. It may
// only be planned when the check found no errors.
type Runbook struct {
	Model *model.Runbook
	// InputSchema is the object of all inputs, each of them required.
	InputSchema *schema.Schema
	// Vars come in an order in which each stands after those that it uses.
	Vars []Var
	// Connections are those that the runbook declares, then those by default.
	Connections []*Connection
	// Windows are those that conditions may ask for.
	Windows expr.Windows
	// Steps are those of `steps`, then those of `finally`, in the file's order.
	Steps []*Step
	// Order holds the places in Steps in an order in which each step comes after all
	// that it needs, those of `finally` last.
	Order   []int
	Outputs []Binding
	Record  []Binding
	// DataLoss is how much recent data a run lost; nil: nothing measures it.
	DataLoss *Binding
	// Drills are the runbooks whose last drill conditions ask for, sorted.
	Drills []string
	// TakenInAs is the path of its file, see [Options]; empty: nothing takes it in.
	TakenInAs string

	given    *schema.Schema // the shape of its outputs
	surely   changes        // what is done whatever the inputs are
	open     []*Step        // those that destroy behind no gate and no approval
	approved bool           // whether nothing goes on behind it unless somebody agreed
}

// Var is a named value.
type Var struct {
	Name string
	Data *data.Tree
}

// Binding is a named value that is computed at the end of a run.
type Binding struct {
	Name string
	Data *data.Tree
}

// Step is one step.
type Step struct {
	Index   int // its place in Runbook.Steps
	Model   *model.Step
	Finally bool
	Use     *data.Use   // nil: the action is not known
	On      *Connection // nil: the action is built in
	Runbook *Runbook    // the one that it takes in; nil: it uses an action
	// Needs are the steps that it waits for, one edge for each, in the order in which
	// they are found: the default or `needs`, then references.
	Needs    []Edge
	Loop     *Loop           // nil: it is done once
	When     *expr.Condition // nil: there is none
	Gate     []*Condition
	Verify   []*Condition
	Retry    *Retry    // nil: it does not say
	Rollback *Rollback // nil: there is none
}

// ID returns the step's id.
func (s *Step) ID() string { return s.Model.ID.Value }

// Loop is what a step is done for, one after the other or in batches.
type Loop struct {
	Model   *model.Batch // nil: it does not say
	Over    *data.Tree
	Each    *schema.Schema // the shape of each
	Between []*Condition
}

// Share is a number of instances, or a percentage of all of them, rounded down.
type Share = model.Share

// ParseShare reads what [Share.String] wrote; ok is false where text is no share.
func ParseShare(text string) (share Share, ok bool) { return model.ParseShare(text) }

// Rollback says how the step is taken back.
type Rollback struct {
	Model *model.Rollback
	Use   *data.Use   // nil: Model.None says why there is none
	On    *Connection // nil: the action is built in
	Retry *Retry      // nil: it does not say
}

// Retry says when a failed attempt is made again.
type Retry struct {
	Model *model.Retry
	If    *expr.Condition // nil: there is none
}

// Condition is one condition of a gate or a verify.
type Condition struct {
	Model   *model.Condition
	Program *expr.Condition
	Observe *data.Use   // nil: it makes no observation
	On      *Connection // nil: the observing action is built in
}

// Edge says that a step waits for another, and why.
type Edge struct {
	Step   int // the place in Runbook.Steps of the step that is waited for
	Reason Reason
	Range  source.Range // what made the edge
}

// Reason says why one step waits for another.
type Reason string

// The reasons of an edge. Of several between the same two steps the last of these is
// kept: it says the most.
const (
	InOrder    Reason = "order"     // it stands before it in the file
	Referenced Reason = "reference" // an expression uses it
	Needed     Reason = "needs"     // `needs:` names it
)

// Check checks a runbook, which may have faults already, and returns everything that
// it finds. A nil runbook, as of a file that is none, is one that says nothing.
func Check(runbook *model.Runbook, catalogue *catalog.Catalog, options Options) (*Runbook, diag.List) {
	if runbook == nil {
		runbook = &model.Runbook{}
	}
	c := newChecker(runbook, catalogue, options)
	c.checkRequires(options.Version)
	c.findActions()
	c.checkInputs()
	c.compileVars()
	c.compileConnections()
	c.compileSteps()
	c.compileResults()
	c.compileLoss()
	c.sort()
	c.checkModes()
	c.checkGuards()
	c.checkLimits()
	c.checkHandedOn()
	c.checkUnused()
	c.checkUnusedPlugins()
	c.runbook.Drills = slices.Sorted(maps.Keys(c.drills))
	return c.runbook, c.found
}
