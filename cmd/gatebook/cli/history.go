package cli

import (
	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
)

type historyOptions struct {
	*app
	filter history.Filter
	since  string
	limit  int
	format string
	drills bool
}

func newHistory(a *app) *cobra.Command {
	o := &historyOptions{app: a}
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show the record of runs",
		Long: `Show what was done, where, by whom and with what result, the newest first. Environment,
version and remark are what the runbook's record says of a run.

With --drills it is a row for each runbook that was drilled for real (gatebook drill --live): the
last drill, how long ago the last good one was, how long it took to recover, how much data
was lost, and what the runbook promises of both.`,
		Example: `  gatebook history
  gatebook history --environment production --since 720h
  gatebook history --drills
  gatebook history --result rolled_back --format csv > rolled-back.csv`,
		Args: accept.Exactly(),
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.filter.Runbook, "runbook", "", "only runs of this runbook")
	flags.StringVar(&o.filter.Result, "result", "", "only runs with this result: "+accept.Words(history.Results()))
	flags.StringVar(&o.filter.Environment, "environment", "", "only runs in this environment")
	flags.StringVar(&o.filter.Operator, "operator", "", "only runs that this person began")
	flags.StringVar(&o.since, "since", "", "only runs that began after a date (2026-11-21), a time (RFC 3339), or within a span (48h)")
	flags.BoolVar(&o.filter.Overridden, "overridden", false, "only runs in which a window, an approval or a step was overridden by a person's word")
	flags.IntVar(&o.limit, "limit", 50, "how many runs at most; 0: all")
	flags.BoolVar(&o.drills, "drills", false, "of each runbook, its last drill and the last good one")
	accept.Format(cmd, &o.format, "table", "json", "csv")
	accept.Complete(cmd, "result", history.Results()...)
	accept.CompleteBy(cmd, "runbook", a.offers().Records(func(r history.Record) string { return r.Runbook }))
	accept.CompleteBy(cmd, "environment", a.offers().Records(func(r history.Record) string { return r.Environment }))
	accept.CompleteBy(cmd, "operator", a.offers().Records(func(r history.Record) string { return r.Operator }))
	return cmd
}

func (o *historyOptions) run() error {
	if o.limit < 0 {
		return console.Usage("--limit 0 shows all.", "--limit is %d, and must be at least 0", o.limit)
	}
	if !o.filter.ResultKnown() {
		return console.Usage("It is "+accept.Words(history.Results())+".", "--result %q is no result of a run", o.filter.Result)
	}
	if o.since != "" {
		since, ok := console.Since(o.since, o.Now())
		if !ok {
			return console.Usage("Write a date (2026-11-21), a time (2026-11-21T03:00:00Z) or a span (48h).", "--since %q is no time", o.since)
		}
		o.filter.Since = since
	}
	all, err := o.runs()
	if err != nil {
		return err
	}
	if o.drills {
		return o.showDrills(all)
	}
	records, more, err := all.History(o.filter, o.limit)
	if err != nil {
		return err
	}
	if more {
		o.Note("There are more than %d; see --limit and --since.", o.limit)
	}
	switch {
	case o.format == "json":
		return history.JSON(o.Stdout, records)
	case o.format == "csv":
		return history.CSV(o.Stdout, records)
	case len(records) == 0 && o.filter != (history.Filter{}):
		o.Note("No run in %s passes the filter.", all.Engine.Store().Root())
		return nil
	case len(records) == 0:
		o.Note("No runs in %s.", all.Engine.Store().Root())
		return nil
	default:
		return history.Table(o.Stdout, records, o.Out(), o.Screen.Columns(o.Screen.Stdout))
	}
}

// showDrills writes how runbooks were drilled.
func (o *historyOptions) showDrills(all *runs.Runs) error {
	drilled, unread, err := all.Drills(o.filter, o.limit)
	if err != nil {
		return err
	}
	if len(unread) > 0 {
		o.Note("What cannot be read may have been drills, and is not counted: %s. To see why: gatebook audit RUN", layout.Names(unread))
	}
	switch {
	case o.format == "json":
		return history.DrillsJSON(o.Stdout, drilled, unread)
	case o.format == "csv":
		return history.DrillsCSV(o.Stdout, drilled)
	case len(drilled) == 0:
		o.Note("No drill in %s. To make one: gatebook drill --live FILE", all.Engine.Store().Root())
		return nil
	default:
		return history.DrillsTable(o.Stdout, drilled, o.Out(), o.Screen.Columns(o.Screen.Stdout))
	}
}
