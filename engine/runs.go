package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/inclusion"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// RunOptions are what a run is started with beside its plan.
type RunOptions struct {
	By          string // who answers for it
	Parallelism int    // how many attempts may be in flight at once, at least 1
	Seed        uint64 // of every random choice in the run
	TraceParent string // the W3C trace context in which it is called; empty: none
	// Sealed is the sealed plan that the run carries out, and uses up; nil: there is none.
	Sealed *seal.Plan
	// Overrides are windows that count as open in the run, by the word of who begins it.
	Overrides []event.Override
	// Stepwise has people asked before each change.
	Stepwise bool
	// Remaining is how long it takes from some steps to the end, as review.Remaining has it.
	Remaining map[string]event.Left
	// Foreseen is what the actions said that limits count, as review.Foreseen has it.
	Foreseen *event.Foreseen
	// Seen is what the plan was made from that people agreed to, as agreed.Seen has it; nil:
	// nobody was shown one.
	Seen map[string][]sdk.Seen
}

// Run carries out a plan, and returns when the run has ended or paused. The context
// does not stop it; [run.Process.Controls] do. Nothing is begun where a plugin that it uses
// may not be started.
func (e *Engine) Run(ctx context.Context, p *Plan, process run.Process, o RunOptions) (event.Result, error) {
	if err := p.Verify(); err != nil {
		return event.Result{}, err
	}
	if err := p.MayStart(o, process.Now()); err != nil {
		return event.Result{}, err
	}
	if err := p.WithinLimits(o.Foreseen); err != nil {
		return event.Result{}, err
	}
	drills, err := e.lookUpDrills(p)
	if err != nil {
		return event.Result{}, err
	}
	info := event.Run{
		Runbook: p.Runbook.Name, Version: p.Runbook.Version, Title: p.Runbook.Title, File: p.Runbook.File, Dir: e.dir, DirID: e.dirID,
		Digest: p.Runbook.Digest, PlanDigest: p.Digest, Gatebook: e.version,
		Inputs: p.Inputs, Secrets: p.secrets, Record: recordOf(p.Record),
		By: o.By, CalledBy: o.TraceParent, Seed: o.Seed, Parallelism: max(o.Parallelism, 1), Lock: p.Lock, Locks: p.Locks, Steps: len(p.Steps),
		Overrides: o.Overrides, Remaining: o.Remaining, Foreseen: o.Foreseen, Seen: o.Seen, Choice: p.Choice, Unapproved: p.Unapproved(), Others: p.Others(), Stepwise: o.Stepwise, LastDrills: drills,
	}
	if o.Sealed == nil {
		return run.Start(ctx, e.store, process, p.Plan, p.text, info, nil)
	}
	info.Seal, info.Serial, info.Author = o.Sealed.Digest, o.Sealed.Notes.Serial, o.Sealed.Notes.By
	return run.Start(ctx, e.store, process, p.Plan, p.text, info, &once{e, o.Sealed, p.policy, o.By, process.Now, o.Seed})
}

// Masked returns a text without the secrets among the plan's inputs.
func (p *Plan) Masked(text string) string { return value.NewMasker(p.Inputs).Text(text) }

func recordOf(bindings []plan.Binding) value.Value {
	members := make([]value.Member, 0, len(bindings))
	for _, b := range bindings {
		members = append(members, value.Member{Name: b.Name, Value: b.Value})
	}
	return value.Object(members...)
}

// CopyError says that a folder holds what was copied of another run, which nobody must go on
// with: that run is in a folder of its own.
type CopyError struct {
	Folder string // its name
	Run    string // the run that it is a copy of
}

// Error says of which run it is a copy.
func (e *CopyError) Error() string {
	return fmt.Sprintf("%s is no run: it is a copy of run %s", e.Folder, e.Run)
}

// Began returns what was fixed when a run started. Its error is a [CopyError] where that was
// another run.
func Began(folder *journal.Run) (event.Run, error) { return BeganIn(folder.Entry()) }

// BeganIn is [Began] of a run in a list.
func BeganIn(entry journal.Entry) (event.Run, error) {
	folder := entry.Run
	if entry.Err != nil {
		return event.Run{}, entry.Err
	}
	if len(entry.First) == 0 {
		return event.Run{}, fmt.Errorf("run %s has no beginning: its process died before anything was done; start it anew", folder.ID())
	}
	var first event.Event
	if err := json.Unmarshal(entry.First, &first); err != nil {
		return event.Run{}, fmt.Errorf("first record of run %s: %w", folder.ID(), err)
	}
	if first.Run == nil {
		return event.Run{}, fmt.Errorf("run %s has no beginning: its first record is %q", folder.ID(), first.Type)
	}
	if first.Run.ID != folder.ID() {
		return event.Run{}, &CopyError{Folder: folder.ID(), Run: first.Run.ID}
	}
	return *first.Run, nil
}

// ReadSecret reads a secret from where it came from: "env:NAME", "file:PATH" or "-".
type ReadSecret func(input, from string) (string, error)

// Planned makes the plan of a run again, from the bytes that the run keeps and the
// inputs in its journal. The plan must be the one that the run began with.
func (e *Engine) Planned(folder *journal.Run, secret ReadSecret) (*Plan, error) {
	began, err := Began(folder)
	if err != nil {
		return nil, err
	}
	text, err := folder.Runbook()
	if err != nil {
		return nil, err
	}
	document, err := keeps(folder, began, text)
	if err != nil {
		return nil, err
	}
	policy, err := policyIn(document)
	if err != nil {
		return nil, &OtherPlanError{Run: began.ID, Cause: err}
	}
	file := source.NewFile(began.File, text)
	tree, found := syntax.Parse(file)
	runbook, found := e.check(file, tree, found, policy, keptFiles(folder, began, document))
	if found.HasErrors() {
		return nil, e.unsound(began, document, "finds a fault in its runbook", found)
	}
	given, err := givenAgain(began.Inputs, began.Secrets, "the run's journal", secret)
	if err != nil {
		return nil, &GoneError{fmt.Errorf("run %s: %w", began.ID, err)}
	}
	made, found, err := e.PlanPart(runbook, given, began.Choice)
	switch {
	case err != nil:
		return nil, err
	case found.HasErrors():
		return nil, e.unsound(began, document, "refuses an input", found)
	case made.Digest != began.PlanDigest:
		return nil, e.otherPlan(began, document, made.Plan)
	}
	return made, nil
}

// keptFiles brings the files that a run keeps, by the names that they had when it began. Links
// that led to one are in the plan's document.
func keptFiles(folder *journal.Run, began event.Run, document []byte) inclusion.Read {
	var read struct {
		Runbook plan.Header `json:"runbook"`
	}
	links := map[string]string{}
	if json.Unmarshal(document, &read) == nil {
		for _, file := range read.Runbook.Files {
			for _, link := range file.As {
				links[link] = file.Name
			}
		}
	}
	return func(name string) (*source.File, string, error) {
		real := cmp.Or(links[name], name)
		kept, err := folder.File(real)
		return source.NewFile(path.Join(path.Dir(filepath.ToSlash(began.File)), real), kept), real, err
	}
}

// keeps returns the plan's document of a run, and an error where what the run keeps is not
// what it began with. A document that is gone, or that nothing vouches for, is nothing to go
// by, and is not gone by: the plan is made from the runbook.
func keeps(folder *journal.Run, began event.Run, text []byte) (document []byte, err error) {
	if err := began.Vouches(text); err != nil {
		return nil, &OtherPlanError{Run: began.ID, Cause: err}
	}
	document, err = folder.Plan()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err // it may be read the next time
	}
	switch err := began.VouchesForPlan(document); {
	case errors.Is(err, event.ErrUnvouched):
		return nil, nil
	case err != nil:
		return nil, &OtherPlanError{Run: began.ID, Cause: err}
	}
	return document, nil
}

// connectionsIn returns the connections in a plan's document; none where there is no document.
func connectionsIn(document []byte) []plan.Connection {
	var read struct {
		Connections []plan.Connection `json:"connections"`
	}
	if json.Unmarshal(document, &read) != nil {
		return nil
	}
	return read.Connections
}

// otherPlugin says which plugin of a plan's document is another one in the plan that was
// made now; empty: none, or nobody can tell.
func otherPlugin(document []byte, now *plan.Plan) string {
	for _, was := range connectionsIn(document) {
		for _, is := range now.Connections {
			if is.Source == was.Source && (is.Version != was.Version || is.SHA256 != was.SHA256) {
				return fmt.Sprintf("the plugin %s %s (SHA-256 %s), and what is installed now is %s (SHA-256 %s)",
					was.Source, was.Version, was.SHA256, is.Version, is.SHA256)
			}
		}
	}
	return ""
}

// OtherPlanError says that the plan of a run cannot be made again as it was when the run
// began, so that nobody must go on with it.
type OtherPlanError struct {
	Run   string
	Cause error // what differs, and what to do
}

// Error says what differs, and what to do.
func (e *OtherPlanError) Error() string { return fmt.Sprintf("run %s: %v", e.Run, e.Cause) }

// Unwrap returns what differs.
func (e *OtherPlanError) Unwrap() error { return e.Cause }

// otherPlan says why a run's plan is another one now.
func (e *Engine) otherPlan(began event.Run, document []byte, now *plan.Plan) error {
	if other := otherPlugin(document, now); other != "" {
		return &GoneError{fmt.Errorf("run %s stays as it is: it began with %s; put that one back and lock it, then resume the run, or roll it back", began.ID, other)}
	}
	does := "plans it differently"
	if len(began.Secrets) > 0 {
		does += ", unless one of its secrets is another one by now"
	}
	return e.otherVersion(began, document, does)
}

func (e *Engine) otherVersion(began event.Run, document []byte, does string) error {
	with := ""
	for _, c := range connectionsIn(document) {
		if plugin := " " + c.Source + " " + c.Version; !strings.Contains(with, plugin) {
			with += " with" + plugin
		}
	}
	return &OtherPlanError{Run: began.ID, Cause: fmt.Errorf(
		"it was begun by gatebook %s%s; this is %s, which %s: go on with the versions that began it", began.Gatebook, with, e.version, does)}
}

// unsound says why what a run began with is refused now. That a plugin is not to be had is
// no reason to give the run up.
func (e *Engine) unsound(began event.Run, document []byte, does string, found diag.List) error {
	var errs diag.List
	for _, finding := range found.Sorted() {
		switch {
		case finding.Rule == diag.PluginUnavailable:
			return &GoneError{fmt.Errorf("run %s stays as it is: %s: %s", began.ID, finding.Range, finding.Detail)}
		case finding.Rule.Severity == diag.Error:
			errs = append(errs, finding)
		}
	}
	return e.otherVersion(began, document, fmt.Sprintf("%s (%s: %s)", does, errs[0].Range, errs[0].Detail))
}

// givenAgain gives inputs as they were given before, each secret read again from its source.
func givenAgain(inputs value.Value, sources map[string]string, origin string, secret ReadSecret) ([]input.Given, error) {
	var given []input.Given
	for _, m := range inputs.Members() {
		from, isSecret := sources[m.Name]
		if !isSecret {
			v := m.Value
			given = append(given, input.Given{Name: m.Name, Value: &v, By: input.ByFlag, Origin: origin, Again: true})
			continue
		}
		text, err := secret(m.Name, from)
		if err != nil {
			return nil, fmt.Errorf("secret input %s: %w", m.Name, err)
		}
		given = append(given, input.Given{Name: m.Name, Text: text, By: input.ByFlag, Origin: from, SecretSource: from})
	}
	return given, nil
}

// GoneError says that a run cannot be taken up as what it needs is not to be had, or is
// another one by now: a plugin, a secret or its folder.
type GoneError struct{ Cause error }

// Error says what it is, and what to do.
func (e *GoneError) Error() string { return e.Cause.Error() }

// Unwrap returns what is gone.
func (e *GoneError) Unwrap() error { return e.Cause }

// OtherFolderError says that a run began in another folder than the engine's, so that
// relative paths would name other files than they did.
type OtherFolderError struct{ Run, Began, Here string }

// Error says where the run began.
func (e *OtherFolderError) Error() string {
	if e.Began == e.Here {
		return fmt.Sprintf("run %s works in %s, and there is another folder now than the one in which it began: it would change other files than it did", e.Run, e.Began)
	}
	return fmt.Sprintf("run %s works in %s, where it began, and not in %s: it would change other files than it did", e.Run, e.Began, e.Here)
}

// Resume takes up a run that has paused, ended or died, to go on, to cancel it or to
// take it back. p must come from [Engine.Planned], and the engine must work in the folder
// in which the run began (see [event.Run]), unless the resumption says that it is elsewhere.
func (e *Engine) Resume(ctx context.Context, folder *journal.Run, p *Plan, process run.Process, r run.Resumption) (event.Result, error) {
	began, err := Began(folder)
	if err != nil {
		return event.Result{}, err
	}
	if other := began.Dir != e.dir || began.DirID != e.dirID && began.DirID != ""; other && began.Dir != "" && r.Dir == "" {
		return event.Result{}, &OtherFolderError{Run: began.ID, Began: began.Dir, Here: e.dir}
	}
	if err := p.mayOverride(r.Overrides, began, process.Now()); err != nil {
		return event.Result{}, err
	}
	if err := p.Verify(r.Without...); err != nil {
		return event.Result{}, &GoneError{fmt.Errorf("run %s: %w", began.ID, err)}
	}
	if err := errors.Join(p.mayTakeUp(began, r, e.version, process.Now()), e.keysStand(p, began, r, process.Now())); err != nil {
		return event.Result{}, err
	}
	if r.Ask == event.ResumeAsked {
		if r.LastDrills, err = e.lookUpDrills(p); err != nil {
			return event.Result{}, &GoneError{fmt.Errorf("run %s: %w", began.ID, err)}
		}
	}
	return run.Resume(ctx, folder, process, p.Plan, r)
}

// GiveUp ends a run that has paused or died from its journal alone, for a person who cancels
// it while it cannot be taken up, as its plan or a plugin is not to be had. Of a run that may
// have changed something the error is [run.ErrMayHaveChanged], and it stays as it is.
func (e *Engine) GiveUp(ctx context.Context, folder *journal.Run, process run.Process, r run.Resumption) (event.Result, error) {
	began, err := Began(folder)
	if err == nil {
		err = mayGiveUp(folder, began, r.By, process.Now())
	}
	if err != nil {
		return event.Result{}, err
	}
	return run.GiveUp(ctx, folder, process, began, r)
}
