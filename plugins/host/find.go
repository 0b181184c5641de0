package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// prefix is what the file names of plugins begin with.
const prefix = "gatebook-plugin-"

// validName refuses what no plugin may be called.
func validName(name string) error {
	if !sdk.IsPluginName(name) {
		return fmt.Errorf("%w: %q is not the name of a plugin, which has lower-case letters, digits and hyphens, at most 63, as \"kubernetes\"", ErrUntrusted, name)
	}
	return nil
}

// ErrUntrusted is for a program that may not be started.
var ErrUntrusted = program.ErrUntrusted

// ErrNotFound is for a plugin of which there is no binary.
var ErrNotFound = errors.New("plugin not found")

// find returns where the plugin of the name is: in the first of the folders that has
// it. A folder of PATH may not be one, or may not be for everybody: it is passed over, as
// shells do. One that was named is not: another program than the one meant would be taken.
func (h *Host) find(name string) (string, error) {
	if err := validName(name); err != nil {
		return "", err
	}
	var closed []string
	for i, dir := range slices.Concat(h.options.Dirs, h.options.Path) {
		path := filepath.Join(dir, prefix+name+program.Suffix)
		switch info, err := os.Stat(path); {
		case err == nil && !info.IsDir():
			return path, nil
		case err == nil || errors.Is(err, fs.ErrNotExist):
		case i < len(h.options.Dirs):
			return "", fmt.Errorf("%w: whether the plugin %s is there cannot be seen: %w", ErrNotFound, name, err)
		default:
			closed = append(closed, err.Error())
		}
	}
	err := fmt.Errorf("%w: no %s%s%s in %s; install it into one of them, or say where it is with --plugin-dir",
		ErrNotFound, prefix, name, program.Suffix, list(slices.Concat(h.options.Dirs, h.options.Path)))
	if len(closed) > 0 {
		err = fmt.Errorf("%w (not all of them could be looked into: %s)", err, strings.Join(closed, ", "))
	}
	return "", err
}

// Names returns the names of all plugins in the folders, sorted, each once.
func Names(dirs []string) []string {
	var names []string
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a folder of PATH may be missing
		}
		for _, entry := range entries {
			name, ours := strings.CutPrefix(entry.Name(), prefix)
			if name = strings.TrimSuffix(name, program.Suffix); ours && sdk.IsPluginName(name) && !entry.IsDir() {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func list(dirs []string) string {
	if len(dirs) == 0 {
		return "no folder at all"
	}
	return strings.Join(dirs, ", ")
}
