package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/run"
)

type pauseOptions struct {
	*app
	name   string
	reason string
}

func newPause(a *app) *cobra.Command {
	o := &pauseOptions{app: a}
	cmd := &cobra.Command{
		Use:   "pause RUN",
		Short: "Have a run start nothing new, and stop so that it can be resumed",
		Example: `  gatebook pause latest
  gatebook pause latest --reason "the database is slow"`,
		Args:              exactly("a RUN: an id, its beginning, or latest"),
		ValidArgsFunction: a.completeRuns,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the journal")
	return cmd
}

func (o *pauseOptions) run() error {
	all, err := o.runs()
	if err != nil {
		return err
	}
	found, err := all.Open(o.name)
	if err != nil {
		return err
	}
	if found.Status.Drive != report.Driven {
		return console.Usage("See: gatebook status "+found.ID(), "run %s is not going, so there is nothing to pause", found.ID())
	}
	return o.leave(all, found, run.Request{Type: event.PauseAsked, Reason: o.reason})
}

// leave asks something of the process that drives a run, and says what came of it.
func (a *app) leave(all *runs.Runs, found *runs.Run, request run.Request) error {
	later, err := all.Ask(found, request)
	if err != nil {
		return err
	}
	if later {
		a.Note("Left for run %s, whose process has not answered yet. See: gatebook status %s", found.ID(), found.ID())
		return nil
	}
	a.Note("Run %s: %s. See: gatebook status %s", found.ID(), report.Describe(event.Event{Type: request.Type}).What, found.ID())
	return nil
}

func newCancel(a *app) *cobra.Command {
	o := &takeUpOptions{app: a, ask: event.CancelAsked}
	cmd := &cobra.Command{
		Use:   "cancel RUN",
		Short: "Stop what a run does now, then do as the runbook says on failure",
		Long: `Stop what a run does now, then do as the runbook says on failure: with onFailure
rollback, what was changed is taken back. The process that drives the run is asked;
where none does, it is done here.`,
		Example: `  gatebook cancel latest
  gatebook cancel latest --reason "wrong version"`,
		Args:              exactly("a RUN: an id, its beginning, or latest"),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run(cmd.Context())
		},
	}
	o.declare(cmd)
	return cmd
}

func newRollback(a *app) *cobra.Command {
	o := &takeUpOptions{app: a, ask: event.RollbackAsked}
	cmd := &cobra.Command{
		Use:   "rollback RUN",
		Short: "Take back what a run changed",
		Long: `Take back what a run changed, the last first, and nothing else. It may have ended long
ago. The process that drives the run is asked; where none does, it is done here.`,
		Example: `  gatebook rollback latest
  gatebook rollback 20261121-0300 --reason "users report errors"`,
		Args:              exactly("a RUN: an id, its beginning, or latest"),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run(cmd.Context())
		},
	}
	o.declare(cmd)
	return cmd
}
