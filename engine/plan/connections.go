package plan

import (
	"cmp"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

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

	// Target and TargetError are what was found out of it for people to see before a run.
	Target      *sdk.Target `json:"target,omitempty" doc:"What it reaches; absent: nobody asked, or the plugin cannot tell."`
	TargetError string      `json:"targetError,omitempty" doc:"Why it could not be told what it reaches."`

	// Secrets are what those of the variables hold that are secrets by their names.
	Secrets value.Value `json:"-"`

	actions map[string]sdk.Handler // over it, by their names in the plugin
	used    bool                   // an action over it is part of the plan
}

// Called is what people call the connection.
func (c *Connection) Called() string { return cmp.Or(c.Name, c.Plugin) }

// connections plans the connections, and makes ready what is reached over them. Nothing
// is started by it.
func (m *maker) connections() {
	m.connected = make(map[*check.Connection]*Connection, len(m.checked.Connections))
	for _, checked := range m.checked.Connections {
		config := m.eval(checked.Use.With)
		m.found = append(m.found, checked.Use.Check(config)...)
		described := checked.Plugin.Provider.Describe()
		connection := &Connection{
			Name: checked.Name, Plugin: checked.Plugin.Alias, Source: described.Name, Version: described.Version,
			SHA256: checked.Plugin.Provider.SHA256(), Config: config, Environment: checked.Environment,
			Secrets: secretsOf(checked.Plugin.Provider.Variables(checked.Environment)),
		}
		connection.actions = checked.Plugin.Provider.Connect(checked.Name, m.reveal(checked, config), checked.Environment,
			m.plan.Logs.of(described.Name, checked.Name), m.plan.Targets.of(connection))
		m.plan.Connections = append(m.plan.Connections, connection)
		m.connected[checked] = connection
	}
}

// secretsOf returns what those variables hold that are secrets by their names, for those
// who mask: it is how credentials come to plugins, which may print what they got.
func secretsOf(variables map[string]string) value.Value {
	var secrets []value.Value
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if text := variables[name]; namesSecret(name) && len(text) >= shortestSecret && !filepath.IsAbs(text) {
			secrets = append(secrets, value.String(text).Secret())
		}
	}
	return value.List(secrets...)
}

// shortestSecret is the length in bytes from which what such a variable holds is masked: a
// shorter one may be a word that stands everywhere.
const shortestSecret = 8

// namesSecret reports whether a variable of the name holds a secret, as far as one can
// tell: GITHUB_TOKEN and AWS_SECRET_ACCESS_KEY do, AWS_REGION and KUBECONFIG do not.
func namesSecret(name string) bool {
	name = strings.ToUpper(name)
	for _, word := range []string{"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "KEY")
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
