package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/render"
)

type checkOptions struct {
	*app
	files  []string
	format string
	strict bool
}

func newCheck(a *app) *cobra.Command {
	o := &checkOptions{app: a}
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Find everything that is wrong with runbooks",
		Long: `Read runbooks and report all findings in one pass, each with its place, what is wrong
and how to mend it. Nothing is run and no system is looked at.

Findings go to standard output. The exit code is 2 where there is an error.`,
		Example: `  gatebook check upgrade.yaml
  gatebook check --strict runbooks/*.yaml
  gatebook check --format sarif upgrade.yaml > findings.sarif
  gatebook explain GB0201                          what a finding means`,
		Args:              accept.SomeFiles,
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.files = args
			return o.run()
		},
	}
	accept.Format(cmd, &o.format, render.Formats()...)
	cmd.Flags().BoolVar(&o.strict, "strict", false, "warnings count as errors")
	return cmd
}

func (o *checkOptions) run() error {
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	var found diag.List
	var checked []*engine.Runbook
	invalid := false
	for _, name := range o.files {
		file, err := h.Read(name)
		if err != nil {
			o.Finish(err) // what is wrong with the others is told all the same
			invalid = true
			continue
		}
		runbook, more := h.Check(file)
		found, checked = append(found, more...), append(checked, runbook)
	}
	h.TellDrills(checked)
	options := render.Options{Color: o.Out().Colour, Width: o.Screen.Columns(o.Screen.Stdout), Version: o.Build.Version}
	if err := render.Write(o.Stdout, o.format, found, options); err != nil {
		return err
	}
	if invalid || found.HasErrors() || o.strict && len(found) > 0 {
		return console.CodeError(console.ExitInvalid)
	}
	if o.format == "text" && len(found) == 0 {
		o.Note("%s: no findings", filesWord(o.files))
	}
	return nil
}

func filesWord(files []string) string {
	if len(files) == 1 {
		return files[0]
	}
	return strconv.Itoa(len(files)) + " files"
}
