package cli

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/syntax"
)

type fmtOptions struct {
	*app
	files []string
	write bool
	check bool
}

func newFmt(a *app) *cobra.Command {
	o := &fmtOptions{app: a}
	cmd := &cobra.Command{
		Use:   "fmt FILE…",
		Short: "Format runbooks",
		Long: `Bring runbooks into one form: two spaces for each level, lists indented under their key,
no byte order mark, no carriage returns, no spaces at the end of lines. What a runbook
says stays the same, and so do its comments, its empty lines and the order of its keys.
Without -w the result goes to standard output.`,
		Example: `  gatebook fmt upgrade.yaml
  gatebook fmt -w runbooks/*.yaml
  gatebook fmt --check runbooks/*.yaml             exit code 1 where a file is not formatted`,
		Args:              accept.SomeFiles,
		ValidArgsFunction: accept.YAMLFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			o.files = args
			return o.run()
		},
	}
	cmd.Flags().BoolVarP(&o.write, "write", "w", false, "write the files anew")
	cmd.Flags().BoolVar(&o.check, "check", false, "only name the files that are not formatted")
	cmd.MarkFlagsMutuallyExclusive("write", "check")
	return cmd
}

func (o *fmtOptions) run() error {
	h, err := house.Open(o.Console)
	if err != nil {
		return err
	}
	untidy := false
	for _, name := range o.files {
		file, err := h.Read(name)
		if err != nil {
			return err
		}
		formatted, found := syntax.Format(file)
		if found.HasErrors() {
			return h.Invalid(found)
		}
		changed := !bytes.Equal(formatted, file.Text())
		switch {
		case o.check && changed:
			untidy = true
			_, err = fmt.Fprintln(o.Stdout, name)
		case o.check:
		case o.write && name != "-":
			if changed {
				err = o.Replace(name, formatted)
			}
		default:
			_, err = o.Stdout.Write(formatted)
		}
		if err != nil {
			return err
		}
	}
	if untidy {
		return console.CodeError(console.ExitFailed)
	}
	return nil
}
