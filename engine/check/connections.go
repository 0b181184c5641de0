package check

import (
	"strings"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
)

// Connection is a plugin configured for one target.
type Connection struct {
	Name        string // empty: the plugin's default, which the runbook does not declare
	Plugin      *catalog.Plugin
	Use         *data.Use // its configuration
	Environment []string
	Range       source.Range

	used bool
}

// compileConnections compiles the configurations. They are known before any step runs,
// as vars are.
func (c *checker) compileConnections() {
	declared := c.model.Connections.Entries
	c.connections = make(map[string]*Connection, len(declared))
	for _, entry := range declared {
		if entry.Value == nil {
			continue
		}
		connection := &Connection{Name: entry.Key.Value, Range: entry.Key.Range()}
		for _, name := range entry.Value.Environment.Items {
			connection.Environment = append(connection.Environment, name.Value)
		}
		plugin := c.plugin(entry.Value.Plugin)
		var configured *catalog.Entry
		if plugin != nil {
			configured = plugin.Connection
		}
		at := site{what: "the connection " + diag.Clean(connection.Name), vars: true}
		connection.Plugin = plugin
		connection.Use = c.use(at, configured, entry.Value.Plugin, entry.Value.With)
		c.connections[connection.Name] = connection
		c.runbook.Connections = append(c.runbook.Connections, connection)
	}
}

// plugin looks up a plugin by the runbook's name for it. One that is declared and cannot
// be used has been reported.
func (c *checker) plugin(name model.Text) *catalog.Plugin {
	plugin, ok := c.catalogue.Plugin(name.Value)
	if ok || name.Value == "" || c.declares(name.Value) {
		return plugin
	}
	names := make([]string, 0, len(c.model.Plugins.Entries))
	for _, entry := range c.model.Plugins.Entries {
		names = append(names, entry.Key.Value)
	}
	found := diag.UnknownPlugin.At(name.Range(), "There is no plugin %q in this runbook.", diag.Clean(name.Value))
	c.add(c.suggest(found, name.Value, names))
	return nil
}

func (c *checker) declares(plugin string) bool {
	for _, entry := range c.model.Plugins.Entries {
		if entry.Key.Value == plugin {
			return true
		}
	}
	return false
}

// ofUnusable reports whether an action is one of a plugin that is declared and cannot be
// used, of which enough has been said.
func (c *checker) ofUnusable(action string) bool {
	alias, _, dotted := strings.Cut(action, ".")
	if _, usable := c.catalogue.Plugin(alias); usable || !dotted {
		return false
	}
	return c.declares(alias)
}

// connection finds the connection that an action is used over; nil for a built-in one.
func (c *checker) connection(action *catalog.Entry, uses, on model.Text) *Connection {
	switch {
	case action == nil:
		return nil
	case action.Plugin == nil:
		if on.Node != nil {
			c.add(diag.WrongConnection.At(on.Range(), "The %s is built in, and takes no connection.", action))
		}
		return nil
	case on.Node != nil:
		return c.named(action, on)
	}
	var fitting []*Connection
	for _, connection := range c.runbook.Connections {
		if connection.Plugin == action.Plugin {
			fitting = append(fitting, connection)
		}
	}
	switch len(fitting) {
	case 0:
		return c.byDefault(action.Plugin, uses)
	case 1:
		fitting[0].used = true
		return fitting[0]
	}
	names := make([]string, len(fitting))
	for i, connection := range fitting {
		connection.used = true // one of them is meant
		names[i] = connection.Name
	}
	c.add(diag.ManyConnections.At(uses.Range(), "The plugin %s has the connections %s.", action.Plugin.Alias, strings.Join(names, ", ")).
		WithHint("add on: %s", names[0]))
	return nil
}

// named finds the connection that `on` names.
func (c *checker) named(action *catalog.Entry, on model.Text) *Connection {
	connection, ok := c.connections[on.Value]
	if !ok {
		names := make([]string, 0, len(c.connections))
		for _, declared := range c.runbook.Connections {
			names = append(names, declared.Name)
		}
		found := diag.UnknownConnection.At(on.Range(), "There is no connection %q.", diag.Clean(on.Value))
		c.add(c.suggest(found, on.Value, names))
		return nil
	}
	connection.used = true
	if connection.Plugin != nil && connection.Plugin != action.Plugin {
		c.add(diag.WrongConnection.At(on.Range(), "The connection %s is of the plugin %s, and the %s of %s.",
			connection.Name, connection.Plugin.Alias, action, action.Plugin.Alias).WithRelated(connection.Range, "it is declared here"))
		return nil
	}
	return connection
}

// byDefault makes the connection of a plugin of which the runbook declares none: one that
// needs no configuration.
func (c *checker) byDefault(plugin *catalog.Plugin, uses model.Text) *Connection {
	if connection, ok := c.defaults[plugin]; ok {
		return connection
	}
	if other := c.connections[plugin.Alias]; other != nil && other.Plugin != nil {
		c.add(diag.WrongConnection.At(uses.Range(), "The connection of the plugin %[1]s is called %[1]s, as nobody declares one, and so is one of another plugin: who says %[1]s could mean both.", plugin.Alias).
			WithRelated(other.Range, "it is declared here").WithHint("give that another name, or declare one of the plugin %s", plugin.Alias))
	}
	use, found := c.uses.Make(plugin.Connection, data.Empty(), uses.Range())
	connection := &Connection{Plugin: plugin, Use: use, Range: uses.Range(), used: true}
	if found.HasErrors() {
		connection = nil
		c.add(diag.NoConnection.At(uses.Range(), "The plugin %s has no connection, and none by default: %s", plugin.Alias, found[0].Detail))
	} else {
		c.runbook.Connections = append(c.runbook.Connections, connection)
	}
	if c.defaults == nil {
		c.defaults = map[*catalog.Plugin]*Connection{}
	}
	c.defaults[plugin] = connection
	return connection
}

// checkUnusedPlugins warns of plugins of which no action is used, and of connections over
// which nothing is done. Of a plugin that cannot be used enough has been said.
func (c *checker) checkUnusedPlugins() {
	for _, entry := range c.model.Plugins.Entries {
		if _, usable := c.catalogue.Plugin(entry.Key.Value); usable && !c.plugins[entry.Key.Value] {
			c.add(diag.UnusedPlugin.At(entry.Key.Range(), "No step uses an action of the plugin %s.", diag.Clean(entry.Key.Value)))
		}
	}
	for _, connection := range c.runbook.Connections {
		if !connection.used && connection.Plugin != nil {
			c.add(diag.UnusedConnection.At(connection.Range, "No step uses the connection %s.", connection.Name))
		}
	}
}
