package engine

import (
	"errors"
	"sync"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Plugins opens the plugins that runbooks use.
type Plugins interface {
	// Open describes a plugin of which a version that the constraint allows (nil: any) is
	// locked beside the runbook's file.
	Open(file, source string, version *semver.Constraints) (catalog.Provider, error)
}

// PluginFaults returns what is wrong with what a plugin says of itself and takes an
// engine to be seen: the rules of its actions and of its connections. It is for the plugin's authors; whoever uses such an
// action is told of it by [Engine.Check].
func PluginFaults(plugin sdk.PluginDescription) diag.List {
	uses := data.NewUses(expr.NewCompiler())
	found := uses.Faults(catalog.DescribedPlugin(plugin.Name, plugin).Connection)
	for _, action := range plugin.Actions {
		found = append(found, uses.Faults(catalog.Described(action))...)
	}
	return found
}

// noPlugins is for a program that hosts none.
type noPlugins struct{}

func (noPlugins) Open(string, string, *semver.Constraints) (catalog.Provider, error) {
	return nil, errors.New("this program hosts no plugins")
}

// catalogueFor returns the actions that there are for a runbook: the built-in ones, and
// those of its plugins. One that cannot be used is reported, and its actions are missing.
func (e *Engine) catalogueFor(file string, runbook *model.Runbook) (*catalog.Catalog, diag.List) {
	declared := runbook.Plugins.Entries
	opened := make([]catalog.Provider, len(declared))
	errs := make([]error, len(declared))
	var opening sync.WaitGroup
	for i, entry := range declared {
		if entry.Value == nil || !entry.Value.Source.IsDNSLabel() {
			continue // the model's finding: what is no name is not looked for
		}
		version, err := semver.NewConstraint(entry.Value.Version.Value)
		if entry.Value.Version.Value != "" && err != nil {
			continue
		}
		opening.Go(func() { opened[i], errs[i] = e.plugins.Open(file, entry.Value.Source.Value, version) })
	}
	opening.Wait()
	catalogue, found := e.catalogue, diag.List(nil)
	for i, entry := range declared {
		if opened[i] == nil && errs[i] == nil {
			continue
		}
		with, err := catalogue, errs[i]
		if err == nil {
			with, err = catalogue.With(entry.Key.Value, opened[i])
		}
		if err != nil {
			found = append(found, diag.PluginUnavailable.At(entry.Value.Source.Range(), "The plugin %s cannot be used: %s.", entry.Value.Source.Value, diag.Clean(err.Error())))
			continue
		}
		catalogue = with
	}
	return catalogue, found
}
