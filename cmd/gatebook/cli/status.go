package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/standing"
)

type statusOptions struct {
	*app
	name   string
	format string
	code   bool
	all    bool
}

func newStatus(a *app) *cobra.Command {
	o := &statusOptions{app: a}
	cmd := &cobra.Command{
		Use:   "status [RUN]",
		Short: "Show where a run stands",
		Long: `Show where a run stands, step by step, what it waits for, and what to type next. RUN is
an id, its beginning, or latest, which is also what is shown without one. Of the many
instances of a step with foreach those are shown that somebody should look at, or that are
at work, unless --all is given.

The exit code is 4 where the run's journal was changed, is gone or cannot be read: nobody
can tell how far the run came.`,
		Example: `  gatebook status
  gatebook status 20261121-0300
  gatebook status latest --all
  gatebook status --format json | jq .mode
  watch -c gatebook status --color always`,
		Args:              accept.AtMost("RUN"),
		ValidArgsFunction: a.offers().Runs,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = "latest"
			if len(args) > 0 {
				o.name = args[0]
			}
			return o.run()
		},
	}
	accept.Format(cmd, &o.format, "text", "json")
	cmd.Flags().BoolVar(&o.all, "all", false, "show every instance of steps with foreach")
	cmd.Flags().BoolVar(&o.code, "exit-code", false, "exit as the run did: with its exit code, or 5 while it has not ended")
	return cmd
}

func (o *statusOptions) run() error {
	all, err := o.runs()
	if err != nil {
		return err
	}
	found, err := all.Open(o.name)
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = o.PrintJSON(found.Status)
	} else {
		err = o.Result(func(w io.Writer) error { return report.StatusText(w, found.Status, o.Now(), o.all, o.Out()) })
	}
	if err != nil || !o.code {
		return err
	}
	return exitOf(found.Status)
}

func exitOf(s *standing.Status) error {
	code := 5
	if s.Result != nil {
		code = s.Result.Outcome.ExitCode()
	}
	if code == console.ExitOK {
		return nil
	}
	return console.CodeError(code)
}
