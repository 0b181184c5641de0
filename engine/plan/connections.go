package plan

import (
	"encoding/json"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/plan/internal/connection"
	"github.com/gatebook/gatebook/engine/value"
)

// What is known of connections, in a room of its own.
type (
	// Connection is a plugin configured for one target.
	Connection = connection.Connection
	// Targets hears what the connections of a plan reach, before each use of one.
	Targets = connection.Targets
	// Logs passes on what the plugins of a plan write to their logs.
	Logs = connection.Logs
	// LogLine is a line that a plugin wrote to its log.
	LogLine = connection.LogLine
)

// connections plans the connections, and makes ready what is reached over them. Nothing
// is started by it.
func (m *maker) connections() {
	m.connected = make(map[*check.Connection]*Connection, len(m.checked.Connections))
	for _, checked := range m.checked.Connections {
		m.connected[checked] = m.connect(checked)
	}
}

// connect plans a connection. One of a runbook that is taken in is another for each step that
// takes it in, unless it is configured as one that there is already: a thousand steps that work
// on one cluster share a connection.
func (m *maker) connect(checked *check.Connection) *Connection {
	config := m.eval(checked.Use.With)
	m.found = append(m.found, checked.Use.Check(config)...)
	described := checked.Plugin.Provider.Describe()
	planned := &Connection{
		Name: checked.Name, Plugin: checked.Plugin.Alias, Source: described.Name, Version: described.Version,
		SHA256: checked.Plugin.Provider.SHA256(), Config: config, Environment: checked.Environment,
	}
	if m.within != "" {
		planned.Name = m.id(planned.Called())
		if config.HasUnknown() && (m.void || m.stands) {
			return planned // nothing is done over it
		}
	}
	text := m.reveal(checked, config)
	is := strings.Join(append([]string{planned.Source, planned.Version, planned.SHA256, string(text)}, planned.Environment...), "\x00")
	if same := m.shared[is]; same != nil && m.within != "" && text != nil {
		return same
	}
	if m.shared == nil {
		m.shared = map[string]*Connection{}
	}
	m.shared[is] = planned
	planned.Secrets = connection.Secrets(checked.Plugin.Provider.Variables(checked.Environment))
	planned.Actions = checked.Plugin.Provider.Connect(planned.Name, text, checked.Environment,
		m.plan.Logs.Of(described.Name, planned.Name), m.plan.Targets.Of(planned))
	m.plan.Connections = append(m.plan.Connections, planned)
	return planned
}

// reveal writes a configuration as the plugin gets it, secrets and all.
func (m *maker) reveal(checked *check.Connection, config value.Value) json.RawMessage {
	if config.HasUnknown() {
		m.found = append(m.found, diag.CannotCompute.At(checked.Range, "What configures the connection %s is not known before the run.", checked.Name))
		return nil
	}
	text, err := config.RevealJSON()
	if err != nil {
		m.cannot(err, checked.Range)
	}
	return text
}

// Called is what people call the connection of a plugin's action; empty: it has none.
func (u *Use) Called() string {
	if u.Connection == nil {
		return ""
	}
	return u.Connection.Called()
}
