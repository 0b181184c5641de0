package locks

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Add writes down which program of each plugin may be run: the installed one, which is started
// once, or without a start those of the checksums of a release, where their file is named.
func (l *Lock) Add(ctx context.Context, names []string, checksums string) error {
	lock, err := host.ReadLock(l.Path(l.File))
	if err != nil {
		return console.Usage("", "%v", err)
	}
	before := lock
	plugins := house.NewHost(l.Console)
	defer func() { _ = plugins.Close() }()
	for _, name := range names {
		locked, err := l.toLock(ctx, plugins, name, checksums)
		if err != nil {
			return console.Usage("Nothing was written.", "%v", err)
		}
		if checksums != "" {
			lock = lock.Without(name) // a platform that the release has no more is locked no more
		}
		lock = lock.With(name, locked)
	}
	text, err := lock.Text()
	if err != nil {
		return err
	}
	if err := l.write(text); err != nil {
		return err
	}
	for _, name := range names {
		locked := lock.Plugins[name]
		l.Note("%s %s is locked for %s.", name, locked.Version, strings.Join(slices.Sorted(maps.Keys(locked.SHA256)), ", "))
		for _, line := range unlocked(name, before.Plugins[name], locked) {
			l.Note("%s", line)
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
func (l *Lock) write(text []byte) error {
	path := l.Path(l.File)
	if _, err := os.Stat(path); err == nil {
		return l.Replace(l.File, text)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // it is for everybody to read, as the runbooks are
		return fmt.Errorf("write the lock: %w", err)
	}
	return nil
}

// toLock is what is to be locked of a plugin.
func (l *Lock) toLock(ctx context.Context, plugins *host.Host, name, checksums string) (host.Locked, error) {
	if checksums == "" {
		described, locked, err := plugins.Inspect(ctx, name)
		if err != nil {
			return host.Locked{}, err
		}
		return locked, sound(described)
	}
	text, err := l.ReadFile(checksums, "the checksums")
	if err != nil {
		return host.Locked{}, err
	}
	return host.ParseChecksums(name, text)
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
