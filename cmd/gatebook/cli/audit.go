package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/report"
)

type auditOptions struct {
	*app
	name   string
	format string
}

func newAudit(a *app) *cobra.Command {
	o := &auditOptions{app: a}
	cmd := &cobra.Command{
		Use:   "audit RUN",
		Short: "Verify a run's journal, and show who did what, when and why",
		Long: `Read a run's journal to its end, check that each record's hash covers all before it,
and show every event: who, when, what, and the values that conditions were judged by. Where
answers are signed, each is held against its signature and the policy of the run again.

The exit code is 1 where the journal, or the runbook or the plan that the run keeps, was
changed after it was written, or has no record, or where an answer in it does not count; it is 4 where they cannot be read.`,
		Example: `  gatebook audit latest
  gatebook audit 20261121-0300 --format json | jq '.entries[] | select(.who == "ann")'`,
		Args:              accept.Exactly("a RUN: an id, its beginning, or latest"),
		ValidArgsFunction: a.offers().Runs,
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run()
		},
	}
	accept.Format(cmd, &o.format, "text", "json")
	return cmd
}

func (o *auditOptions) run() error {
	all, err := o.runs()
	if err != nil {
		return err
	}
	trail, err := all.Audit(o.name)
	if err != nil {
		return err
	}
	write := func() error { return report.AuditText(o.Stdout, trail, o.Out()) }
	if o.format == "json" {
		write = func() error { return report.AuditJSON(o.Stdout, trail) }
	}
	if err := write(); err != nil {
		return err
	}
	if !trail.Intact {
		return console.CodeError(console.ExitFailed)
	}
	return nil
}
