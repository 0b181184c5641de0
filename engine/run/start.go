package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run/internal/past"
	"github.com/gatebook/gatebook/engine/run/internal/trace"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Once is what one run alone may carry out.
type Once interface {
	// Claim makes it the run's, before the run's first record is written, and may leave
	// people's answers in its inbox. An error says that another run was first.
	Claim(folder *journal.Run) error
	// Release gives it back where the run did not begin.
	Release(folder *journal.Run) error
}

// Start runs a plan from its beginning, and returns when the run has ended or paused.
// The context stops nothing: a run is stopped by its controls, so that what it changed
// is not left behind in silence. text is the runbook's bytes, info what is fixed at the
// start; the run's id, and the digest of the plan as the run keeps it, are made here. once
// is what the run uses up; nil: nothing. An error means that the run did not start, or was
// left off ([AbandonedError]).
func Start(ctx context.Context, store *journal.Store, p Process, pl *plan.Plan, text []byte, info event.Run, once Once) (event.Result, error) {
	folder, err := create(store, p, info.Seed)
	if err != nil {
		return event.Result{}, err
	}
	locks, err := folder.Lock(ctx, p.ownerOf(info.Runbook, info.Choice), pl.LockNames()...)
	if err != nil {
		return event.Result{}, errors.Join(err, folder.Discard())
	}
	defer locks.Close()
	if once == nil {
		once = often{}
	}
	var result event.Result
	if err = once.Claim(folder); err == nil {
		result, err = start(ctx, folder, locks, p, pl, text, info)
	}
	if err != nil {
		// Of a run that left no record "latest" must not speak. But a claim that stays has to
		// find its run, to see that it did not begin.
		if kept := once.Release(folder); kept != nil {
			return result, errors.Join(err, kept)
		}
		err = errors.Join(err, folder.Discard())
	}
	return result, err
}

// often is what any number of runs may carry out.
type often struct{}

func (often) Claim(*journal.Run) error   { return nil }
func (often) Release(*journal.Run) error { return nil }

func start(
	ctx context.Context, folder *journal.Run, locks *journal.Locks, p Process, pl *plan.Plan, text []byte, info event.Run,
) (event.Result, error) {
	policy, err := people.Again(pl.People)
	if err != nil {
		return event.Result{}, err
	}
	document, err := save(folder, pl, text)
	if err != nil {
		return event.Result{}, err
	}
	info.PlanDocument = document
	log, err := folder.CreateJournal()
	if err != nil {
		return event.Result{}, err
	}
	d := newDriver(ctx, p, pl, policy, folder)
	d.journal = log
	d.begin(info, locks)
	return d.drive(locks)
}

func (d *driver) begin(info event.Run, locks *journal.Locks) {
	info.ID, info.Process, d.begins = d.folder.ID(), d.process.Info, true
	if !trace.IsContext(info.CalledBy) {
		info.CalledBy = ""
	}
	info.Trace = trace.Of(info)
	d.trace, d.began = info.Trace, info
	d.fact(event.Event{Type: event.RunStarted, Run: &info, By: info.By})
	for _, saw := range d.shown() {
		d.fact(saw)
	}
	d.noteTakeovers(locks)
	d.urgent = true
}

// drive runs the loop, ends what still works, and closes the journal behind it. A run
// that rests half-way keeps its locks.
func (d *driver) drive(locks *journal.Locks) (event.Result, error) {
	d.keepPluginLogs()
	result, err := d.loop()
	d.stop()
	d.closeHosts()
	if closing := d.journal.Close(); err == nil && closing != nil {
		err = &AbandonedError{Run: d.folder.ID(), Cause: closing}
	}
	if _, leftOff := errors.AsType[*AbandonedError](err); leftOff || err == nil && result.Outcome == event.OutcomePaused {
		locks.Keep(d.now)
	} else {
		locks.Keep(time.Time{})
	}
	return result, err
}

// create makes the folder of a new run; two that start within one second differ in
// their random part.
func create(store *journal.Store, p Process, random uint64) (*journal.Run, error) {
	for {
		folder, err := store.Create(journal.NewRunID(p.Now(), random))
		if !errors.Is(err, fs.ErrExist) {
			return folder, err
		}
		random++
	}
}

// save keeps what the run is made of, and returns the digest of the plan as it is kept.
func save(folder *journal.Run, pl *plan.Plan, text []byte) (string, error) {
	if err := folder.SaveRunbook(text); err != nil {
		return "", err
	}
	for _, file := range pl.Runbook.Files {
		if err := folder.SaveFile(file.Name, file.Text); err != nil {
			return "", err
		}
	}
	document, err := json.Marshal(pl)
	if err != nil {
		return "", fmt.Errorf("write the plan of run %s: %w", folder.ID(), err)
	}
	return event.Digest(document), folder.SavePlan(document)
}

// noteTakeovers journals which locks were left by who is no more.
func (d *driver) noteTakeovers(locks *journal.Locks) {
	for _, taken := range takeovers(d.folder, locks) {
		d.fact(taken)
	}
}

func takeovers(folder *journal.Run, locks *journal.Locks) []event.Event {
	var facts []event.Event
	for _, taken := range locks.Taken {
		name := taken.Name
		if name == "" {
			name = "run " + folder.ID()
		}
		facts = append(facts, event.Event{Type: event.LockTaken, Name: name, Reason: taken.Reason()})
	}
	return facts
}

// Resumption says how a run is taken up again.
type Resumption struct {
	// Ask is [event.ResumeAsked], [event.CancelAsked] or [event.RollbackAsked].
	Ask    event.Type
	By     string
	Reason string
	// Dir is where the folder in which the run began is now, by the person's word; empty:
	// where it was.
	Dir string
	// NewTargets are the connections that may reach another target than they did, by the
	// person's word.
	NewTargets []string
	// Without are the connections over which nothing is done any more, by the person's
	// word: what they reached is gone. Their steps are left as they are.
	Without []string
	// LastDrills are the last good drills of runbooks, of those that conditions ask for.
	LastDrills []event.LastDrill
	// Overrides are windows that count as open from now on, by the person's word.
	Overrides []event.Override
	// Words are what a person said became of attempts that nobody can tell of, by
	// step: [sdk.Done], or [sdk.NotDone], which is taken for [sdk.Untouched].
	Words map[string]sdk.State
}

// RefusedError says that a run cannot do what was asked of it.
type RefusedError struct {
	Run    string
	Reason string
}

// Error says why.
func (e *RefusedError) Error() string { return "run " + e.Run + ": " + e.Reason }

// ownerOf is how the locks name this process while it drives a run: whoever finds one held wants to
// know whether it is by a drill.
func (p Process) ownerOf(runbook string, choice *event.Choice) journal.Owner {
	owner := p.Owner
	owner.Runbook, owner.Mode = runbook, choice.ModeName()
	return owner
}

// Resume takes up a run that has paused, ended or died. pl must be the plan that the
// run began with. Repaired tells of a torn last line.
func Resume(ctx context.Context, folder *journal.Run, p Process, pl *plan.Plan, r Resumption) (event.Result, error) {
	locks, err := folder.Lock(ctx, p.ownerOf(pl.Runbook.Name, pl.Choice), pl.LockNames()...)
	if err != nil {
		return event.Result{}, err
	}
	defer locks.Close()
	policy, err := people.Again(pl.People)
	if err != nil {
		return event.Result{}, err
	}
	d := newDriver(ctx, p, pl, policy, folder)
	d.words = r.Words
	was := &past.Replay{Machine: d.machine, Known: d.inbox.known, Heard: d.heard, Targets: d.targets}
	if err := was.Recall(folder); err != nil {
		d.stop()
		return event.Result{}, err
	}
	log, repair, err := folder.OpenJournal(was.Record)
	if err != nil {
		d.stop()
		return event.Result{}, err
	}
	d.machine.Recall(machine.Past{})
	d.journal, d.now, d.trace, d.began = log, was.Last.Time, was.Began.Trace, was.Began
	unseen, err := d.sameTargets(ctx, r)
	if err == nil {
		err = d.resume(r, unseen, was, repair, locks)
	}
	if err != nil {
		d.stop()
		closing := log.Close()
		if closing == nil {
			d.tell()
		}
		return event.Result{}, errors.Join(err, closing)
	}
	return d.drive(locks)
}

// both joins two reasons, of which either may be missing.
func both(one, other string) string {
	if one == "" || other == "" {
		return one + other
	}
	return one + "; " + other
}

// torn says what was cut off the end of a journal; empty: nothing.
func torn(repair journal.Repair) string {
	if repair.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("the journal's last line was torn: %d bytes were set aside in %s", repair.Bytes, repair.Saved)
}

// resume goes on from the state that a replay has rebuilt.
func (d *driver) resume(r Resumption, unseen string, was *past.Replay, repair journal.Repair, locks *journal.Locks) error {
	outstanding := d.machine.Outstanding()
	if err := d.heed(outstanding); err != nil {
		return err
	}
	d.urgent = true
	resumed := event.Event{Type: event.RunResumed, Process: &d.process.Info, By: r.By, Reason: both(r.Reason, unseen), Drills: r.LastDrills}
	if r.Ask != event.ResumeAsked {
		resumed.Name = string(r.Ask)
	}
	resumed.Reason = both(resumed.Reason, torn(repair))
	if r.Dir != "" {
		resumed.Reason = both(resumed.Reason, "its folder is "+r.Dir+" now")
	}
	for _, over := range r.NewTargets {
		resumed.Reason = both(resumed.Reason, "connection "+over+" may reach another target now")
	}
	for _, over := range r.Without {
		resumed.Reason = both(resumed.Reason, "nothing is done over connection "+over+" any more")
	}
	if r.Ask == event.ResumeAsked && was.Ends() {
		d.fact(resumed)
		d.noteEarly()
		d.noteTakeovers(locks)
		d.follow(was.Owed)
		result := d.machine.Result()
		d.end = &result
		return nil
	}
	d.follow(was.Owed)
	d.fact(resumed)
	d.noteEarly()
	d.noteTakeovers(locks)
	for _, o := range r.Overrides {
		d.fact(event.Event{Type: event.WindowOverridden, Name: o.Window, By: o.By, Reason: o.Reason})
	}
	d.follow(outstanding)
	// What was asked of the run while nobody drove it comes before what is asked now.
	d.takeInbox()
	d.refusal = ""
	d.takeUp(r)
	return d.nothingToDo()
}

// noteEarly takes in what was found as the run was taken up, and has what comes from now on taken
// in as it comes.
func (d *driver) noteEarly() {
	if d.early == nil {
		return
	}
	facts := d.early.facts
	d.early = nil
	for _, fact := range facts {
		d.fact(fact)
	}
}

// heed refuses words about steps of which nobody asks what became: they would be
// dropped, and whoever said them would believe otherwise.
func (d *driver) heed(outstanding []machine.Command) error {
	asked := make(map[string]bool)
	for _, command := range outstanding {
		if a, ok := command.(machine.Attempt); ok && a.Op.Part == event.Do {
			asked[a.Op.Step] = true
		}
	}
	for _, step := range slices.Sorted(maps.Keys(d.words)) {
		if asked[step] {
			continue
		}
		reason := "it has no step " + step
		if p, known := d.plan.Step(step); known {
			reason = fmt.Sprintf("nobody needs to be told what became of step %s: it is %s", step, d.machine.Status(p.Index))
		}
		return &RefusedError{Run: d.folder.ID(), Reason: reason}
	}
	return nil
}

// takeUp asks the machine for what the person wants. A run that died simply goes on, be
// it to its end.
func (d *driver) takeUp(r Resumption) {
	mode := d.machine.Mode()
	goes := mode != event.Paused && mode != event.Ended && !d.machine.Pausing()
	if r.Ask == event.ResumeAsked && (goes || mode == event.Ended && d.finishes()) {
		return
	}
	d.fact(event.Event{Type: r.Ask, By: r.By, Reason: r.Reason})
}

// nothingToDo reports why a run that has ended or paused does not go on.
func (d *driver) nothingToDo() error {
	if mode := d.machine.Mode(); mode != event.Paused && mode != event.Ended || d.finishes() {
		return nil
	}
	reason := d.refusal
	if reason == "" {
		reason = "it has nothing left to do"
	}
	return &RefusedError{Run: d.folder.ID(), Reason: reason}
}
