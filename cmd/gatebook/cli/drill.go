package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/drilled"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/live"
)

type drillOptions struct {
	*app
	file  string
	pairs int
	test  string
	live  bool
	run   runOptions // of a drill for real; the inputs, the mode and the format are those of any
}

func newDrill(a *app) *cobra.Command {
	o := &drillOptions{app: a, run: runOptions{app: a, live: true}}
	cmd := &cobra.Command{
		Use:   "drill FILE",
		Short: "Rehearse every failure, and prove the way back",
		Long: `Rehearse runs of a runbook in which something goes wrong: each step fails for now and for
good, runs out of time, is refused, finds its gate closed or its verify never true, and
gatebook dies before and after it; each rollback fails too. All of these are tried alone,
and in pairs up to a bound. Nothing is touched: no action is called.

Of each run is held: it ends; locks are released; what was changed is taken back, or said
to be left behind; no step ran whose gate was false; nothing was destroyed without its
approval; the steps of finally ran. What does not hold is shown by the shortest run. What
was covered is counted, and what was not explored is said. Ctrl-C stops it: what was found until
then is shown, with how much was not rehearsed.

What the runbook does not say stands in the test file beside it, as upgrade.test.yaml
beside upgrade.yaml: what outputs an action gives back, which things a step leaves for
others, and which a rollback needs. The exit code is 1 where something does not hold, and 5 where
nothing was found until the drill was stopped.

With --live the runbook is done for real, as gatebook run does it, in its mode drill: with the
inputs that this sets, and without the steps that it leaves out. It is refused where there is no
such mode. How long it took, and how much data was lost, is held against the objectives of
the runbook; the exit code is 1 where one was missed or it was no good drill otherwise, and as of
gatebook run where it did not succeed. A drill with another value for an input of the mode, of a
part, or with a window that is overridden is no good one. gatebook history --drills shows the
last ones.

` + inputsHelp,
		Example: `  gatebook drill upgrade.yaml -i image=web:2
  gatebook drill upgrade.yaml -i image=web:2 --pairs 0
  gatebook drill upgrade.yaml -i image=web:2 --format mermaid
  gatebook drill upgrade.yaml -f inputs.yaml --format json
  gatebook drill recover.yaml --mode planned
  gatebook drill --live recover.yaml`,
		Args:              accept.Exactly("a FILE"),
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file, o.run.file = args[0], args[0]
			if err := o.fits(cmd.Flags()); err != nil {
				return err
			}
			if o.live {
				return o.run.run(cmd.Context())
			}
			return o.rehearse(cmd.Context())
		},
	}
	o.run.inputs.Declare(cmd.Flags())
	accept.CompleteBy(cmd, "input", a.offers().Inputs)
	accept.Format(cmd, &o.run.format, "text", "json", "mermaid")
	cmd.Flags().IntVar(&o.pairs, "pairs", drill.DefaultPairs, "rehearse at most so many pairs of failures; 0: only single ones")
	cmd.Flags().StringVar(&o.test, "test", "", "test file that says what is supposed (default: NAME.test.yaml beside FILE, where there is one)")
	cmd.Flags().BoolVar(&o.live, "live", false, "do it for real, in the mode drill, and hold it against the objectives")
	o.run.part.DeclareMode(cmd.Flags())
	accept.CompleteBy(cmd, "mode", a.offers().Modes)
	o.run.declare(cmd, "why a window is overridden, for the journal")
	return cmd
}

// fits refuses flags of a drill for real for a rehearsal, and the other way round.
func (o *drillOptions) fits(flags *pflag.FlagSet) error {
	given := func(names ...string) string {
		for _, name := range names {
			if flags.Changed(name) {
				return name
			}
		}
		return ""
	}
	if !o.live {
		if flag := given("yes", "wait", "here", "parallelism", "seed", "override-window", "reason"); flag != "" {
			return console.Usage("To do it for real: gatebook drill --live "+console.Quote(o.file), "--%s is for --live: without it nothing is done for real", flag)
		}
		return nil
	}
	if flag := given("pairs", "test"); flag != "" {
		return console.Usage("To rehearse it: gatebook drill "+console.Quote(o.file), "--%s is for a rehearsal, and --live does it for real", flag)
	}
	if o.run.format == "mermaid" {
		return console.Usage("Its report is text, or with --format json each event is a line of JSON.", "--format mermaid draws what a rehearsal found, and --live does it for real")
	}
	if mode := o.run.part.Mode; mode != "" && mode != event.Drill {
		return console.Usage("In another mode: gatebook run "+console.Quote(o.file)+" --mode "+console.Quote(mode), "--live is in the mode drill, and --mode is %s", console.Quote(mode))
	}
	o.run.part.Mode = event.Drill
	return nil
}

// rehearse simulates it.
func (o *drillOptions) rehearse(ctx context.Context) error {
	if o.pairs < 0 {
		return console.Usage("Say how many: --pairs 0 rehearses single failures alone.", "--pairs is a number from 0 on, and not %d", o.pairs)
	}
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	file, err := h.Read(o.file)
	if err != nil {
		return err
	}
	mode, err := o.run.part.Choice("", "")
	if err != nil {
		return err
	}
	planned, found, err := h.PlanOf(file, &o.run.inputs, mode)
	if err != nil {
		return err
	}
	if err := h.Tell(found); err != nil {
		return err
	}
	supposed, name, err := h.Supposed(file.Name(), o.test, planned)
	if err != nil {
		return err
	}
	ctx, stop := o.Interruptible(ctx)
	tell, told := o.telling()
	proven := drill.Of(planned.Plan, supposed, drill.Options{Pairs: o.pairs, Test: name, Watch: func(p drill.Progress) error {
		tell(p)
		return context.Cause(ctx)
	}})
	told()
	stop()
	if err := o.show(proven); err != nil {
		return err
	}
	switch {
	case len(proven.Violations) > 0:
		return console.CodeError(console.ExitFailed)
	case proven.Stopped != "":
		return console.CodeError(console.ExitStopped)
	}
	return nil
}

// telling returns what tells a person at a terminal how far a drill is, until told is called.
func (o *drillOptions) telling() (tell func(drill.Progress), told func()) {
	if !o.Draws() || o.run.format == "json" {
		return func(drill.Progress) {}, func() {}
	}
	waiting := live.NewWaiting(o.Stderr, o.Screen.Size)
	return func(p drill.Progress) {
		waiting.Tell("rehearsing", fmt.Sprintf("%s; %s at a time: %d%%", layout.Plural(p.Rehearsals, "run"), layout.Plural(p.Failures, "failure"), 100*p.Done/p.Of))
	}, waiting.Close
}

// show writes what was found in the format that is wanted.
func (o *drillOptions) show(found *proof.Proof) error {
	switch o.run.format {
	case "json":
		return drilled.JSON(o.Stdout, found)
	case "mermaid":
		return drilled.Mermaid(o.Stdout, found)
	default:
		return drilled.Text(o.Stdout, found, o.Folding(o.Screen.Stdout))
	}
}
