package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type actionsOptions struct {
	*app
	runbook string
	format  string
}

func newActions(a *app) *cobra.Command {
	o := &actionsOptions{app: a}
	cmd := &cobra.Command{
		Use:   "actions",
		Short: "List the actions that steps can use",
		Long: `List the built-in actions and those of the plugins that gatebook.lock in this folder
names. With --runbook, those of the runbook's plugins, under the names that it gives them.
A plugin that was seen before is not started for it.`,
		Example: `  gatebook actions
  gatebook actions --runbook upgrade.yaml
  gatebook actions --format json`,
		Args: accept.Exactly(),
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	declareRunbook(cmd, &o.runbook)
	accept.Format(cmd, &o.format, "table", "json")
	return cmd
}

// declareRunbook adds the flag that says of which runbook the plugins are meant.
func declareRunbook(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "runbook", "", "`FILE` of a runbook, whose plugins are meant, by its names for them")
	accept.CompleteBy(cmd, "runbook", accept.YAMLFiles)
}

// actions returns the actions that steps can use, and tells of the plugins that are missing.
func (a *app) actions(runbook string) (*catalog.Catalog, error) {
	h, err := house.Open(a.Console)
	if err != nil {
		return nil, err
	}
	actions, left, err := h.Actions(runbook)
	for _, why := range left {
		a.Note("%s", why)
	}
	return actions, err
}

func (o *actionsOptions) run() error {
	actions, err := o.actions(o.runbook)
	if err != nil {
		return err
	}
	descriptions := []sdk.Description{}
	for _, name := range actions.Names() {
		entry, _ := actions.Lookup(name)
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
	}{{d.CanPlan, "plan"}, {d.InPlan, "look"}, {d.CanObserve, "observe"}, {d.CanUndo, "undo"}, {d.Asks, "ask"}} {
		if ability.has {
			can = append(can, ability.name)
		}
	}
	return can
}
