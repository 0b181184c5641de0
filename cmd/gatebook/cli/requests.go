package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
)

func newPause(a *app) *cobra.Command {
	return newTakeUp(a, runs.Pause, &cobra.Command{
		Use:   "pause RUN",
		Short: "Have a run start nothing new, and stop so that it can be resumed",
		Long: `Ask the process that drives a run to start nothing new. What runs comes to its end;
then the run stops, and gatebook resume takes it up.`,
		Example: `  gatebook pause latest
  gatebook pause latest --reason "the database is slow"`,
	})
}

func newCancel(a *app) *cobra.Command {
	return newTakeUp(a, runs.Cancel, &cobra.Command{
		Use:   "cancel RUN",
		Short: "Stop what a run does now, then do as the runbook says on failure",
		Long: `Stop what a run does now, then do as the runbook says on failure: with onFailure
rollback, what was changed is taken back. The process that drives the run is asked;
where none does, it is done here.

Of a run that is in its rollback already, the compensation that is at work is given up,
and the next one follows; where the run paused in its rollback, that ends there. What
is not taken back is left to a person, until gatebook resume tries again.

A run that has certainly changed nothing is ended also where it cannot be taken up, as
where a plugin is another one by now: from its journal alone, without its steps of finally.`,
		Example: `  gatebook cancel latest
  gatebook cancel latest --reason "wrong version"`,
	})
}

func newRollback(a *app) *cobra.Command {
	return newTakeUp(a, runs.Rollback, &cobra.Command{
		Use:   "rollback RUN",
		Short: "Take back what a run changed",
		Long: `Take back what a run changed, the last first, and nothing else. It may have ended long
ago. The process that drives the run is asked; where none does, it is done here.`,
		Example: `  gatebook rollback latest
  gatebook rollback 20261121-0300 --reason "users report errors"`,
	})
}
