package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
)

type completionOptions struct {
	*app
	shell string
}

func newCompletion(a *app) *cobra.Command {
	o := &completionOptions{app: a}
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script for a shell",
		Long: `Print a script that has the shell complete commands, flags, runbooks, actions, runs
and steps. SHELL is bash, zsh, fish or powershell.`,
		Example: `  source <(gatebook completion bash)                      this shell only
  gatebook completion fish > ~/.config/fish/completions/gatebook.fish`,
		Args:      accept.Exactly("a SHELL: bash, zsh, fish or powershell"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.shell = args[0]
			return o.run(cmd.Root())
		},
	}
}

func (o *completionOptions) run(root *cobra.Command) error {
	var err error
	switch o.shell {
	case "bash":
		err = root.GenBashCompletionV2(o.Stdout, true)
	case "zsh":
		err = root.GenZshCompletion(o.Stdout)
	case "fish":
		err = root.GenFishCompletion(o.Stdout, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(o.Stdout)
	default:
		return console.Usage("SHELL is bash, zsh, fish or powershell.", "there is no completion for %q", o.shell)
	}
	if err != nil {
		return fmt.Errorf("write the completion script: %w", err)
	}
	return nil
}
