package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/report/differences"
)

type diffOptions struct {
	*app
	versions [2]string
	inputs   given.Flags
	format   string
	strict   bool
	preview  bool
	part     accept.Part // the mode alone
}

func newDiff(a *app) *cobra.Command {
	o := &diffOptions{app: a}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what a change to a runbook means",
		Long: `Compare two versions of a runbook by what a run does, not by their lines: steps that are
new or gone, gates and verifies that ask for less or for more, ways back that are lost,
what waits for what, parameters, retries, timeouts, and how long it takes. Each is a
file, or REVISION:PATH of git with the path as it is seen from here.

Whether a condition is weaker is decided and not guessed: what was asked implies what is
asked now, and there is a case that passes now and did not. Of all else that may matter
the answer says that a person must look.

Inputs that are not given are not known, and neither is the mode: what is weaker in any mode is
said. With --mode they are compared in that one alone. With --preview the actions of both are asked
what they would touch, and that is compared too; they only look.

The exit code is 1 where a change raises the risk, with --strict also where one must be
looked at, and 2 where one of the versions cannot be read.

` + inputsHelp,
		Example: `  gatebook diff HEAD:upgrade.yaml upgrade.yaml
  gatebook diff origin/main:runbooks/web.yaml runbooks/web.yaml --format markdown
  gatebook diff old.yaml new.yaml -i image=web:2 --strict`,
		Args:              accept.Exactly("an OLD version", "a NEW version"),
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.versions = [2]string(args)
			return o.run(cmd.Context())
		},
	}
	o.inputs.Declare(cmd.Flags())
	accept.CompleteBy(cmd, "input", a.offers().Inputs)
	accept.Format(cmd, &o.format, "text", "markdown", "json")
	o.part.DeclareMode(cmd.Flags())
	accept.CompleteBy(cmd, "mode", a.offers().Modes)
	cmd.Flags().BoolVar(&o.strict, "strict", false, "exit with 1 also where a change must be looked at")
	cmd.Flags().BoolVar(&o.preview, "preview", false, "ask the actions what they would touch, and compare it")
	return cmd
}

func (o *diffOptions) run(ctx context.Context) error {
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	read, err := h.Versions(ctx, o.versions, &o.inputs, o.part.Mode, o.preview, o.past)
	if err != nil {
		return err
	}
	compared := compare.Of(read[0], read[1])
	if err := o.write(compared); err != nil {
		return err
	}
	if compared.Risk == compare.Higher || o.strict && compared.Risk == compare.Undecided {
		return console.CodeError(console.ExitFailed)
	}
	return nil
}

func (o *diffOptions) write(compared *compare.Comparison) error {
	switch o.format {
	case "json":
		return differences.JSON(o.Stdout, compared)
	case "markdown":
		return differences.Markdown(o.Stdout, compared, differences.MarkdownSize)
	default:
		return differences.Text(o.Stdout, compared, o.Out())
	}
}
