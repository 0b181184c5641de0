package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
)

// prefix is what the file names of plugins begin with.
const prefix = "gatebook-plugin-"

// pluginName is what a plugin may be called: it becomes a part of a path, and must lead
// nowhere else.
var pluginName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// validName refuses what no plugin may be called.
func validName(name string) error {
	if !pluginName.MatchString(name) {
		return fmt.Errorf("%w: %q is not the name of a plugin, which has lower-case letters, digits and hyphens, as \"kubernetes\"", ErrUntrusted, name)
	}
	return nil
}

// ErrUntrusted is for a program that may not be started.
var ErrUntrusted = program.ErrUntrusted

// ErrNotFound is for a plugin of which there is no binary.
var ErrNotFound = errors.New("plugin not found")

// find returns where the plugin of the name is: in the first of the folders that has
// it.
func find(dirs []string, name string) (string, error) {
	if err := validName(name); err != nil {
		return "", err
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, prefix+name+program.Suffix)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
			continue
		}
		return path, err
	}
	return "", fmt.Errorf("%w: no %s%s%s in %s; install it into one of them, or say where it is with --plugin-dir",
		ErrNotFound, prefix, name, program.Suffix, list(dirs))
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
			if name = strings.TrimSuffix(name, program.Suffix); ours && pluginName.MatchString(name) && !entry.IsDir() {
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
