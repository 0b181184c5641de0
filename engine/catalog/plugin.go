package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Provider is a plugin, described and ready to be connected; see plugins/host.
type Provider interface {
	// Describe says what the plugin is. It is constant.
	Describe() sdk.PluginDescription
	// SHA256 is that of its program, in lower-case hex.
	SHA256() string
	// Variables returns those of the named variables that are set, as a connection that
	// names them gets them.
	Variables(names []string) map[string]string
	// Connect returns its actions over one connection, by their names in the plugin.
	// config satisfies the schema of its connections; environment names the variables
	// that it gets; log takes what it writes to a log of its own, line by line, and is safe
	// for concurrent use; reached is told before each use what the connection reaches, the
	// zero Target where the plugin cannot tell, and its error keeps that from being used.
	// Nothing is started before an action is used, or is asked by a method Reach(ctx) error,
	// where it has one, to make the connection without being used.
	Connect(
		connection string, config json.RawMessage, environment []string,
		log func(line []byte), reached func(ctx context.Context, target sdk.Target) error,
	) map[string]sdk.Handler
}

// Plugin is a plugin under the name that a runbook gives it.
type Plugin struct {
	Alias    string
	Provider Provider
	// Connection is what configures a connection, in the form of an action's entry: its
	// input is the configuration.
	Connection *Entry
}

// DescribedPlugin returns a plugin of which no more is known than what it says of itself:
// one to look at, and not to connect.
func DescribedPlugin(alias string, d sdk.PluginDescription) *Plugin {
	plugin := &Plugin{Alias: alias, Connection: newEntry(nil, sdk.Description{
		Name: alias, Summary: d.Summary, Description: d.Description, Effect: sdk.Read,
		Input: d.Connection, Output: &schema.Schema{}, Rules: d.Rules,
	})}
	plugin.Connection.Plugin = plugin
	return plugin
}

// With returns the catalogue with a plugin's actions too, called ALIAS.ACTION. It fails
// where one of them has a name that is taken.
func (c *Catalog) With(alias string, provider Provider) (*Catalog, error) {
	d := provider.Describe()
	plugin := DescribedPlugin(alias, d)
	plugin.Provider = provider
	with := &Catalog{entries: maps.Clone(c.entries), names: slices.Clone(c.names), plugins: maps.Clone(c.plugins)}
	if with.plugins == nil {
		with.plugins = map[string]*Plugin{}
	}
	with.plugins[alias] = plugin
	for _, action := range d.Actions {
		entry := newEntry(nil, action)
		entry.Plugin, entry.action = plugin, action.Name
		entry.Description.Name = alias + "." + action.Name
		if _, taken := with.entries[entry.Description.Name]; taken {
			return nil, fmt.Errorf("there is an action %s already: call the plugin by another name", entry.Description.Name)
		}
		with.entries[entry.Description.Name] = entry
		with.names = append(with.names, entry.Description.Name)
	}
	slices.Sort(with.names)
	return with, nil
}

// Plugin returns the plugin that the runbook calls so, and whether there is one.
func (c *Catalog) Plugin(alias string) (*Plugin, bool) {
	plugin, ok := c.plugins[alias]
	return plugin, ok
}

// Plugins returns the plugins, by the names that they have here.
func (c *Catalog) Plugins() []*Plugin {
	plugins := make([]*Plugin, 0, len(c.plugins))
	for _, alias := range slices.Sorted(maps.Keys(c.plugins)) {
		plugins = append(plugins, c.plugins[alias])
	}
	return plugins
}

// On returns the action itself: a built-in one, or one of a plugin among those over a
// connection, as [Provider.Connect] returns them.
func (e *Entry) On(connected map[string]sdk.Handler) sdk.Handler {
	if e.Plugin == nil {
		return e.Handler
	}
	return connected[e.action]
}

// String names for people what takes parameters: "action http.check", or "plugin k8s"
// for what configures its connections.
func (e *Entry) String() string {
	if e.Plugin != nil && e.action == "" {
		return "plugin " + e.Description.Name
	}
	return "action " + e.Description.Name
}
