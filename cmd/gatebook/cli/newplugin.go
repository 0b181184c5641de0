package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/draft"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type newPluginOptions struct {
	*app
	name  string
	local string
}

func newNewPlugin(a *app) *cobra.Command {
	o := &newPluginOptions{app: a}
	cmd := &cobra.Command{
		Use:   "plugin NAME",
		Short: "Start a plugin: a Go module with an action, its tests and a Makefile",
		Long: `Write a plugin that works, to be changed into your own, into the folder
gatebook-plugin-NAME: a Go module with one action that keeps the contract, the tests that
prove it, a Makefile and a workflow. A folder that is there already is left alone.`,
		Example: `  gatebook new plugin shop
  gatebook new plugin shop --gatebook ../gatebook`,
		Args: accept.Exactly("a NAME, such as shop"),
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.local, "gatebook", "", "`FOLDER` of gatebook's own source to build against, instead of a released version")
	return cmd
}

func (o *newPluginOptions) run() error {
	if !sdk.IsPluginName(o.name) {
		return console.Usage("Lower-case letters, digits and hyphens make a name, at most 63: a letter first, and no hyphen last.", "%q is not a name for a plugin", o.name)
	}
	folder := "gatebook-plugin-" + o.name
	local := o.local
	if local != "" {
		local = o.Path(local)
	}
	version, released := draft.Release(o.Build.Version)
	if err := o.CreateFolder(folder, draft.Plugin(o.name, version, local), "the plugin"); err != nil {
		return err
	}
	if !released && local == "" {
		o.Note("This gatebook is no release, so that go will not find it: say in go.mod where its source is, with\n" +
			"  go mod edit -replace github.com/gatebook/gatebook=FOLDER")
	}
	o.Note("Wrote %s. Next: cd %s; go mod tidy; make test build", folder, folder)
	return nil
}
