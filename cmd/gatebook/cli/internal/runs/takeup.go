package runs

import (
	"context"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Follow is how a person follows a run that is driven here.
type Follow struct {
	JSON bool
	Wait bool // for people in other processes, instead of pausing
}

// Start carries out a plan from its beginning.
func (r *Runs) Start(ctx context.Context, planned *engine.Plan, prompter *console.Prompter, follow Follow, parallelism int, seed uint64) error {
	return r.drive(driving{Follow: follow, status: report.NewStatus(planned.Plan), prompter: prompter},
		func(process run.Process) (event.Result, error) {
			return r.Engine.Run(ctx, planned, process, engine.RunOptions{By: r.User, Parallelism: parallelism, Seed: seed})
		})
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
	Secret        engine.ReadSecret
}

// TakeUp carries a run on in this process or, where another one drives it, leaves the
// wish there.
func (r *Runs) TakeUp(ctx context.Context, t TakeUp, prompter *console.Prompter) error {
	found, err := r.Open(t.Run)
	if err != nil {
		return err
	}
	switch {
	case found.Status.Drive == report.Driven && t.Wish == Resume:
		return console.Usage("To follow it: gatebook status "+found.ID(), "run %s goes on in pid %d on %s",
			found.ID(), found.Status.Process.PID, found.Status.Process.Host)
	case found.Status.Drive == report.Driven:
		return r.leave(found, t.Wish, t.Reason)
	case t.Wish == Pause:
		return console.Usage("See: gatebook status "+found.ID(), "run %s is not going, so there is nothing to pause", found.ID())
	}
	said, err := t.words(found)
	if err != nil {
		return err
	}
	planned, err := r.Engine.Planned(found.Run, t.Secret)
	if err != nil {
		return r.explain(err, found.Status)
	}
	return r.drive(driving{Follow: t.Follow, status: found.Status, prompter: prompter},
		func(process run.Process) (event.Result, error) {
			return r.Engine.Resume(ctx, found.Run, planned, process, run.Resumption{
				Ask: event.Type(t.Wish), By: r.User, Reason: t.Reason, Words: said,
			})
		})
}

// words are what the person says became of attempts that nobody can tell of.
func (t TakeUp) words(found *Run) (map[string]sdk.State, error) {
	said := map[string]sdk.State{}
	for _, list := range []struct {
		steps []string
		state sdk.State
	}{{t.Done, sdk.Done}, {t.NotDone, sdk.NotDone}} {
		for _, step := range list.steps {
			if _, known := found.Status.Step(step); !known {
				return nil, console.Usage("See: gatebook status "+found.ID(), "run %s has no step %q", found.ID(), step)
			}
			if _, twice := said[step]; twice {
				return nil, console.Usage("Say one of them.", "step %s is said to be done and not done", step)
			}
			said[step] = list.state
		}
	}
	return said, nil
}
