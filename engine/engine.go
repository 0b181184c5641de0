// Package engine is gatebook for a Go program: check a runbook, plan it, run it, and
// take a run up again. It reads as the story of a run:
//
//	e, err := engine.New(engine.Config{Handlers: handlers, State: dir, Version: "0.1.0"})
//	runbook, found := e.Check(source.NewFile("upgrade.yaml", text))
//	plan, found, err := e.Plan(runbook, given)
//	result, err := e.Run(ctx, plan, process, engine.RunOptions{By: "alice"})
//
// It prints nothing and reads no environment; the command line is one of its users.
// Floor 8.
package engine

import (
	"errors"
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/inclusion"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Config is what an [Engine] is made of.
type Config struct {
	Handlers []sdk.Handler // the built-in actions
	Plugins  Plugins       // where those of plugins come from; nil: there are none
	Policies Policies      // where the policies of runbooks come from; nil: there are none
	State    string        // the folder of all runs; made at the first run
	Dir      string        // the folder that the handlers see relative paths from
	DirID    string        // tells that folder from another that takes its place; may be empty
	Version  string        // gatebook's own
	// Files brings a file that a runbook names, as it is seen from that runbook, and its path
	// from there; nil: there are none to be had. See [inclusion.Read].
	Files Files
}

// Files brings a file that a runbook names, as it is seen from that runbook, and its path from
// there; see [inclusion.Read].
type Files func(runbook, name string) (file *source.File, real string, err error)

// Engine knows the actions and the runs. It is safe for concurrent use.
type Engine struct {
	catalogue *catalog.Catalog
	plugins   Plugins
	policies  Policies
	store     *journal.Store
	dir       string
	dirID     string
	version   string
	files     Files
}

// New returns an engine. It fails where two actions have one name.
func New(c Config) (*Engine, error) {
	catalogue, err := catalog.New(c.Handlers...)
	if err != nil {
		return nil, err
	}
	plugins := c.Plugins
	if plugins == nil {
		plugins = noPlugins{}
	}
	return &Engine{
		catalogue: catalogue, plugins: plugins, files: c.Files, policies: c.Policies,
		store: journal.NewStore(c.State), dir: c.Dir, dirID: c.DirID, version: c.Version,
	}, nil
}

// Catalog returns the built-in actions.
func (e *Engine) Catalog() *catalog.Catalog { return e.catalogue }

// Store returns the folder of all runs.
func (e *Engine) Store() *journal.Store { return e.store }

// Runbook is a runbook that was read and checked.
type Runbook struct {
	File *source.File
	// Checked is nil where the file could not be read far enough to check it.
	Checked *check.Runbook
	// Actions are those that its steps can use; nil where the file could not be read so far.
	Actions *catalog.Catalog
	// Policy says who may do what with it; nil: there is none.
	Policy *people.Policy
	// files are the other files that it takes in, and windows the names of all windows.
	files   []plan.File
	windows []string
}

// Windows are the names of its windows; those of a runbook that it takes in begin with the step
// that does.
func (r *Runbook) Windows() []string { return slices.Clone(r.windows) }

// Check reads a runbook and finds everything that is wrong with it, and with the policy beside
// it. It calls no action and looks at no system; a plugin that was never seen before is asked
// what it is. The file of a policy is checked as such, and so is a test file as far as
// that can be told without its runbook: they are no runbooks.
func (e *Engine) Check(file *source.File) (*Runbook, diag.List) {
	tree, found := syntax.Parse(file)
	if model.IsPolicy(tree) {
		_, found := e.readPolicy(file)
		return &Runbook{File: file}, found.Sorted()
	}
	if model.IsTest(tree) {
		_, more := model.DecodeTest(tree)
		return &Runbook{File: file}, append(found, more...).Sorted()
	}
	policy, more := e.policyFor(file.Name())
	var read inclusion.Read
	if e.files != nil {
		read = func(name string) (*source.File, string, error) { return e.files(file.Name(), name) }
	}
	runbook, found := e.check(file, tree, append(found, more...), policy, read)
	return runbook, append(found, e.otherPolicies(runbook)...).ByFile()
}

// check checks a runbook that goes by a policy, and whose other files are read by read. What is
// wrong with it comes first, and then what is wrong with each runbook that it takes in.
func (e *Engine) check(file *source.File, tree *syntax.Node, found diag.List, policy *people.Policy, read inclusion.Read) (*Runbook, diag.List) {
	if tree == nil {
		return &Runbook{File: file}, found.Sorted()
	}
	decoded, more := model.Decode(tree)
	found = append(found, more...)
	if decoded == nil {
		return &Runbook{File: file}, found.Sorted()
	}
	checked, own, others := inclusion.Check(file.Name(), decoded, inclusion.Options{Version: e.version, Read: read, Actions: e.catalogueFor, People: policy.Check})
	runbook := &Runbook{File: file, Checked: checked.Runbook, Actions: checked.Actions, Policy: policy, windows: checked.Windows}
	for _, f := range checked.Files {
		runbook.files = append(runbook.files, plan.File{Name: f.Name, As: f.As, Runbook: f.Runbook, Digest: event.Digest(f.Text), Text: f.Text})
	}
	found = append(append(found, own...).Sorted(), others...)
	if !found.HasErrors() {
		found = append(found, checkModes(checked.Runbook)...)
	}
	return runbook, found.ByFile()
}

// Plan is a runbook with its inputs, ready to run.
type Plan struct {
	*plan.Plan
	text    []byte
	secrets map[string]string
	windows []string // their names
	policy  *people.Policy
}

// Plan makes the plan of a runbook without errors for the given inputs. Where there
// are errors among the findings, the plan is for looking at alone, or nil.
func (e *Engine) Plan(runbook *Runbook, given []input.Given) (*Plan, diag.List, error) {
	return e.PlanPart(runbook, given, nil)
}

// Sketch makes the plan of a runbook without errors to look at, and not to run: an input that
// is not given is not known in it, whatever its default, and neither is the mode where none is
// named.
func (e *Engine) Sketch(runbook *Runbook, given []input.Given, mode string) (*Plan, diag.List, error) {
	if runbook.Checked == nil {
		return nil, nil, errors.New("a plan can only be made of a runbook without errors")
	}
	set, found := modeInputs(runbook.Checked, mode)
	if found.HasErrors() {
		return nil, found, nil
	}
	inputs, found := input.SoFar(runbook.Checked, append(set, given...))
	if found.HasErrors() {
		return nil, found.Sorted(), nil
	}
	options := plan.Options{Inputs: inputs, Files: runbook.files, People: runbook.Policy.Keep(), AnyMode: mode == ""}
	if mode != "" {
		options.Choice = &event.Choice{Mode: mode}
	}
	made, more, err := plan.Make(runbook.Checked, options)
	found = append(found, more...).Sorted()
	if err != nil || made == nil {
		return nil, found, err
	}
	return &Plan{Plan: made, text: runbook.File.Text()}, found, nil
}
