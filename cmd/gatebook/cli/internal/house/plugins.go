package house

import (
	"context"
	"path/filepath"
	"runtime"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/plugins/host"
)

// plugins opens plugins for runbooks, each by the lock beside it.
type plugins struct {
	*console.Console
	host *host.Host
}

// newPlugins returns the plugins that are installed. What is started of them ends with
// the verb.
func newPlugins(c *console.Console) *plugins {
	h := NewHost(c)
	c.AtEnd(func() { _ = h.Close() })
	return &plugins{Console: c, host: h}
}

// NewHost returns a host of plugins for this platform, which looks for them where the
// person says, beside gatebook, and on PATH. What they write to standard error is told
// when they fail: it may hold secrets, and is masked as a part of the failure. What their
// actions log goes the way of all output.
func NewHost(c *console.Console) *host.Host {
	named, path := folders(c)
	return host.New(host.Options{
		Dirs: named, Path: path, Cache: cacheDir(c), Platform: Platform(), Environ: c.LookupEnv, Now: c.Now,
	})
}

// Platform is the one that this gatebook is for, as locks call it.
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// Dirs are the folders in which plugins are looked for.
func Dirs(c *console.Console) []string {
	named, path := folders(c)
	return append(named, path...)
}

// folders are those that somebody named, or that gatebook itself is in, and those of PATH.
func folders(c *console.Console) (named, path []string) {
	for _, dir := range c.PluginDirs {
		named = append(named, c.Path(dir))
	}
	if c.Program != "" {
		named = append(named, filepath.Dir(c.Program))
	}
	for _, dir := range filepath.SplitList(c.Getenv("PATH")) {
		if filepath.IsAbs(dir) {
			path = append(path, dir)
		}
	}
	return named, path
}

// cacheDir is where descriptions of plugins are remembered; empty where there is no place.
func cacheDir(c *console.Console) string {
	if base := c.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "gatebook", "plugins")
	}
	if home := c.Getenv("HOME"); home != "" {
		return filepath.Join(c.Path(home), ".cache", "gatebook", "plugins")
	}
	return ""
}

// LockOf is the lock of a runbook's file: it lies beside it.
func LockOf(c *console.Console, file string) string {
	return filepath.Join(filepath.Dir(c.Path(file)), host.LockFile)
}

// Open describes a plugin by the lock beside the runbook's file.
func (p *plugins) Open(file, source string, version *semver.Constraints) (catalog.Provider, error) {
	lock, err := host.ReadLock(LockOf(p.Console, file))
	if err != nil {
		return nil, err
	}
	opened, err := p.host.Open(context.Background(), source, version, lock)
	if err != nil {
		return nil, err
	}
	return opened, nil
}
