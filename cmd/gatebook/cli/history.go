package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/report/history"
)

type historyOptions struct {
	*app
	filter history.Filter
	since  string
	limit  int
	format string
}

func newHistory(a *app) *cobra.Command {
	o := &historyOptions{app: a}
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show the record of runs",
		Long: `Show what was done, where, by whom and with what result, the newest first. Environment,
version and remark are what the runbook's record says of a run.`,
		Example: `  gatebook history
  gatebook history --environment production --since 720h
  gatebook history --result rolled_back --format csv > rolled-back.csv`,
		Args: accept.Exactly(),
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.filter.Runbook, "runbook", "", "only runs of this runbook")
	flags.StringVar(&o.filter.Result, "result", "", "only runs with this result: "+accept.Words(results()))
	flags.StringVar(&o.filter.Environment, "environment", "", "only runs in this environment")
	flags.StringVar(&o.filter.Operator, "operator", "", "only runs that this person began")
	flags.StringVar(&o.since, "since", "", "only runs that began after a date (2026-11-21), a time (RFC 3339), or within a span (48h)")
	flags.IntVar(&o.limit, "limit", 50, "how many runs at most; 0: all")
	accept.Format(cmd, &o.format, "table", "json", "csv")
	accept.Complete(cmd, "result", results()...)
	accept.CompleteBy(cmd, "runbook", a.offers().Records(func(r history.Record) string { return r.Runbook }))
	accept.CompleteBy(cmd, "environment", a.offers().Records(func(r history.Record) string { return r.Environment }))
	accept.CompleteBy(cmd, "operator", a.offers().Records(func(r history.Record) string { return r.Operator }))
	return cmd
}

// results are the words that a run's result can be.
func results() []string {
	return []string{
		"succeeded", "failed", "rolled_back", "gate_closed", "stuck", "paused", "running", "interrupted", "unreadable",
	}
}

func (o *historyOptions) run() error {
	if o.limit < 0 {
		return console.Usage("--limit 0 shows all.", "--limit is %d, and must be at least 0", o.limit)
	}
	if !o.resultKnown() {
		return console.Usage("It is "+accept.Words(results())+".", "--result %q is no result of a run", o.filter.Result)
	}
	since, err := o.parseSince()
	if err != nil {
		return err
	}
	o.filter.Since = since
	all, err := o.runs()
	if err != nil {
		return err
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
		return history.Table(o.Stdout, records, o.Out(), o.columns())
	}
}

// columns is how wide the terminal is; 0 where there is none.
func (o *historyOptions) columns() int {
	if !o.Screen.Stdout {
		return 0
	}
	columns, _ := o.Screen.Size()
	return columns
}

func (o *historyOptions) resultKnown() bool {
	return o.filter.Result == "" || slices.ContainsFunc(results(), func(known string) bool {
		return strings.EqualFold(known, o.filter.Result)
	})
}

func (o *historyOptions) parseSince() (time.Time, error) {
	if o.since == "" {
		return time.Time{}, nil
	}
	if span, err := time.ParseDuration(o.since); err == nil {
		return o.Now().Add(-span), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, o.since, o.Now().Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, console.Usage("Write a date (2026-11-21), a time (2026-11-21T03:00:00Z) or a span (48h).",
		"--since %q is no time", o.since)
}
