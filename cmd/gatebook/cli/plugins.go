package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/locks"
	"github.com/gatebook/gatebook/plugins/host"
)

type pluginsOptions struct {
	*app
	file      string
	format    string
	checksums string
}

func newPlugins(a *app) *cobra.Command {
	o := &pluginsOptions{app: a}
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "List, lock and verify the plugins that actions come from",
		Long: `Actions for Kubernetes, Swarm and clouds come from plugins: programs called
gatebook-plugin-NAME, found in --plugin-dir, beside gatebook, and on PATH. A plugin runs
only when its program is the one that gatebook.lock, beside the runbook, names.`,
		Example: `  gatebook plugins list
  gatebook plugins lock kubernetes
  gatebook plugins lock kubernetes --checksums SHA256SUMS
  gatebook plugins verify`,
		Args: accept.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&o.file, "lock", host.LockFile, "the lock")
	cmd.AddCommand(o.list(), o.lock(), o.verify())
	return cmd
}

func (o *pluginsOptions) list() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the plugins that are installed or locked; none is started",
		Example: "  gatebook plugins list\n  gatebook plugins list --format json",
		Args:    accept.Exactly(),
		RunE:    func(*cobra.Command, []string) error { return o.runList() },
	}
	accept.Format(cmd, &o.format, "table", "json")
	return cmd
}

func (o *pluginsOptions) verify() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Look whether each locked plugin is installed as it was locked; none is started",
		Example: "  gatebook plugins verify",
		Args:    accept.Exactly(),
		RunE:    func(*cobra.Command, []string) error { return o.runVerify() },
	}
	accept.Format(cmd, &o.format, "table", "json")
	return cmd
}

func (o *pluginsOptions) lock() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock NAME...",
		Short: "Write down which program of a plugin may be run",
		Long: `Write into the lock which program of a plugin may be run. The installed one is started
once, to say which version it is; one whose actions describe themselves wrongly is not
locked. With --checksums the checksums of a release are taken,
for every platform at once, and nothing is started.`,
		Example: `  gatebook plugins lock kubernetes
  gatebook plugins lock kubernetes --checksums SHA256SUMS`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return o.locks().Installed(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.locks().Add(cmd.Context(), args, o.checksums) },
	}
	cmd.Flags().StringVar(&o.checksums, "checksums", "", "file of a release, as sha256sum writes it, with lines for gatebook-plugin-NAME_VERSION_OS_ARCH")
	return cmd
}

// locks gives access to the lock that is meant.
func (o *pluginsOptions) locks() *locks.Lock { return &locks.Lock{Console: o.Console, File: o.file} }

func (o *pluginsOptions) runList() error {
	lines, err := o.locks().Look(o.locks().Installed()...)
	if err != nil {
		return err
	}
	return o.tell(lines)
}

// runVerify wants a lock to be there: in the wrong folder everything would be in order.
func (o *pluginsOptions) runVerify() error {
	if err := o.locks().Missing(); err != nil {
		return console.Usage("Run it in the folder of the runbooks, or say where the lock is with --lock.", "there is nothing to verify: %v", err)
	}
	lines, err := o.locks().Look()
	if err != nil {
		return err
	}
	if err := o.tell(lines); err != nil {
		return err
	}
	if slices.ContainsFunc(lines, func(l documents.Plugin) bool { return !l.Sound }) {
		return console.CodeError(console.ExitInvalid)
	}
	return nil
}

func (o *pluginsOptions) tell(lines []documents.Plugin) error {
	switch {
	case o.format == "json":
		return o.PrintJSON(documents.Plugins{Format: documents.PluginsFormat, Plugins: lines})
	case len(lines) == 0:
		o.Note("No plugin is installed or locked.")
		return nil
	default:
		return locks.Tell(o.Stdout, lines)
	}
}
