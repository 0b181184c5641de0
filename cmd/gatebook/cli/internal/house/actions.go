package house

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/plugins/host"
)

// Actions returns the actions that steps can use: with a runbook's file the built-in ones
// and those of its plugins, under the names that it gives them; without one those of the
// plugins that are locked in this folder, under their own names. A plugin is started only
// where nobody has seen it before. Those that cannot be used are missing, and left says why.
func (h *House) Actions(runbook string) (actions *catalog.Catalog, left []string, err error) {
	if runbook == "" {
		return h.locked()
	}
	file, err := h.Read(runbook)
	if err != nil {
		return nil, nil, err
	}
	read, found := h.Check(file)
	if read.Actions == nil {
		return nil, nil, h.Invalid(found)
	}
	for _, d := range found {
		if d.Rule == diag.PluginUnavailable {
			left = append(left, d.Detail)
		}
	}
	return read.Actions, left, nil
}

// locked returns the built-in actions and those of the plugins in the lock of this folder.
func (h *House) locked() (actions *catalog.Catalog, left []string, err error) {
	here := h.Path("runbook.yaml") // the lock lies beside it, if it were there
	lock, err := host.ReadLock(LockOf(h.Console, here))
	if err != nil {
		return nil, nil, err
	}
	actions = h.Catalog()
	for _, name := range slices.Sorted(maps.Keys(lock.Plugins)) {
		opened, err := h.plugins.Open(here, name, nil)
		with := actions
		if err == nil {
			with, err = actions.With(name, opened)
		}
		if err != nil {
			left = append(left, fmt.Sprintf("The plugin %s cannot be used: %v.", name, err))
			continue
		}
		actions = with
	}
	for _, name := range host.Names(Dirs(h.Console)) {
		if _, known := lock.Plugins[name]; !known {
			left = append(left, fmt.Sprintf("The plugin %s is installed, and not in %s here, so that it is not asked. Lock it: gatebook plugins lock %s", name, host.LockFile, name))
		}
	}
	return actions, left, nil
}
