package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/report/drilled"
)

type drillOptions struct {
	*app
	file   string
	inputs given.Flags
	format string
	pairs  int
	test   string
}

func newDrill(a *app) *cobra.Command {
	o := &drillOptions{app: a}
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
was covered is counted, and what was not explored is said.

What the runbook does not say stands in the test file beside it, as upgrade.test.yaml
beside upgrade.yaml: what outputs an action gives back, which things a step leaves for
others, and which a rollback needs. The exit code is 1 where something does not hold.

` + inputsHelp,
		Example: `  gatebook drill upgrade.yaml -i image=web:2
  gatebook drill upgrade.yaml -i image=web:2 --pairs 0
  gatebook drill upgrade.yaml -i image=web:2 --format mermaid
  gatebook drill upgrade.yaml -f inputs.yaml --format json`,
		Args:              accept.Exactly("a FILE"),
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run()
		},
	}
	o.inputs.Declare(cmd.Flags())
	accept.CompleteBy(cmd, "input", a.offers().Inputs)
	accept.Format(cmd, &o.format, "text", "json", "mermaid")
	cmd.Flags().IntVar(&o.pairs, "pairs", drill.DefaultPairs, "rehearse at most so many pairs of failures; 0: only single ones")
	cmd.Flags().StringVar(&o.test, "test", "", "test file that says what is supposed (default: NAME.test.yaml beside FILE, where there is one)")
	return cmd
}

func (o *drillOptions) run() error {
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
	planned, found, err := h.PlanOf(file, &o.inputs, nil)
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
	proven := drill.Of(planned.Plan, supposed, drill.Options{Pairs: o.pairs, Test: name})
	if err := o.show(proven); err != nil {
		return err
	}
	if len(proven.Violations) > 0 {
		return console.CodeError(console.ExitFailed)
	}
	return nil
}

// show writes what was found in the format that is wanted.
func (o *drillOptions) show(found *proof.Proof) error {
	switch o.format {
	case "json":
		return drilled.JSON(o.Stdout, found)
	case "mermaid":
		return drilled.Mermaid(o.Stdout, found)
	default:
		return drilled.Text(o.Stdout, found, o.Folding(o.Screen.Stdout))
	}
}
