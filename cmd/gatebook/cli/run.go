package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
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
}

func newRun(a *app) *cobra.Command {
	o := &runOptions{app: a}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Carry out a runbook, or a plan that was sealed",
		Long: `Show what a run would do, ask, and do it. While it goes on its progress is drawn on a
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

` + inputsHelp + `

Exit codes: 0 succeeded; 1 failed, and dealt with as the runbook asks; 2 the runbook or
the command line is invalid; 3 a gate closed, or a person said no, before anything was
changed; 4 failed, and not cleanly taken back or a step of finally failed too: a person
is needed; 5 stopped, and can be resumed.`,
		Example: `  gatebook run upgrade.yaml -i image=web:2
  gatebook run upgrade.yaml -f production.yaml -i token=env:TOKEN --yes
  gatebook run upgrade.yaml --yes --format json | jq .
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
	flags := cmd.Flags()
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask before the run begins")
	flags.BoolVar(&o.wait, "wait", false, "where nobody is at the terminal, wait for people's answers instead of pausing")
	flags.BoolVar(&o.here, "here", false, "carry out a sealed plan in this folder, though it was made for another")
	flags.IntVar(&o.parallelism, "parallelism", defaultParallelism, "how many steps may be at work at one time")
	flags.Uint64Var(&o.seed, "seed", 0, "seed of the random spread of retries (default: a random one)")
	return cmd
}

// defaultParallelism is how many steps work at one time: enough to keep waiting for
// one system from holding up the others, few enough not to be a load of its own.
const defaultParallelism = 16

func (o *runOptions) run(ctx context.Context) error {
	if o.parallelism < 1 {
		return console.Usage("--parallelism 1 makes one step after the other.", "--parallelism is %d, and must be at least 1", o.parallelism)
	}
	if o.Dir == "" {
		return console.Usage("Change into a folder that is there.", "the folder in which this was started is gone, and a run works in the one in which it begins")
	}
	h, err := o.houseWithRuns()
	if err != nil {
		return err
	}
	ready, err := o.prepare(ctx, h)
	if err != nil {
		return err
	}
	prompter := o.prompter()
	if err := o.confirm(ctx, h, ready, prompter); err != nil {
		return err
	}
	if o.seed == 0 {
		o.seed = o.Random()
	}
	follow := runs.Follow{JSON: o.format == "json", Wait: o.wait}
	return runsOf(h).Start(ctx, ready.Plan, prompter, follow, engine.RunOptions{Parallelism: o.parallelism, Seed: o.seed, Sealed: ready.sealed})
}

// ready is a plan that can be carried out.
type ready struct {
	*engine.Plan
	shown  *plan.Plan // as it was previewed; nil: nobody has looked yet
	sealed *seal.Plan // which it was sealed as; nil: it was not
}

// prepare makes the plan of a runbook, or the one that was sealed, of everything as it is now.
func (o *runOptions) prepare(ctx context.Context, h *house.House) (ready, error) {
	file, err := h.ReadEither(o.file)
	if err != nil {
		return ready{}, err
	}
	if seal.Is(file.Text()) {
		return o.again(ctx, h, file)
	}
	if o.here {
		return ready{}, console.Usage("A runbook works in the folder in which it is run: leave out --here.", "--here is for a sealed plan, and %s is a runbook", console.Quote(o.file))
	}
	planned, found, err := h.PlanOf(file, &o.inputs)
	if err != nil {
		return ready{}, err
	}
	if len(found) > 0 {
		o.Note("Warnings: %d; see: gatebook check %s", len(found), console.Quote(o.file))
	}
	return ready{Plan: planned}, nil
}

// again makes a sealed plan again, which no run may have used.
func (o *runOptions) again(ctx context.Context, h *house.House, file *source.File) (ready, error) {
	sealed, err := h.Unseal(file)
	if err != nil {
		return ready{}, err
	}
	if err := h.Unused(sealed); err != nil {
		return ready{}, err
	}
	planned, shown, err := h.Again(ctx, sealed, &o.inputs, o.here)
	if err != nil {
		return ready{}, err
	}
	answers, err := h.TellAnswers(sealed)
	if err == nil {
		err = h.Refused(planned, answers, o.file)
	}
	return ready{planned, shown, sealed}, err
}

// prompter asks the person at the terminal, where there is one on both sides.
func (a *app) prompter() *console.Prompter {
	if !a.Screen.Stdin || !a.Screen.Stderr {
		return nil
	}
	return console.NewPrompter(a.Console)
}

// confirm shows what the run will do and asks whether to begin.
func (o *runOptions) confirm(ctx context.Context, h *house.House, ready ready, prompter *console.Prompter) error {
	if o.yes {
		return nil
	}
	switch {
	case prompter == nil && ready.sealed != nil:
		return console.Usage("To begin without a question: gatebook run "+o.typed()+" --yes",
			"a run changes things, and there is no terminal to ask at")
	case prompter == nil:
		return console.Usage("To see what it would do: gatebook plan "+o.typed()+"\nTo begin without a question: gatebook run "+o.typed()+" --yes",
			"a run changes things, and there is no terminal to ask at")
	}
	ctx, stop := o.Interruptible(ctx) // who ends it here has not said yes
	defer stop()
	preview, err := ready.look(ctx, h)
	if err != nil {
		return o.refrain()
	}
	h.Originate(ctx, preview)
	if err := dossier.Summary(o.Stderr, preview, review.Of(preview, runsOf(h).Past(preview.Runbook.Name)), o.Folding(true)); err != nil {
		return err
	}
	if ready.sealed == nil {
		o.Note("\nThe whole plan: gatebook plan %s", o.typed())
	} else {
		o.Note("\nIt is as it was sealed: %s", ready.sealed.Digest)
	}
	if yes, err := prompter.Confirm(ctx, "Begin?"); err != nil || !yes {
		return o.refrain() // who is not there any more has not said yes
	}
	if ready.sealed == nil {
		return nil
	}
	return o.stillSo(ctx, h, ready)
}

// stillSo compares a sealed plan once more when somebody has said yes, which may have taken
// them an hour, and looks whether somebody else has said no meanwhile.
func (o *runOptions) stillSo(ctx context.Context, h *house.House, ready ready) error {
	sealed := ready.sealed
	if o.here {
		sealed = sealed.In(h.Dir)
	}
	if _, err := h.Compare(ctx, sealed, ready.Plan); err != nil {
		return err
	}
	answers, err := h.Answers(sealed)
	if err == nil {
		err = h.Refused(ready.Plan, answers, o.file)
	}
	return err
}

// look is the plan as whoever is asked sees it: with what its actions would do, and what is
// so now.
func (r ready) look(ctx context.Context, h *house.House) (*plan.Plan, error) {
	if r.shown != nil {
		return h.LookAt(ctx, r.shown)
	}
	return h.Look(ctx, r.Plan)
}

// typed is the runbook with its inputs, as they stand in a command.
func (o *runOptions) typed() string {
	return strings.Join(append([]string{console.Quote(o.file)}, o.inputs.Typed()...), " ")
}

// refrain says that nothing was begun, as whoever was asked did not want it.
func (o *runOptions) refrain() error {
	o.Note("Nothing was begun.")
	return console.CodeError(event.OutcomeGateClosed.ExitCode())
}
