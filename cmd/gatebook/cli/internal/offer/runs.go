package offer

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/seal"
)

// How many runs are offered, and in how many is looked for what a filter could be.
const (
	offered    = 20
	remembered = 200
)

// Runs offers the newest runs.
func (s Shell) Runs(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	records, ok := s.records(offered)
	if !ok {
		return nil, cobra.ShellCompDirectiveError
	}
	names := []string{"latest\tthe newest run"}
	for _, r := range records {
		names = append(names, described(r.Run, r.Runbook+" "+r.Result))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// Records offers what the newest runs have in their record.
func (s Shell) Records(of func(history.Record) string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		records, ok := s.records(remembered)
		if !ok {
			return nil, cobra.ShellCompDirectiveError
		}
		var words []string
		for _, r := range records {
			if word := layout.Line(of(r)); word != "" {
				words = append(words, word)
			}
		}
		slices.Sort(words)
		return slices.Compact(words), cobra.ShellCompDirectiveNoFileComp
	}
}

func (s Shell) records(most int) ([]history.Record, bool) {
	all, err := s.OpenRuns()
	if err != nil {
		return nil, false
	}
	records, _, err := all.History(history.Filter{}, most)
	return records, err == nil
}

// Questions offers runs, and sealed plans once the name of a file was begun, then the steps
// of these that ask.
func (s Shell) Questions(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		names, how := s.Runs(cmd, args, typed)
		if len(args) == 0 && !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, typed) }) {
			return []string{"plan"}, cobra.ShellCompDirectiveFilterFileExt
		}
		return names, how
	}
	if seal.Is(s.Begins(args[0])) {
		return s.asking(args[0], cmd.Name() == "approve")
	}
	return s.steps(args[0], func(step *standing.Step) (string, bool) {
		if step.Ask == nil {
			return "", false
		}
		return step.Ask.Message, true
	})
}

// asking offers the steps of a sealed plan that ask: for a yes those to which it counts
// before they do.
func (s Shell) asking(name string, yes bool) ([]string, cobra.ShellCompDirective) {
	h, err := house.OpenWithRuns(s.Console)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	file, err := h.ReadEither(name)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	sealed, _, err := h.Engine.Unseal(file)
	if err != nil || sealed == nil {
		return nil, cobra.ShellCompDirectiveError
	}
	asks := slices.DeleteFunc(sealed.Notes.Asks, func(step string) bool { return yes && sealed.Early(step) != nil })
	return asks, cobra.ShellCompDirectiveNoFileComp
}

// Lost offers the steps of a run of which a person has to say what became of them.
func (s Shell) Lost(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return s.steps(args[0], func(step *standing.Step) (string, bool) {
		return step.Title, step.Status == event.LostTrack
	})
}

// Targets offers the connections of a run, each with what it reached.
func (s Shell) Targets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found, ok := s.run(args[0])
	if !ok {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, target := range found.Status.Targets {
		names = append(names, described(target.Over(), target.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// run opens the run of that name.
func (s Shell) run(name string) (*runs.Run, bool) {
	all, err := s.OpenRuns()
	if err != nil {
		return nil, false
	}
	found, err := all.Open(name)
	return found, err == nil
}

// steps offers those steps of a run that are wanted, each with what there is to say of it.
func (s Shell) steps(name string, wanted func(*standing.Step) (about string, ok bool)) ([]string, cobra.ShellCompDirective) {
	found, ok := s.run(name)
	if !ok {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, step := range found.Status.Steps {
		if about, ok := wanted(step); ok {
			ids = append(ids, described(step.ID, about))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// described is a word with what the shell shows beside it.
func described(word, about string) string {
	return strings.TrimSpace(word + "\t" + layout.Line(strings.TrimSpace(about)))
}
