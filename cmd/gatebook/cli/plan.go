package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/review"
)

type planOptions struct {
	*app
	file    string
	inputs  given.Flags
	format  string
	offline bool
	out     string
	force   bool
	wide    bool
	part    accept.Part
	reason  string
}

func newPlan(a *app) *cobra.Command {
	o := &planOptions{app: a}
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Show what a run would do",
		Long: `Show every step that a run would make with these inputs: its order and why, its
parameters as far as they are known before the run, its gates, and what would take it
back. Actions are asked what they would do; they only look. What stands in the way now
comes first. Nothing is changed.

Up to the first step that changes something, it is looked what is so now: actions that
read and say that a plan may apply them are applied, and gates are true now, or false now.
A run looks again. With --offline no action is asked, and nothing is looked at.

With --out the plan is also sealed in a file, under a digest that covers the runbook, the
inputs, the plugins, what the connections reach and what the actions saw. gatebook run
carries out such a file once, exactly as it is, and refuses it where any of that has
changed. The same plan has the same digest. The file has no secrets in it.

` + partHelp + ` A plan that is sealed so is carried out so.

` + inputsHelp,
		Example: `  gatebook plan upgrade.yaml -i image=web:2
  gatebook plan upgrade.yaml -f staging.yaml -i token=env:TOKEN
  gatebook plan upgrade.yaml -i image=web:2 --format html > plan.html
  gatebook plan upgrade.yaml --format json
  gatebook plan upgrade.yaml -i image=web:2 --out upgrade.plan
  gatebook plan recover.yaml --mode drill
  gatebook plan upgrade.yaml --from migrate
  gatebook plan upgrade.yaml --skip backup --reason "it was made by hand"`,
		Args:              accept.Exactly("a FILE"),
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run(cmd.Context())
		},
	}
	o.inputs.Declare(cmd.Flags())
	accept.CompleteBy(cmd, "input", a.offers().Inputs)
	o.part.Declare(cmd.Flags())
	cmd.Flags().StringVar(&o.reason, "reason", "", "why steps are left out, for the plan and the journal")
	a.completeSteps(cmd)
	accept.Format(cmd, &o.format, "text", "markdown", "html", "svg", "mermaid", "dot", "json")
	cmd.Flags().BoolVar(&o.offline, "offline", false, "do not ask the actions what they would do: no system is looked at, and no plugin that is known is started")
	cmd.Flags().BoolVar(&o.wide, "wide", false, "in text, fold and cut nothing, however long a line is")
	cmd.Flags().StringVar(&o.out, "out", "", "seal the plan in this `FILE` too, for gatebook run")
	cmd.Flags().BoolVar(&o.force, "force", false, "let --out replace a file that is no sealed plan; never the runbook, nor a file of its inputs")
	return cmd
}

// partHelp is said by each verb that takes a part of a runbook.
const partHelp = `With --mode it is in a mode that the runbook declares: what this sets wins over files and the
environment, and -i over that.

A part of the runbook is done with --from STEP, which leaves out what that step needs, directly
or not; with --only STEP,STEP, which leaves out all others; and with --skip STEP, which leaves out
one step, or one instance, and takes a --reason. Steps of finally are left out by --skip alone. What
is left out counts as skipped: what needs it is done. A step that uses what it would return is an error, and an
approval behind which something is destroyed stays, unless the policy lets you override it. It all is in the plan
and in the journal, with your name.`

// inputsHelp is said by each verb that takes inputs.
const inputsHelp = `Inputs come from -i NAME=VALUE, from files with -f, and from GATEBOOK_INPUT_NAME in the
environment; the first of these wins. A secret is never typed: -i NAME=env:VARIABLE,
-i NAME=file:PATH, or -i NAME=- for standard input.`

func (o *planOptions) run(ctx context.Context) error {
	h, err := o.house()
	if err != nil {
		return err
	}
	file, err := h.Read(o.file)
	if err != nil {
		return err
	}
	choice, err := o.choice()
	if err != nil {
		return err
	}
	planned, found, err := h.PlanOf(file, &o.inputs, choice)
	if err != nil {
		return err
	}
	if err := h.Tell(found); err != nil {
		return err
	}
	shown := plan.Offline(planned.Plan)
	if !o.offline {
		if shown, err = h.Look(ctx, planned, o.past); err != nil {
			return err
		}
	}
	if o.out != "" {
		sealed, err := h.Seal(planned, shown, o.out, o.force, o.inputs.Files())
		if err != nil {
			return err
		}
		shown.Sealed = sealed.Digest
		defer h.TellSealed(sealed, planned, o.out)
	}
	h.Originate(ctx, shown)
	return o.show(shown, review.Of(shown, o.past(shown.Runbook.Name)))
}

// choice is which part of the runbook is wanted. A reason alone is one for nothing.
func (o *planOptions) choice() (*event.Choice, error) {
	if o.reason != "" && !o.part.Given() {
		return nil, console.Usage("As in --skip backup --reason \"it was made by hand\".", "--reason is for --skip, --from and --only, of which none is given")
	}
	return o.part.Choice(o.User, o.reason)
}

// house opens the engine, with the folder that runs are kept in where a plan is sealed: the
// key is there.
func (o *planOptions) house() (*house.House, error) {
	switch {
	case o.out == "" && o.force:
		return nil, console.Usage("Say which file: --out FILE", "--force is for --out, which was not given")
	case o.out == "":
		return house.Open(o.Console)
	case o.out == "-" || o.file == "-":
		return nil, console.Usage("Give it a name: gatebook plan upgrade.yaml --out upgrade.plan",
			"a plan is sealed from a file into a file: both are looked at again when it is run")
	}
	return o.houseWithRuns()
}

// show writes the plan in the format that is wanted.
func (o *planOptions) show(shown *plan.Plan, reviewed *review.Review) error {
	switch o.format {
	case "json":
		return dossier.JSON(o.Stdout, shown, reviewed)
	case "markdown":
		return dossier.Markdown(o.Stdout, shown, reviewed, dossier.MarkdownSize)
	case "svg":
		return graph.SVG(o.Stdout, dossier.Graph(shown, reviewed))
	case "mermaid":
		return graph.Mermaid(o.Stdout, dossier.Graph(shown, reviewed))
	case "dot":
		return graph.DOT(o.Stdout, dossier.Graph(shown, reviewed))
	case "html":
		return dossier.HTML(o.Stdout, shown, reviewed)
	default:
		style := o.Folding(o.Screen.Stdout)
		if o.wide {
			style.Columns, style.Wide = 0, true
		}
		return dossier.Text(o.Stdout, shown, reviewed, style)
	}
}

// past says how long the steps of a runbook took in earlier runs. A plan does without.
func (a *app) past(runbook string) map[string]review.Past {
	all, err := a.runs()
	if err != nil {
		return nil
	}
	return all.Past(runbook)
}
