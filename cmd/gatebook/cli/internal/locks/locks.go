// Package locks looks at the plugins that are installed or locked, and locks them: it writes
// down which program of each may be run.
package locks

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/documents"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/host"
)

// Lock is a lock of plugins, in a file that a person named.
type Lock struct {
	*console.Console
	File string
}

// Missing returns an error where the lock is not there.
func (l *Lock) Missing() error {
	_, err := os.Stat(l.Path(l.File))
	return err
}

// Installed names the plugins that are installed.
func (l *Lock) Installed() []string { return host.Names(house.Dirs(l.Console)) }

// Look looks at the locked plugins, and at others that are named. None is started.
func (l *Lock) Look(others ...string) ([]documents.Plugin, error) {
	lock, err := host.ReadLock(l.Path(l.File))
	if err != nil {
		return nil, console.Usage("", "%v", err)
	}
	names := slices.Concat(others, slices.Collect(maps.Keys(lock.Plugins)))
	slices.Sort(names)
	plugins := house.NewHost(l.Console)
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

// Tell writes how plugins stand, as a table and, of each that would not be run, why.
func Tell(to io.Writer, lines []documents.Plugin) error {
	rows := make([][]string, len(lines))
	for i, p := range lines {
		rows[i] = []string{p.Name, p.Version, p.Path, state(p)}
	}
	if err := layout.Table(to, []string{"PLUGIN", "VERSION", "PROGRAM", "STATE"}, rows); err != nil {
		return err
	}
	for _, p := range lines {
		if p.Sound {
			continue
		}
		if _, err := fmt.Fprintf(to, "\n%s: %s\n", p.Name, p.State); err != nil {
			return err
		}
	}
	return nil
}

// state is how a plugin stands, in a word; why it would not be run takes sentences.
func state(p documents.Plugin) string {
	switch {
	case p.Sound:
		return p.State
	case p.Version == "":
		return "not locked"
	case p.Path == "":
		return "missing"
	default:
		return "refused"
	}
}
