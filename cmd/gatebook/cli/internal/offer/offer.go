// Package offer finds what the shell offers to complete a command line with, as far as
// that has to be looked for: actions, inputs, runs and their steps.
package offer

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
)

// Shell offers words to the shell. It complains of nothing: a person who types has asked
// nothing yet.
type Shell struct {
	*console.Console
	// OpenRuns gives access to the runs that are kept.
	OpenRuns func() (*runs.Runs, error)
}

// Explained offers what there is an explanation of: the names of actions, and the codes of
// findings once a code was begun, as they would hide the actions.
func (s Shell) Explained(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	if strings.HasPrefix(typed, "G") {
		for _, rule := range diag.Rules() {
			words = append(words, described(rule.Code, rule.Summary))
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
	h, err := house.Open(s.Console)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	runbook, _ := cmd.Flags().GetString("runbook") // where it is typed already
	actions, _, err := h.Actions(runbook)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	for _, plugin := range actions.Plugins() {
		words = append(words, described(plugin.Alias, plugin.Provider.Describe().Summary))
	}
	for _, name := range actions.Names() {
		entry, _ := actions.Lookup(name)
		words = append(words, described(name, entry.Description.Summary))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// Inputs offers the names of the inputs of the runbook that was typed. What stands behind
// the name is for the person to know.
func (s Shell) Inputs(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 || args[0] == "-" || strings.Contains(typed, "=") {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	runbook, ok := s.runbook(args[0])
	if !ok {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, p := range runbook.Checked.InputSchema.Properties {
		names = append(names, described(p.Name+"=", p.Schema.Description))
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// Windows offers the names of the change windows of the runbook that was typed.
func (s Shell) Windows(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return s.of(args, (*engine.Runbook).Windows)
}

// Modes offers the modes of the runbook that was typed.
func (s Shell) Modes(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return s.of(args, func(runbook *engine.Runbook) []string {
		var modes []string
		for _, mode := range runbook.Checked.Model.Modes.Entries {
			modes = append(modes, described(mode.Key.Value, mode.Value.Title.Value))
		}
		return modes
	})
}

// Steps offers the steps of the runbook that was typed, and of those that it takes in.
func (s Shell) Steps(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return s.of(args, func(runbook *engine.Runbook) []string {
		return stepsOf(runbook.Checked, func(id string) string { return id })
	})
}

// stepsOf are the steps of a runbook, and of those that it takes in, as people call them.
func stepsOf(runbook *check.Runbook, called func(id string) string) (steps []string) {
	for _, step := range runbook.Steps {
		id := called(step.ID())
		steps = append(steps, described(id, step.Model.Title.Value))
		if step.Runbook != nil {
			steps = append(steps, stepsOf(step.Runbook, func(inside string) string { return event.InsideID(id, inside) })...)
		}
	}
	return steps
}

// of offers something of the runbook that was typed.
func (s Shell) of(args []string, names func(*engine.Runbook) []string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 || args[0] == "-" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	runbook, ok := s.runbook(args[0])
	if !ok {
		return nil, cobra.ShellCompDirectiveError
	}
	return names(runbook), cobra.ShellCompDirectiveNoFileComp
}

// runbook reads a runbook, which may have faults.
func (s Shell) runbook(name string) (*engine.Runbook, bool) {
	h, err := house.Open(s.Console)
	if err != nil {
		return nil, false
	}
	file, err := h.Read(name)
	if err != nil {
		return nil, false
	}
	read, _ := h.Check(file)
	return read, read.Checked != nil
}
