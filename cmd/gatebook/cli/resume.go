package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
)

// takeUpOptions are those of the verbs that drive a run that began elsewhere.
type takeUpOptions struct {
	*app
	name          string
	wish          runs.Wish
	reason        string
	format        string
	wait          bool
	done, notDone []string
	secrets       []console.Pair
	in            string
	newTargets    []string
	without       []string
	override      []string
}

func newResume(a *app) *cobra.Command {
	return newTakeUp(a, runs.Resume, &cobra.Command{
		Use:   "resume RUN",
		Short: "Take up a run that stopped, failed or was interrupted",
		Long: `Go on with a run where it was left, in whatever way that was: paused, failed, or the
process or the machine died. What is done is not done again; a step that failed is
tried again. Of an attempt whose answer was lost the action is asked whether it was
done; where it cannot tell, look yourself and say --done STEP or --not-done STEP.

The run works in the folder in which it began, wherever you are. Its secrets are read
again from where they came from, or from where -i says that they are now. RUN is an id,
its beginning, or latest. The exit codes are those of gatebook run.`,
		Example: `  gatebook resume latest
  gatebook resume 20261121-0300
  gatebook resume latest --not-done upgrade
  gatebook resume latest -i token=file:/run/secrets/token`,
	})
}

// newTakeUp completes the verb of a wish by what all of these have in common.
func newTakeUp(a *app, wish runs.Wish, cmd *cobra.Command) *cobra.Command {
	o := &takeUpOptions{app: a, wish: wish}
	cmd.Args = accept.Exactly("a RUN: an id, its beginning, or latest")
	cmd.ValidArgsFunction = a.offers().Runs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name = args[0]
		return o.run(cmd.Context())
	}
	flags := cmd.Flags()
	flags.StringVar(&o.reason, "reason", "", "why, for the journal")
	if wish == runs.Pause {
		return cmd // the others may drive the run themselves
	}
	accept.Format(cmd, &o.format, "text", "json")
	flags.VarP(console.Pairs{List: &o.secrets}, "input", "i", "where a secret of the run is now: NAME=env:VARIABLE, NAME=file:PATH, or NAME=- for standard input")
	flags.StringVar(&o.in, "in", "", "where the `FOLDER` in which the run began is now, if it was moved")
	flags.StringArrayVar(&o.newTargets, "new-target", nil, "`CONNECTION` that may reach another target than before, as a cluster that was made anew")
	accept.CompleteBy(cmd, "new-target", a.offers().Targets)
	flags.BoolVar(&o.wait, "wait", false, "where nobody is at the terminal, wait for people's answers instead of pausing")
	if wish != runs.Resume {
		flags.StringArrayVar(&o.without, "without", nil, "`CONNECTION` over which nothing is done any more, as what it reached is gone; its steps are left as they are")
		accept.CompleteBy(cmd, "without", a.offers().Targets)
	}
	if wish == runs.Resume {
		flags.StringArrayVar(&o.override, "override-window", nil, "`NAME` of a change window that counts as open from now on; it takes a reason")
		flags.StringArrayVar(&o.done, "done", nil, "step of which you saw that it was done")
		flags.StringArrayVar(&o.notDone, "not-done", nil, "step of which you saw that it was not done")
		accept.CompleteBy(cmd, "done", a.offers().Lost)
		accept.CompleteBy(cmd, "not-done", a.offers().Lost)
	}
	return cmd
}

func (o *takeUpOptions) run(ctx context.Context) error {
	if len(o.override) > 0 && strings.TrimSpace(o.reason) == "" {
		return console.Usage("As in --override-window offpeak --reason \"the site is down\".", "--override-window takes a --reason, which the journal keeps")
	}
	all, err := o.runs()
	if err != nil {
		return err
	}
	return all.TakeUp(ctx, runs.TakeUp{
		Follow: runs.Follow{JSON: o.format == "json", Wait: o.wait},
		Run:    o.name, Wish: o.wish, Reason: o.reason, Done: o.done, NotDone: o.notDone, Secrets: o.secrets, In: o.in, NewTargets: o.newTargets, Without: o.without,
		Overrides: accept.Overrides(o.override, o.User, o.reason),
	}, o.Prompter())
}
