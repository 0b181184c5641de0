package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/offer"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
)

// Main runs the command line and returns the exit code.
func Main(env Env) int {
	env.Build = env.Build.Completed()
	a := &app{Console: &console.Console{Env: env}}
	root := a.root()
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	return a.Finish(root.ExecuteContext(context.Background()))
}

// app is what all verbs share: the environment, with the flags that every one has.
type app struct {
	*console.Console
}

// Env is everything that the command line takes from outside.
type Env = console.Env

// Build says which gatebook it is.
type Build = console.Build

// System returns the environment of this process.
func System(build Build) Env { return console.System(build) }

// The groups of verbs, in the order of the help text.
const (
	groupWrite = "write"
	groupRun   = "run"
	groupLook  = "look"
)

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatebook",
		Short: "Run runbooks that check before they act and take back what goes wrong",
		Long: `gatebook runs runbooks: YAML files that say how to upgrade, shut down or recover a
system, step by step, with the conditions that must hold before and after each. It
checks a runbook, shows what it would do, does it, survives its own death half-way,
takes it back when it goes wrong, and proves afterwards what happened.`,
		Example: `  gatebook new upgrade.yaml                        start a runbook
  gatebook check upgrade.yaml                      find what is wrong with it
  gatebook plan upgrade.yaml -i image=web:2        see what it would do
  gatebook run upgrade.yaml -i image=web:2         do it
  gatebook history                                 see what was done`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          a.noVerb,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return console.Usage("See: "+cmd.CommandPath()+" --help", "%v", err)
	})
	flags := root.PersistentFlags()
	flags.StringArrayVar(&a.PluginDirs, "plugin-dir", nil, "folder to look for plugins in, before the one of gatebook and those of PATH")
	flags.StringVar(&a.State, "state", "", "folder that runs are kept in (default: $GATEBOOK_STATE, else $XDG_STATE_HOME/gatebook, else ~/.local/state/gatebook)")
	flags.Var(accept.Choice(&a.Colour, "auto", "always", "never"), "color", "colours: auto, always or never; NO_COLOR is honoured")
	accept.Complete(root, "color", "auto", "always", "never")
	root.AddGroup(
		&cobra.Group{ID: groupWrite, Title: "Write runbooks:"},
		&cobra.Group{ID: groupRun, Title: "Run them:"},
		&cobra.Group{ID: groupLook, Title: "Look back:"},
	)
	a.addVerbs(root)
	root.SetHelpCommandGroupID(groupLook)
	root.InitDefaultHelpCmd()
	root.SetUsageTemplate(accept.UsageTemplate)
	return root
}

func (a *app) addVerbs(root *cobra.Command) {
	groups := []struct {
		id    string
		verbs []func(*app) *cobra.Command
	}{
		{groupWrite, []func(*app) *cobra.Command{newNew, newFmt, newCheck, newGraph, newDiff, newActions, newExplain, newPlugins, newSchema}},
		{groupRun, []func(*app) *cobra.Command{
			newPlan, newDrill, newRun, newResume, newPause, newCancel, newRollback, newApprove, newReject,
		}},
		{groupLook, []func(*app) *cobra.Command{newStatus, newHistory, newAudit, newCompletion, newVersion}},
	}
	for _, group := range groups {
		for _, verb := range group.verbs {
			cmd := verb(a)
			cmd.GroupID = group.id
			root.AddCommand(cmd)
		}
	}
}

// noVerb is what runs when no verb was recognised.
func (a *app) noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	hint := "See: gatebook --help"
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "Did you mean: gatebook " + strings.Join(near, ", or gatebook ") + "?"
	} else if strings.HasSuffix(args[0], ".yaml") || strings.HasSuffix(args[0], ".yml") {
		hint = "To run the runbook: gatebook run " + console.Quote(args[0])
	}
	return console.Usage(hint, "there is no command %q", args[0])
}

// houseWithRuns opens the engine with the folder that runs are kept in.
func (a *app) houseWithRuns() (*house.House, error) { return house.OpenWithRuns(a.Console) }

// runs gives access to the runs that are kept.
func (a *app) runs() (*runs.Runs, error) {
	h, err := a.houseWithRuns()
	if err != nil {
		return nil, err
	}
	return runs.Of(h), nil
}

// offers gives access to what the shell offers.
func (a *app) offers() offer.Shell { return offer.Shell{Console: a.Console, OpenRuns: a.runs} }
