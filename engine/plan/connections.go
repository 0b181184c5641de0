package plan

import (
	"encoding/json"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Connection is a plugin configured for one target.
type Connection struct {
	Name        string      `json:"name,omitempty" doc:"The name in the runbook; absent: the plugin's only connection, which is not declared."`
	Plugin      string      `json:"plugin" doc:"The plugin, by the name that the runbook gives it."`
	Source      string      `json:"source" doc:"The plugin's own name."`
	Version     string      `json:"version"`
	SHA256      string      `json:"sha256" doc:"SHA-256 of the plugin's program for this platform."`
	Config      value.Value `json:"config" doc:"What configures it, secrets masked."`
	Environment []string    `json:"environment,omitempty" doc:"The variables that the plugin gets of gatebook's environment."`
}

// connections plans the connections, and makes ready what is reached over them. Nothing
// is started by it.
func (m *maker) connections() {
	m.connected = make(map[*check.Connection]map[string]sdk.Handler, len(m.checked.Connections))
	for _, checked := range m.checked.Connections {
		config := m.eval(checked.Use.With)
		m.found = append(m.found, checked.Use.Check(config)...)
		described := checked.Plugin.Provider.Describe()
		m.plan.Connections = append(m.plan.Connections, Connection{
			Name: checked.Name, Plugin: checked.Plugin.Alias, Source: described.Name, Version: described.Version,
			SHA256: checked.Plugin.Provider.SHA256(), Config: config, Environment: checked.Environment,
		})
		log := m.plan.Logs.of(described.Name, checked.Name)
		m.connected[checked] = checked.Plugin.Provider.Connect(checked.Name, m.reveal(checked, config), checked.Environment, log)
	}
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

// nameOf is the name of a connection; empty where there is none.
func nameOf(on *check.Connection) string {
	if on == nil {
		return ""
	}
	return on.Name
}
