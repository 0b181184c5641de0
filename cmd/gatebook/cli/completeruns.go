package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// offered is how many runs the shell is given to complete from.
const offered = 20

// completeRuns has the shell offer the newest runs.
func (a *app) completeRuns(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := a.runs()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	records, _, err := all.History(history.Filter{}, offered)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := []string{"latest\tthe newest run"}
	for _, r := range records {
		names = append(names, r.Run+"\t"+strings.TrimSpace(r.Runbook+" "+r.Result))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeQuestions has the shell offer runs, then the steps of the run that ask.
func (a *app) completeQuestions(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return a.completeRuns(cmd, args, typed)
	}
	all, err := a.runs()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	found, err := all.Open(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, step := range found.Status.Steps {
		if step.Ask != nil {
			names = append(names, step.ID+"\t"+layout.Line(step.Ask.Message))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
