package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/report"
)

type graphOptions struct {
	*app
	file   string
	format string
}

func newGraph(a *app) *cobra.Command {
	o := &graphOptions{app: a}
	cmd := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draw the order of a runbook's steps",
		Long:  "Draw which step waits for which: as layers of steps that may run at one time, or as a picture's source.",
		Example: `  gatebook graph upgrade.yaml
  gatebook graph upgrade.yaml --format mermaid
  gatebook graph upgrade.yaml --format dot | dot -Tsvg > upgrade.svg`,
		Args:              exactly("a FILE"),
		ValidArgsFunction: yamlFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run()
		},
	}
	formatFlag(cmd, &o.format, "text", "mermaid", "dot", "json")
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
	graph := report.GraphOf(runbook.Checked)
	switch o.format {
	case "mermaid":
		return report.GraphMermaid(o.Stdout, graph)
	case "dot":
		return report.GraphDOT(o.Stdout, graph)
	case "json":
		return report.GraphJSON(o.Stdout, graph)
	default:
		return report.GraphText(o.Stdout, graph, o.Out())
	}
}
