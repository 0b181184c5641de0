package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// takeUpOptions are those of the verbs that drive a run that began elsewhere.
type takeUpOptions struct {
	*app
	name          string
	ask           event.Type
	reason        string
	format        string
	wait          bool
	done, notDone []string
}

func newResume(a *app) *cobra.Command {
	o := &takeUpOptions{app: a, ask: event.ResumeAsked}
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Take up a run that stopped, failed or was interrupted",
		Long: `Go on with a run where it was left, in whatever way that was: paused, failed, or the
process or the machine died. What is done is not done again; a step that failed is
tried again. Of an attempt whose answer was lost the action is asked whether it was
done; where it cannot tell, look yourself and say --done STEP or --not-done STEP.

Secrets are read again from where they came from. RUN is an id, its beginning, or
latest. The exit codes are those of gatebook run.`,
		Example: `  gatebook resume latest
  gatebook resume 20261121-0300
  gatebook resume latest --not-done upgrade`,
		Args:              exactly("a RUN: an id, its beginning, or latest"),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run(cmd.Context())
		},
	}
	o.declare(cmd)
	cmd.Flags().StringArrayVar(&o.done, "done", nil, "step of which you saw that it was done")
	cmd.Flags().StringArrayVar(&o.notDone, "not-done", nil, "step of which you saw that it was not done")
	return cmd
}

func (o *takeUpOptions) declare(cmd *cobra.Command) {
	formatFlag(cmd, &o.format, "text", "json")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the journal")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "where nobody is at the terminal, wait for people's answers instead of pausing")
}

func (o *takeUpOptions) run(ctx context.Context) error {
	all, err := o.runs()
	if err != nil {
		return err
	}
	found, err := all.Open(o.name)
	if err != nil {
		return err
	}
	if found.Status.Drive == report.Driven {
		return o.driven(all, found)
	}
	said, err := o.words(found)
	if err != nil {
		return err
	}
	reader := &given.Reader{Console: o.Console}
	planned, err := all.Engine.Planned(found.Run, reader.Secret)
	if err != nil {
		return err
	}
	return all.Drive(runs.DriveOptions{
		JSON: o.format == "json", Wait: o.wait, Status: found.Status, Prompter: o.prompter(),
	}, func(process run.Process) (event.Result, error) {
		return all.Engine.Resume(ctx, found.Run, planned, process, run.Resumption{
			Ask: o.ask, By: o.User, Reason: o.reason, Words: said,
		})
	})
}

// driven is for a run that another process drives: it is asked, where there is
// something to ask.
func (o *takeUpOptions) driven(all *runs.Runs, found *runs.Run) error {
	if o.ask == event.ResumeAsked {
		return console.Usage("To follow it: gatebook status "+found.ID(), "run %s goes on in pid %d on %s",
			found.ID(), found.Status.Process.PID, found.Status.Process.Host)
	}
	return o.leave(all, found, run.Request{Type: o.ask, Reason: o.reason})
}

// words are what the person says became of attempts that nobody can tell of.
func (o *takeUpOptions) words(found *runs.Run) (map[string]sdk.State, error) {
	said := map[string]sdk.State{}
	for _, list := range []struct {
		steps []string
		state sdk.State
	}{{o.done, sdk.Done}, {o.notDone, sdk.NotDone}} {
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
