package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type actionsOptions struct {
	*app
	format string
}

func newActions(a *app) *cobra.Command {
	o := &actionsOptions{app: a}
	cmd := &cobra.Command{
		Use:   "actions",
		Short: "List the actions that steps can use",
		Example: `  gatebook actions
  gatebook actions --format json`,
		Args: accept.Exactly(),
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	accept.Format(cmd, &o.format, "table", "json")
	return cmd
}

func (o *actionsOptions) run() error {
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	descriptions := []sdk.Description{}
	for _, name := range h.Catalog().Names() {
		entry, _ := h.Catalog().Lookup(name)
		descriptions = append(descriptions, entry.Description)
	}
	if o.format == "json" {
		return o.PrintJSON(documents.Actions{Format: documents.ActionsFormat, Actions: descriptions})
	}
	rows := make([][]string, 0, len(descriptions))
	for _, d := range descriptions {
		rows = append(rows, []string{d.Name, string(d.Effect), strings.Join(abilities(d), ", "), d.Summary})
	}
	return layout.Table(o.Stdout, []string{"ACTION", "EFFECT", "CAN", "WHAT IT DOES"}, rows)
}

// abilities names what an action can do beside doing it.
func abilities(d sdk.Description) []string {
	var can []string
	for _, ability := range []struct {
		has  bool
		name string
	}{{d.CanPlan, "plan"}, {d.CanObserve, "observe"}, {d.CanUndo, "undo"}, {d.Asks, "ask"}} {
		if ability.has {
			can = append(can, ability.name)
		}
	}
	return can
}
