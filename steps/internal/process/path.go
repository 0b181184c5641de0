package process

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

// environment is that of a process, each name once.
type environment []string

// environment is the one that all programs have, with the spec's own variables, its key and its mark.
func (r *Runner) environment(spec Spec) environment {
	environ := make(environment, 0, len(r.environ)+len(spec.Env)+2)
	for _, variable := range r.environ {
		name, _, _ := strings.Cut(variable, "=")
		if _, replaced := spec.Env[name]; !replaced {
			environ = append(environ, variable)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Env)) {
		if !isOurs(name) {
			environ = append(environ, name+"="+spec.Env[name])
		}
	}
	if spec.Key != "" {
		environ = append(environ, proc.KeyVariable+"="+spec.Key)
	}
	if spec.mark != "" {
		environ = append(environ, proc.MarkVariable+"="+spec.mark)
	}
	return environ
}

// path returns where programs are looked for.
func (e environment) path() string {
	for _, variable := range slices.Backward(e) {
		if dirs, ok := strings.CutPrefix(variable, "PATH="); ok {
			return dirs
		}
	}
	return ""
}

// withoutOurs takes out what a gatebook that started this one has put there: a process
// belongs to the nearest.
func withoutOurs(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return isOurs(name)
	})
}

// isOurs reports whether a variable is one by which a gatebook knows what it has started.
func isOurs(name string) bool { return name == proc.KeyVariable || name == proc.MarkVariable }

// pathCache remembers where programs are. Those that are not found it does not
// remember, since an earlier step may install them.
type pathCache struct {
	found sync.Map // of pathKey to string
}

type pathKey struct{ name, dirs string }

// find returns the file of a program: in the directories of dirs, as PATH lists them, or
// from dir where the name has a directory of its own.
func (c *pathCache) find(name, dirs, dir string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if err := executable(path); err != nil {
			return "", fmt.Errorf("the program %s cannot be run: %w", name, err)
		}
		return path, nil
	}
	if path, ok := c.found.Load(pathKey{name, dirs}); ok {
		return path.(string), nil
	}
	for _, from := range filepath.SplitList(dirs) {
		if !filepath.IsAbs(from) {
			continue // a program in the current directory is an accident or an attack
		}
		if path := filepath.Join(from, name); executable(path) == nil {
			c.found.Store(pathKey{name, dirs}, path)
			return path, nil
		}
	}
	return "", fmt.Errorf("the program %s is not found in PATH", name)
}

// Place returns the path of a program that a spec names by one, and not by a name that is
// looked for in PATH; empty: it does not.
func (r *Runner) Place(spec Spec) string {
	name := spec.Argv[0]
	switch {
	case !strings.ContainsRune(name, filepath.Separator):
		return ""
	case filepath.IsAbs(name):
		return name
	default:
		return filepath.Join(r.place(spec.Dir), name)
	}
}

// forget makes the next find look again for the name.
func (c *pathCache) forget(name string) {
	c.found.Range(func(key, _ any) bool {
		if key.(pathKey).name == name {
			c.found.Delete(key)
		}
		return true
	})
}

func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s: %w", path, os.ErrPermission)
	default:
		return nil
	}
}
