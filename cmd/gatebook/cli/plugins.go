package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type pluginsOptions struct {
	*app
	lockFile  string
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
	cmd.PersistentFlags().StringVar(&o.lockFile, "lock", host.LockFile, "the lock")
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
			return host.Names(house.Dirs(o.Console)), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.runLock(cmd.Context(), args) },
	}
	cmd.Flags().StringVar(&o.checksums, "checksums", "", "file of a release, as sha256sum writes it, with lines for gatebook-plugin-NAME_VERSION_OS_ARCH")
	return cmd
}

func (o *pluginsOptions) runList() error {
	lines, err := o.look(host.Names(house.Dirs(o.Console)))
	if err != nil {
		return err
	}
	return o.tell(lines)
}

// runVerify wants a lock to be there: in the wrong folder everything would be in order.
func (o *pluginsOptions) runVerify() error {
	if _, err := os.Stat(o.Path(o.lockFile)); err != nil {
		return console.Usage("Run it in the folder of the runbooks, or say where the lock is with --lock.", "there is nothing to verify: %v", err)
	}
	lines, err := o.look(nil)
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

// look looks at the locked plugins, and at others that are installed.
func (o *pluginsOptions) look(installed []string) ([]documents.Plugin, error) {
	lock, err := host.ReadLock(o.Path(o.lockFile))
	if err != nil {
		return nil, console.Usage("", "%v", err)
	}
	names := slices.Concat(installed, slices.Collect(maps.Keys(lock.Plugins)))
	slices.Sort(names)
	plugins := house.NewHost(o.Console)
	lines := []documents.Plugin{}
	for _, name := range slices.Compact(names) {
		line := documents.Plugin{Name: name, Version: lock.Plugins[name].Version, State: "locked", Sound: true}
		if line.Path, err = plugins.Verify(name, lock); err != nil {
			line.State, line.Sound = err.Error(), false
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (o *pluginsOptions) tell(lines []documents.Plugin) error {
	if o.format == "json" {
		return o.PrintJSON(documents.Plugins{Format: documents.PluginsFormat, Plugins: lines})
	}
	if len(lines) == 0 {
		o.Note("No plugin is installed or locked.")
		return nil
	}
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = []string{l.Name, l.Version, l.Path, state(l)}
	}
	if err := layout.Table(o.Stdout, []string{"PLUGIN", "VERSION", "PROGRAM", "STATE"}, rows); err != nil {
		return err
	}
	for _, l := range lines {
		if l.Sound {
			continue
		}
		if _, err := fmt.Fprintf(o.Stdout, "\n%s: %s\n", l.Name, l.State); err != nil {
			return err
		}
	}
	return nil
}

// state is how a plugin stands, in a word; why it would not be run takes sentences.
func state(l documents.Plugin) string {
	switch {
	case l.Sound:
		return l.State
	case l.Version == "":
		return "not locked"
	case l.Path == "":
		return "missing"
	default:
		return "refused"
	}
}

func (o *pluginsOptions) runLock(ctx context.Context, names []string) error {
	lock, err := host.ReadLock(o.Path(o.lockFile))
	if err != nil {
		return console.Usage("", "%v", err)
	}
	before := lock
	plugins := house.NewHost(o.Console)
	defer func() { _ = plugins.Close() }()
	for _, name := range names {
		locked, err := o.toLock(ctx, plugins, name)
		if err != nil {
			return console.Usage("Nothing was written.", "%v", err)
		}
		if o.checksums != "" {
			lock = lock.Without(name) // a platform that the release has no more is locked no more
		}
		lock = lock.With(name, locked)
	}
	text, err := lock.Text()
	if err != nil {
		return err
	}
	if err := o.write(text); err != nil {
		return err
	}
	for _, name := range names {
		locked := lock.Plugins[name]
		o.Note("%s %s is locked for %s.", name, locked.Version, strings.Join(slices.Sorted(maps.Keys(locked.SHA256)), ", "))
		for _, line := range unlocked(name, before.Plugins[name], locked) {
			o.Note("%s", line)
		}
	}
	return nil
}

// unlocked says what was locked of a plugin and is no more. That other bytes have the same
// version is the most suspicious thing there is, and that a platform is left behind is
// noticed there only when it is too late.
func unlocked(name string, before, now host.Locked) []string {
	var said, left []string
	for _, platform := range slices.Sorted(maps.Keys(before.SHA256)) {
		was, is := before.SHA256[platform], now.SHA256[platform]
		switch {
		case is == "":
			left = append(left, platform)
		case is != was && before.Version == now.Version:
			said = append(said, fmt.Sprintf("%s %s was another program for %s: its SHA-256 was %s, and is %s. Unless you built it anew yourself, find out who changed it before you go on.",
				name, now.Version, platform, was, is))
		}
	}
	if len(left) > 0 {
		said = append(said, fmt.Sprintf("%s is locked no more for %s, as %s was: lock it there too, or from the release's checksums.",
			name, strings.Join(left, ", "), before.Version))
	}
	return said
}

// write writes the lock: at once, where there is one, so that nobody reads half of it.
func (o *pluginsOptions) write(text []byte) error {
	path := o.Path(o.lockFile)
	if _, err := os.Stat(path); err == nil {
		return o.Replace(o.lockFile, text)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // it is for everybody to read, as the runbooks are
		return fmt.Errorf("write the lock: %w", err)
	}
	return nil
}

// sound says whether the actions of a plugin can be used. Who locks it is told what
// everybody who uses it would be.
func sound(described sdk.PluginDescription) error {
	found := engine.PluginFaults(described)
	if len(found) == 0 {
		return nil
	}
	said := make([]string, len(found))
	for i, fault := range found {
		said[i] = fault.Detail
	}
	return fmt.Errorf("the plugin %s %s describes itself wrongly, which is a fault of the plugin, for its authors to mend:\n%s",
		described.Name, described.Version, strings.Join(said, "\n"))
}

func (o *pluginsOptions) toLock(ctx context.Context, plugins *host.Host, name string) (host.Locked, error) {
	if o.checksums == "" {
		described, locked, err := plugins.Inspect(ctx, name)
		if err != nil {
			return host.Locked{}, err
		}
		return locked, sound(described)
	}
	text, err := o.ReadFile(o.checksums, "the checksums")
	if err != nil {
		return host.Locked{}, err
	}
	return host.ParseChecksums(name, text)
}
