package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/model"
)

type schemaOptions struct{ *app }

func newSchema(a *app) *cobra.Command {
	o := &schemaOptions{app: a}
	return &cobra.Command{
		Use:   "schema [runbook]",
		Short: "Print the JSON Schema of the runbook format",
		Long: `Print the JSON Schema of runbooks. An editor that speaks YAML completes and checks a
runbook whose first line names it:

  # yaml-language-server: $schema=runbook-v1.json`,
		Example:   "  gatebook schema > runbook-v1.json",
		Args:      atMost("runbook"),
		ValidArgs: []string{"runbook"},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] != "runbook" {
				return console.Usage("There is one: gatebook schema runbook", "there is no schema of %q", args[0])
			}
			return o.run()
		},
	}
}

func (o *schemaOptions) run() error {
	if err := o.PrintJSON(model.Schema()); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}
