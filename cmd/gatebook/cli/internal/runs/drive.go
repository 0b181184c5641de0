package runs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/live"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/run"
)

// driving is one run that is carried on in this process.
type driving struct {
	Follow
	status   *standing.Status  // as far as the run has come
	prompter *console.Prompter // nil: nobody can be asked here
	wish     Wish              // what a person wants of a run that began elsewhere
}

// drive has start carry a run on, shows it while it goes on, and says how it ended. The
// error carries the exit code.
func (r *Runs) drive(o driving, start func(run.Process) (event.Result, error)) error {
	view := r.view(o)
	controls := make(chan event.Event)
	received, stopSignals := r.Signals()
	defer stopSignals()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		r.control(received, stop, controls, func(line string) { say(view, r.Console, line) })
	}()
	process := r.process(o, view)
	process.Controls = controls
	result, err := start(process)
	close(stop)
	<-done
	broken := view.Close()
	if err != nil {
		return r.explain(err, o.status, o.wish != "")
	}
	if !o.JSON {
		o.status.Drive = standing.AtRest
		broken = errors.Join(broken, r.Result(func(w io.Writer) error { return report.Summary(w, o.status, r.Out()) }))
	}
	if broken != nil {
		// The run has ended all the same, and its exit code says how.
		r.Complain("the run could not be shown to its end; see gatebook status: " + broken.Error())
	}
	if o.wish == Rollback && (result.Outcome == event.OutcomeRolledBack || result.Outcome == event.OutcomeFailed) {
		return nil // it is what was asked for: all that can be taken back, be it nothing
	}
	if code := result.Outcome.ExitCode(); code != console.ExitOK {
		return console.CodeError(code)
	}
	if o.status.Run.IsDrill() && o.status.Run.DrillResult(result.Measured) != event.GoodDrill {
		return console.CodeError(console.ExitFailed)
	}
	return nil
}

// view shows the run as JSON lines on standard output, else on standard error: drawn
// in place on a terminal, as lines elsewhere.
func (r *Runs) view(o driving) live.View {
	switch {
	case o.JSON:
		return live.NewJSON(r.Stdout, r.Now)
	case r.Draws():
		terminal := live.NewTerminal(r.Stderr, live.Options{
			Status: o.status, Style: r.Style(true), Now: r.Now, Size: r.Screen.Size, Asks: o.prompter != nil,
		})
		if o.prompter != nil {
			o.prompter.Aside = func() func() {
				terminal.Suspend()
				return terminal.Resume
			}
		}
		return terminal
	default:
		return live.NewLines(r.Stderr, o.status, r.Style(r.Screen.Stderr), r.Now)
	}
}

func say(view live.View, c *console.Console, line string) {
	if terminal, ok := view.(*live.Terminal); ok {
		terminal.Say(line)
		return
	}
	c.Note("%s", line)
}

func (r *Runs) process(o driving, view live.View) run.Process {
	now := r.Now()
	process := run.Process{
		Now: r.Now, Watch: view, Wait: o.Wait,
		Info:  event.Process{PID: r.PID, Host: r.Host, User: r.User, Version: r.Build.Version},
		Owner: journal.Owner{PID: r.PID, Host: r.Host, User: r.User, Started: now.Round(time.Second), Since: now},
	}
	if o.prompter != nil && !o.JSON {
		process.Asker = o.prompter
	}
	return process
}

// explain says why a run was not carried on, and gives the exit code for it. Of one that
// was to start here, began says whether there is anything of it to go on with.
func (r *Runs) explain(err error, status *standing.Status, began bool) error {
	var abandoned *run.AbandonedError
	var refused *run.RefusedError
	var held *journal.HeldError
	var mistyped *console.UsageError
	var used *ledger.UsedError
	if told, is := house.Denied(r.Console, err); is {
		return told
	}
	outcome := event.OutcomePaused // it stays as it is
	switch {
	case errors.As(err, &held) && began && held.Name == "" && !held.Elsewhere:
		return goesOn(status.Run.ID, held.Owner) // somebody else was quicker
	case errors.As(err, &held) && !began:
		outcome = event.OutcomeGateClosed
	case errors.As(err, &held), errors.As(err, &abandoned):
	case goesNoFurther(err) && status.MayHaveChanged():
		outcome = event.OutcomeStuck
	case errors.As(err, &used):
		return console.Usage("Nothing was begun. To do it again, look at what it would do now and seal that: gatebook plan RUNBOOK --out FILE", "%v", err)
	case !began:
		return console.Usage("Nothing was begun. To begin, "+journal.Advice(err)+", then run it again.", "%v", err)
	case errors.As(err, &refused):
		return console.Usage("See: gatebook status "+refused.Run, "%v", err)
	case errors.As(err, &mistyped):
		return err
	}
	r.Complain(err.Error())
	return console.CodeError(outcome.ExitCode())
}

// goesNoFurther reports whether this gatebook can neither finish a run nor take it back.
func goesNoFurther(err error) bool {
	var diverged *run.DivergedError
	var other *engine.OtherPlanError
	var damaged *journal.DamagedError
	var forged *run.ForgedError
	return errors.As(err, &forged) || errors.As(err, &diverged) || errors.As(err, &other) || errors.As(err, &damaged) || errors.Is(err, fs.ErrNotExist)
}

// repeated is within what time a second signal is the first one told twice, as a
// terminal and a supervisor do to a whole group of processes, and not a second wish.
const repeated = 200 * time.Millisecond

// control turns the signals that a run is sent into what is asked of it: the first
// starts nothing new, the second stops what runs, and each that follows does so once
// more, which ends a compensation that hangs. It ends when stop is closed; say puts a
// line where the person sees it.
func (r *Runs) control(received <-chan os.Signal, stop <-chan struct{}, ask chan<- event.Event, say func(string)) {
	var last time.Time
	for count := 1; ; count++ {
		var signal os.Signal
		select {
		case signal = <-received:
		case <-stop:
			return
		}
		now := r.Now()
		if repeats := now.Sub(last) < repeated; repeats {
			count--
			continue
		}
		last = now
		wanted, words := answerTo(count)
		say(words)
		select {
		case ask <- event.Event{Type: wanted, By: r.User, Reason: "signal " + signal.String()}:
		case <-stop:
			return
		}
	}
}

// answerTo is what the n-th signal asks for, and what the person is told.
func answerTo(n int) (wanted event.Type, words string) {
	switch n {
	case 1:
		return event.PauseAsked, "Nothing new is started. What runs is brought to its end, then the run can be resumed. " +
			"Once more to stop what runs."
	case 2:
		return event.CancelAsked, "What runs is being stopped. Then the runbook's onFailure applies: " +
			"with rollback, what was changed is taken back. Once more to give up a step that is being taken back."
	default:
		return event.CancelAsked, "What runs is being stopped. A step that is being taken back now is given up and left to a person; " +
			"the next one follows. " +
			"Ending this process with kill -9 loses nothing: gatebook resume takes the run up where it was."
	}
}
