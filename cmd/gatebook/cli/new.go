package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
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
is there already is left alone. With "-" the runbook goes to standard output.`,
		Example: `  gatebook new upgrade.yaml
  gatebook new restart.yaml --template restart
  gatebook new - | less`,
		Args:              exactly("a FILE to write, or - for standard output"),
		ValidArgsFunction: yamlFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run()
		},
	}
	cmd.Flags().Var(newChoice(&o.template, "upgrade", "restart"), "template", "what to start from: upgrade (a canary, then the rest, with approval) or restart (one service)")
	complete(cmd, "template", "upgrade", "restart")
	return cmd
}

func (o *newOptions) run() error {
	text := upgradeTemplate
	if o.template == "restart" {
		text = restartTemplate
	}
	text = strings.ReplaceAll(text, "NAME", runbookName(o.file))
	if o.file == "-" {
		_, err := fmt.Fprint(o.Stdout, text)
		return err
	}
	file, err := os.OpenFile(o.Path(o.file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return console.Usage("Choose another name.", "%s is there already, and was left alone", o.file)
	}
	if err != nil {
		return fmt.Errorf("start the runbook: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the runbook: %w; what there is of it is in %s", err, o.file)
	}
	o.Note("Wrote %s. Next: gatebook check %s", o.file, console.Quote(o.file))
	return nil
}

// runbookName makes a DNS label of a file's name.
func runbookName(file string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	label := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(base, "-"), "-")
	if len(label) > 63 {
		label = strings.Trim(label[:63], "-")
	}
	if label == "" {
		return "my-runbook"
	}
	return label
}
