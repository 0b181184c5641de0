package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/draft"
)

type newOptions struct {
	*app
	file     string
	template string
}

func newNew(a *app) *cobra.Command {
	o := &newOptions{app: a}
	cmd := &cobra.Command{
		Use:   "new FILE",
		Short: "Start a runbook from a template",
		Long: `Write a commented runbook that checks clean, to be changed into your own. A file that
is there already is left alone. With "-" the runbook goes to standard output.

Its first line names the schema for editors, the file ` + draft.Schema + ` beside it, which
gatebook schema prints.`,
		Example: `  gatebook new upgrade.yaml
  gatebook new restart.yaml --template restart
  gatebook new - | less
  gatebook new plugin shop`,
		Args:              accept.Exactly("a FILE to write, or - for standard output"),
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run()
		},
	}
	cmd.Flags().Var(accept.Choice(&o.template, draft.Names()...), "template", "what to start from: upgrade (a canary, then the rest, with approval) or restart (one service)")
	accept.Complete(cmd, "template", draft.Names()...)
	cmd.AddCommand(newNewPlugin(a))
	return cmd
}

func (o *newOptions) run() error {
	text := draft.Runbook(o.template, o.file)
	if o.file == "-" {
		_, err := fmt.Fprint(o.Stdout, text)
		return err
	}
	if err := o.Create(o.file, text, "the runbook"); err != nil {
		return err
	}
	o.Note("Wrote %s. Next: gatebook check %s", o.file, console.Quote(o.file))
	beside := filepath.Join(filepath.Dir(o.file), draft.Schema)
	if _, err := os.Stat(o.Path(beside)); errors.Is(err, fs.ErrNotExist) {
		o.Note("An editor completes it once the schema is there: gatebook schema > %s", console.Quote(beside))
	}
	return nil
}
