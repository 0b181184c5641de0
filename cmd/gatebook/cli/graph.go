package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/review"
)

type graphOptions struct {
	*app
	file   string
	format string
	part   accept.Part // the mode alone
}

func newGraph(a *app) *cobra.Command {
	o := &graphOptions{app: a}
	cmd := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draw the order of a runbook's steps",
		Long: `Draw which step waits for which: as layers of steps that may run at one time, as a
picture, or as the source of one. In a picture steps that are alike and side by side are
one box; of a runbook of hundreds, whole levels are. svg and dot name all of them,
mermaid the first and the last of more than a dozen: it takes no more than 50,000
characters and 500 lines.

With --mode it is drawn as it is in that mode: what the mode leaves out, or what its inputs have
skipped, is shown as such.`,
		Example: `  gatebook graph upgrade.yaml
  gatebook graph upgrade.yaml --format mermaid
  gatebook graph recover.yaml --mode drill
  gatebook graph upgrade.yaml --format svg > upgrade.svg
  gatebook graph upgrade.yaml --format dot | dot -Tpng > upgrade.png`,
		Args:              accept.Exactly("a FILE"),
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run()
		},
	}
	o.part.DeclareMode(cmd.Flags())
	accept.CompleteBy(cmd, "mode", a.offers().Modes)
	accept.Format(cmd, &o.format, "text", "svg", "mermaid", "dot", "json")
	return cmd
}

func (o *graphOptions) run() error {
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	runbook, _, err := h.Load(o.file)
	if err != nil {
		return err
	}
	drawn, err := o.drawn(h, runbook)
	if err != nil {
		return err
	}
	switch o.format {
	case "svg":
		return graph.SVG(o.Stdout, drawn)
	case "mermaid":
		return graph.Mermaid(o.Stdout, drawn)
	case "dot":
		return graph.DOT(o.Stdout, drawn)
	case "json":
		return graph.JSON(o.Stdout, drawn)
	default:
		return graph.Text(o.Stdout, drawn, o.Out())
	}
}

// drawn is the graph of the runbook, or of what a mode makes of it, whatever its other inputs are.
func (o *graphOptions) drawn(h *house.House, runbook *engine.Runbook) (graph.Graph, error) {
	if o.part.Mode == "" {
		return graph.Of(runbook.Checked), nil
	}
	sketched, found, err := h.Sketch(runbook, nil, o.part.Mode)
	if err == nil && found.HasErrors() {
		err = h.Invalid(found)
	}
	if err != nil {
		return graph.Graph{}, err
	}
	shown := plan.Offline(sketched.Plan)
	return dossier.Graph(shown, review.Of(shown, nil)), nil
}
