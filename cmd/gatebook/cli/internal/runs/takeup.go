package runs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Follow is how a person follows a run that is driven here.
type Follow struct {
	JSON bool
	Wait bool // for people in other processes, instead of pausing
}

// Start carries out a plan from its beginning, for the person at this terminal.
func (r *Runs) Start(ctx context.Context, planned *engine.Plan, prompter *console.Prompter, follow Follow, o engine.RunOptions) error {
	o.By, o.TraceParent = r.User, r.Getenv("TRACEPARENT")
	return r.drive(driving{Follow: follow, status: standing.New(planned.Plan), prompter: prompter},
		func(process run.Process) (event.Result, error) { return r.Engine.Run(ctx, planned, process, o) })
}

// Wish is what a person wants of a run that began elsewhere.
type Wish string

// The wishes.
const (
	Resume   = Wish(event.ResumeAsked)
	Cancel   = Wish(event.CancelAsked)
	Rollback = Wish(event.RollbackAsked)
	Pause    = Wish(event.PauseAsked)
)

// TakeUp is how a run is taken up again.
type TakeUp struct {
	Follow
	Run    string
	Wish   Wish
	Reason string
	// Done and NotDone are the steps of which the person saw what became of them.
	Done, NotDone []string
	// Secrets says where secrets of the run are, of those that are in another place by now.
	Secrets []console.Pair
	// In is where the folder in which the run began is now; empty: where it was.
	In string
	// NewTargets are the connections that may reach another target than they did.
	NewTargets []string
	// Without are the connections over which nothing is done any more.
	Without []string
	// Overrides are windows that count as open from now on.
	Overrides []event.Override
}

// here reports whether it says something that only a process can heed that takes the run up.
func (t TakeUp) here() bool {
	return len(t.Secrets)+len(t.NewTargets)+len(t.Without)+len(t.Overrides) > 0 || t.In != ""
}

// TakeUp carries a run on in this process or, where another one drives it, leaves the
// wish there.
func (r *Runs) TakeUp(ctx context.Context, t TakeUp, prompter *console.Prompter) error {
	found, err := r.Open(t.Run)
	if err != nil {
		return err
	}
	switch {
	case found.Status.Drive == standing.Driven && t.Wish == Resume:
		return goesOn(found.ID(), found.Holder)
	case found.Status.Drive == standing.Driven && t.here():
		return console.Usage("Nothing was asked of it. Without these flags it is.",
			"run %s goes on in another process, which has its inputs, its folder and its connections already", found.ID())
	case found.Status.Drive == standing.Driven:
		return r.leave(found, t.Wish, t.Reason)
	case t.Wish == Pause:
		return console.Usage("See: gatebook status "+found.ID(), "run %s is not going, so there is nothing to pause", found.ID())
	}
	if done, err := r.settled(found, t.Wish); done || err != nil {
		return err
	}
	return r.driveOn(ctx, found, t, prompter)
}

// driveOn carries a run on in this process.
func (r *Runs) driveOn(ctx context.Context, found *Run, t TakeUp, prompter *console.Prompter) error {
	said, err := t.words(found)
	if err != nil {
		return err
	}
	secret, err := r.secrets(found, t.Secrets)
	if err != nil {
		return err
	}
	there, err := r.where(found, t.In)
	if _, mistyped := errors.AsType[*console.UsageError](err); mistyped {
		return err
	}
	var planned *engine.Plan
	if err == nil {
		planned, err = there.Engine.Planned(found.Run, secret)
	}
	if err != nil && t.Wish != Cancel {
		return r.explain(err, found.Status, true)
	}
	if looked := lookedAt(found, slices.Concat(t.Without, t.NewTargets)); err == nil && len(looked) > 0 {
		r.Note("Looking at what is reached now over %s.", layout.Steps(looked))
	}
	resumption := run.Resumption{
		Ask: event.Type(t.Wish), By: r.User, Reason: t.Reason, Words: said, Dir: moved(there, t.In), NewTargets: t.NewTargets, Without: t.Without,
		Overrides: t.Overrides,
	}
	carryOn := func(process run.Process) (event.Result, error) {
		if err != nil {
			return event.Result{}, err
		}
		return there.Engine.Resume(ctx, found.Run, planned, process, resumption)
	}
	driven := driving{Follow: t.Follow, status: found.Status, prompter: prompter, wish: t.Wish}
	if t.Wish == Cancel {
		alone := resumption
		alone.Reason = tellable(found, planned, t.Reason)
		return r.cancel(ctx, found, driven, alone, carryOn)
	}
	return r.drive(driven, carryOn)
}

// lookedAt are the connections that are compared with what they reached, before a run is
// taken up.
func lookedAt(found *Run, but []string) []string {
	var over []string
	for _, target := range found.Status.Targets {
		if !slices.Contains(but, target.Over()) {
			over = append(over, target.Over())
		}
	}
	return over
}

// where returns the runs as seen from the folder in which a run began: relative paths in
// it must name the same files again. in is where that folder is now, by the person's word.
func (r *Runs) where(found *Run, in string) (*Runs, error) {
	began := found.Status.Run
	dir, id := began.Dir, began.DirID
	if in != "" {
		dir, id = r.Path(in), ""
	}
	if dir == "" {
		return r, nil
	}
	wrong := ""
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		wrong = "that folder is not there"
	} else if id != "" && console.FolderID(dir) != id {
		wrong = "another folder is there now"
	}
	switch {
	case wrong != "" && in != "":
		return nil, console.Usage("Say with --in where the folder in which the run began is now.", "%s is not a folder", in)
	case wrong != "":
		return nil, &engine.GoneError{Cause: fmt.Errorf("run %s works in %s, where it began, and %s. Nothing was done. "+
			"Put the folder back as it was, or say where it is now: --in FOLDER", found.ID(), dir, wrong)}
	case dir != r.Dir:
		r.Note("Run %s works in %s%s.", found.ID(), dir, whyThere(in))
	}
	return r.In(dir)
}

func whyThere(in string) string {
	if in != "" {
		return ", as you say"
	}
	return ", where it began"
}

// moved is the folder that a run works in by the person's word.
func moved(there *Runs, in string) string {
	if in == "" || there == nil {
		return ""
	}
	return there.Dir
}

// secrets returns how the run's secrets are read again: from where they came from, unless
// the person says where they are now.
func (r *Runs) secrets(found *Run, now []console.Pair) (engine.ReadSecret, error) {
	reader := &given.Reader{Console: r.Console}
	return reader.Again(found.Status.Run.Secrets, now, "run "+found.ID(),
		"A run keeps the inputs that it began with; only where a secret is now can be said.")
}

// goesOn says who drives a run that was to be resumed.
func goesOn(run string, holder journal.Owner) error {
	where := "another process"
	if holder.PID > 0 {
		where = fmt.Sprintf("pid %d on %s", holder.PID, holder.Host)
	}
	return console.Usage("To follow it: gatebook status "+run, "run %s goes on in %s", run, where)
}

// settled reports whether a run has ended so that nothing is left to do of what is
// wanted. Its journal is not written on then: it tells how the run ended.
func (r *Runs) settled(found *Run, wish Wish) (bool, error) {
	result := found.Status.Result
	if result == nil || found.Status.Drive != standing.AtRest || result.Outcome == event.OutcomePaused {
		return false, nil
	}
	complete := result.Outcome == event.OutcomeSucceeded || result.Outcome == event.OutcomeRolledBack
	hint := "See: gatebook status " + found.ID()
	switch {
	case wish == Cancel:
		return true, console.Usage(hint, "run %s: the run has ended", found.ID())
	case wish == Resume && complete:
		return true, console.Usage(hint, "run %s: the run has nothing left to do", found.ID())
	case wish == Rollback && wording.EndedBadly(result) && len(found.Status.LeftToTakeBack()) == 0:
		r.Complain("run " + found.ID() + ": nothing that it changed is left to take back, but " + layout.Steps(result.Finally) + " of finally failed")
		r.Note("When its cause is mended, gatebook resume %s will %s.", found.ID(), found.Status.ResumeDoes())
		return true, console.CodeError(result.Outcome.ExitCode())
	case wish == Rollback && len(found.Status.LeftToTakeBack()) == 0:
		r.Note("Run %s: nothing that it changed is left to take back. %s", found.ID(), hint)
		return true, nil
	default:
		return false, nil
	}
}

// words are what the person says became of attempts that nobody can tell of.
func (t TakeUp) words(found *Run) (map[string]sdk.State, error) {
	said := map[string]sdk.State{}
	for _, list := range []struct {
		steps []string
		state sdk.State
	}{{t.Done, sdk.Done}, {t.NotDone, sdk.NotDone}} {
		for _, typed := range list.steps {
			view, err := found.step(typed)
			if err != nil {
				return nil, err
			}
			step := view.ID
			switch {
			case view.Status.Settled() || view.Attempt == 0:
				return nil, console.Usage("See: gatebook status "+found.ID(), "what became of step %s of run %s is known: it is %s",
					step, found.ID(), layout.Word(view.Status))
			}
			if _, twice := said[step]; twice {
				return nil, console.Usage("Say one of them.", "step %s is said to be done and not done", step)
			}
			said[step] = list.state
		}
	}
	return said, nil
}
