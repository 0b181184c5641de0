package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/briefing"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
)

type runOptions struct {
	*app
	file        string
	inputs      given.Flags
	format      string
	yes         bool
	wait        bool
	here        bool
	parallelism int
	seed        uint64
	override    accept.Override
	part        accept.Part
	stepwise    bool
	live        bool // it is begun as a drill
}

func newRun(a *app) *cobra.Command {
	o := &runOptions{app: a}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Carry out a runbook, or a plan that was sealed",
		Long:  runHelp,
		Example: `  gatebook run upgrade.yaml -i image=web:2
  gatebook run upgrade.yaml -f production.yaml -i token=env:TOKEN --yes
  gatebook run upgrade.yaml --yes --format json | jq .
  gatebook run fix.yaml --override-window offpeak --reason "the site is down"
  gatebook run upgrade.yaml --step
  gatebook run recover.yaml --mode planned
  gatebook run upgrade.yaml --from migrate
  gatebook run upgrade.yaml --skip backup --skip 'drain["node-3"]' --reason "made by hand"
  gatebook plan upgrade.yaml -i image=web:2 --out upgrade.plan && gatebook run upgrade.plan`,
		Args:              accept.Exactly("a FILE"),
		ValidArgsFunction: accept.RunnableFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run(cmd.Context())
		},
	}
	o.inputs.Declare(cmd.Flags())
	accept.CompleteBy(cmd, "input", a.offers().Inputs)
	accept.Format(cmd, &o.format, "text", "json")
	o.declare(cmd, "why a window is overridden, or steps are left out, for the journal")
	cmd.Flags().BoolVar(&o.stepwise, "step", false, "ask before each change")
	o.part.Declare(cmd.Flags())
	a.completeSteps(cmd)
	return cmd
}

// declare declares the flags of whatever begins a run; reason says what a reason is for.
func (o *runOptions) declare(cmd *cobra.Command, reason string) {
	flags := cmd.Flags()
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask before the run begins")
	o.override.Declare(flags, reason)
	accept.CompleteBy(cmd, "override-window", o.offers().Windows)
	flags.BoolVar(&o.wait, "wait", false, "where nobody is at the terminal, wait for people's answers instead of pausing")
	flags.BoolVar(&o.here, "here", false, "carry out a sealed plan in this folder, though it was made for another")
	flags.IntVar(&o.parallelism, "parallelism", house.Parallelism, "how many steps may be at work at one time")
	flags.Uint64Var(&o.seed, "seed", 0, "seed of the random spread of retries (default: a random one)")
}

// runHelp is what gatebook run --help says of it.
const runHelp = `Show what a run would do, ask, and do it. While it goes on its progress is drawn on a
terminal, and written as lines elsewhere; with --format json each event is a line of
JSON on standard output. Everything is in the run's journal, so that gatebook resume
takes up a run that was interrupted in whatever way.

FILE is a runbook, or a plan that gatebook plan --out has sealed; which of these is told
by what is in it. A sealed plan is carried out once, exactly as it was approved: where
the runbook, a secret, a plugin, gatebook itself, the folder, what a connection reaches, or
what the actions see is not as it was, or a person has said no to it beforehand, nothing is
begun, and all of that is said (exit code 3). Its secrets are read again from where they came from, or from where -i says that they are now.

Ctrl-C once starts nothing new and lets what runs come to its end; twice stops what
runs, and what the runbook says about failures applies; each further one gives up the
step that is being taken back at that moment.

What goes over the limits of its runbook is not begun: a plan that surely does is refused
(exit code 3), and a step that would, later on, fails.

A change window that is closed counts as open with --override-window, for the whole run. It
takes a --reason, and both are in the journal, with your name.

With --step you are asked before each change, one at a time, and see what it would do: go on,
leave it out, pause the run, or cancel it. What is taken back is not asked about. Where there is
no terminal the run pauses at the first, and others answer: gatebook approve RUN STEP, or reject
to leave it out. gatebook resume goes on step by step.

` + partHelp + `

` + inputsHelp + `

Exit codes: 0 succeeded; 1 failed, and dealt with as the runbook asks; 2 the runbook or
the command line is invalid; 3 a gate closed, a limit was reached, or a person said no,
before anything was changed; 4 failed, and not cleanly taken back or a step of finally
failed too: a person is needed; 5 stopped, and can be resumed.`

// verb is by which the run begins, as one types it.
func (o *runOptions) verb() string {
	if o.live {
		return "drill --live"
	}
	return "run"
}

func (o *runOptions) run(ctx context.Context) error {
	if o.parallelism < 1 {
		return console.Usage("--parallelism 1 makes one step after the other.", "--parallelism is %d, and must be at least 1", o.parallelism)
	}
	if o.Dir == "" {
		return console.Usage("Change into a folder that is there.", "the folder in which this was started is gone, and a run works in the one in which it begins")
	}
	overrides, err := o.override.By(o.User, o.part.Given())
	if err != nil {
		return err
	}
	choice, err := o.part.Choice(o.User, o.override.Reason)
	if err != nil {
		return err
	}
	h, err := o.houseWithRuns()
	if err != nil {
		return err
	}
	before := &briefing.Briefing{House: h, Past: runs.Of(h).Past, Verb: o.verb(), File: o.file, Inputs: &o.inputs, Step: o.stepwise, Here: o.here, Choice: choice, Part: o.part.Typed(o.override.Reason)}
	ready, err := before.Prepare(ctx)
	if err != nil {
		return err
	}
	options := engine.RunOptions{By: o.User, Parallelism: o.parallelism, Seed: o.seed, Sealed: ready.Sealed, Overrides: overrides, Stepwise: o.stepwise}
	if err := ready.MayStart(options, o.Now()); err != nil {
		err, _ = house.Denied(o.Console, err)
		return err
	}
	if options.Foreseen, err = before.Foreseen(ctx, &ready); err != nil {
		return err
	}
	if err := ready.WithinLimits(options.Foreseen); err != nil {
		err, _ = house.Denied(o.Console, err)
		return err
	}
	for _, over := range overrides {
		h.Note("The window %s counts as open in this run, whatever is said of it now: %s", over.Window, layout.Line(over.Reason))
	}
	if mode := ready.Choice.ModeName(); mode != "" && o.yes {
		h.Note("The runbook is done in mode %s.", mode)
	}
	o.tellAltered(h, ready.Begins(), overrides)
	if said := wording.Choice(ready.Choice.Part()); said != "" && o.yes {
		h.Note("Of the runbook a part is done: %s", said)
	}
	prompter := o.Prompter()
	if !o.yes {
		if err := before.Confirm(ctx, &ready, prompter); err != nil {
			return err
		}
	}
	options.Seen = ready.Agreed(!o.yes)
	if options.Remaining, err = before.Remaining(ctx, ready, o.parallelism); err != nil {
		return err
	}
	if options.Seed == 0 {
		options.Seed = o.Random()
	}
	return runs.Of(h).Start(ctx, ready.Plan, prompter, runs.Follow{JSON: o.format == "json", Wait: o.wait}, options)
}

// tellAltered says before a run begins in what it is not done as its mode says, and what follows
// from that.
func (o *runOptions) tellAltered(h *house.House, begins event.Run, overrides []event.Override) {
	begins.Stepwise, begins.Overrides = o.stepwise, overrides
	if said := wording.BeginsAltered(begins); said != "" {
		h.Note("%s", said)
	}
}
