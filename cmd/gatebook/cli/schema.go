package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
)

type schemaOptions struct {
	*app
	name string
}

func newSchema(a *app) *cobra.Command {
	o := &schemaOptions{app: a}
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of runbooks, or of what gatebook writes",
		Long: `Print the JSON Schema of runbooks. An editor that speaks YAML completes and checks a
runbook whose first line names it:

  # yaml-language-server: $schema=runbook-v1.json

With a NAME, print that of a policy, of an answer as people sign it (answer), or of a
document which gatebook writes with --format json: ` + accept.Words(documents.Written()) + ".",
		Example: `  gatebook schema > runbook-v1.json
  gatebook schema status`,
		Args:      accept.AtMost("NAME"),
		ValidArgs: documents.Names(),
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = "runbook"
			if len(args) > 0 {
				o.name = args[0]
			}
			return o.run()
		},
	}
}

func (o *schemaOptions) run() error {
	found, ok := documents.Find(o.name)
	if !ok {
		return console.Usage("There are: "+accept.Words(documents.Names()), "there is no schema of %q", o.name)
	}
	return o.PrintJSON(found.Schema())
}
