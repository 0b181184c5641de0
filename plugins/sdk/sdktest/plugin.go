package sdktest

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// RunPlugin holds what a plugin says of itself, and how it reaches its target, to the
// contract, in a subtest for each part of it; its actions are for [Run]. Config satisfies
// the schema of its connections, gives each of their secrets, and reaches a target.
// Declared is called anew for each part, as one process serves one connection.
func RunPlugin[C any](t *testing.T, declared func() sdk.Plugin[C], config map[string]any) {
	t.Helper()
	for _, check := range pluginChecks() {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			check.run(newConnecting(t, served(declared), config))
		})
	}
}

// served makes of a declaration what has no types.
func served[C any](declared func() sdk.Plugin[C]) func() (*sdk.Served, error) {
	return func() (*sdk.Served, error) { return declared().Served() }
}

// pluginCheck is one part of the contract.
type pluginCheck struct {
	name string
	run  func(*connecting)
}

func pluginChecks() []pluginCheck {
	return []pluginCheck{
		{"description", (*connecting).isDescribed},
		{"bad configurations are refused", (*connecting).badConfigurations},
		{"cancel is prompt", (*connecting).cancelIsPrompt},
		{"the target stays the same", (*connecting).targetStays},
	}
}

// connecting is one check of one connection.
type connecting struct {
	testing.TB
	serve       func() (*sdk.Served, error)
	description sdk.PluginDescription
	config      map[string]any
	secrets     []string // their texts, which must be seen nowhere
}

func newConnecting(t testing.TB, serve func() (*sdk.Served, error), config map[string]any) *connecting {
	t.Helper()
	c := &connecting{TB: t, serve: serve, config: config}
	c.description = c.fresh().Description
	c.secrets = secretsIn(c.description.Connection, config)
	return c
}

// fresh is the plugin in a process of its own.
func (c *connecting) fresh() *sdk.Served {
	c.Helper()
	served, err := c.serve()
	if err != nil {
		c.Fatalf("the plugin is not sound: %v", err)
	}
	return served
}

func (c *connecting) isDescribed() {
	documented(c, c.description.Name, "with", c.description.Connection)
	explained(c, c.description.Name, c.description.Rules)
	if untried := untriedSecrets(c.description.Connection, []map[string]any{c.config}); len(untried) > 0 {
		c.Errorf("the configuration does not give the secrets %v, so that nobody knows whether they are kept secret", untried)
	}
}

// badConfigurations gives an unknown field, and to each field a value of a wrong type.
func (c *connecting) badConfigurations() {
	c.refuses("noSuchField", 1)
	for _, p := range c.description.Connection.Properties {
		if wrong, ok := wrongFor(p.Schema); ok {
			c.refuses(p.Name, wrong)
		}
	}
}

func (c *connecting) refuses(name string, wrong any) {
	c.Helper()
	config := maps.Clone(c.config)
	if config == nil {
		config = map[string]any{}
	}
	config[name] = wrong
	err := c.fresh().Configure(c.Context(), c.encode(config))
	isRefused(c, name, wrong, err)
	if err != nil {
		hides(c, c.secrets, "the error", err.Error())
	}
}

func (c *connecting) encode(config map[string]any) json.RawMessage {
	c.Helper()
	if config == nil {
		return json.RawMessage("{}")
	}
	text, err := json.Marshal(config)
	if err != nil {
		c.Fatalf("the configuration is no JSON: %v", err)
	}
	return text
}

func (c *connecting) cancelIsPrompt() {
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	plugin := c.fresh()
	err := ends(c, func() error {
		err := plugin.Configure(ctx, c.encode(c.config))
		if err == nil {
			_, err = plugin.Target(ctx)
		}
		return err
	})
	if err != nil { // one that is done before it looks may succeed
		isTyped(c, err)
		hides(c, c.secrets, "the error", err.Error())
	}
}

// targetStays reaches the target twice, as a run does that is taken up again.
func (c *connecting) targetStays() {
	first, second := c.target(), c.target()
	if first.ID != second.ID || !reflect.DeepEqual(first.Also, second.Also) {
		c.Errorf("the target is %+v, and when it is reached again it is %+v", first, second)
	}
	text, err := json.Marshal(first)
	hides(c, c.secrets, "the target", string(text))
	if err != nil {
		c.Errorf("the target: %v", err)
	}
}

func (c *connecting) target() sdk.Target {
	c.Helper()
	plugin := c.fresh()
	err := plugin.Configure(c.Context(), c.encode(c.config))
	var reached sdk.Target
	if err == nil {
		reached, err = plugin.Target(c.Context())
	}
	if err != nil {
		hides(c, c.secrets, "the error", err.Error())
		c.Fatalf("the target cannot be reached: %v", err)
	}
	return reached
}
