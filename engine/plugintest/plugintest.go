// Package plugintest holds the plugins of this repository to what each of them owes those who read of
// it and copy from it: its pages say what it is, its examples and our runbooks have nothing to mend, and
// what is wrong with a runbook is found at its place. What an action does is for
// [github.com/gatebook/gatebook/plugins/sdk/sdktest]. Floor 9, for tests.
package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps"
)

// Plugin is a plugin of this repository, and where that lies which people read of it. Paths are seen
// from the folder of the test.
type Plugin struct {
	Description sdk.PluginDescription
	Title       string // what it is for: "Kubernetes"
	Alias       string // what pages and runbooks call it: "k8s"
	Page        string // written by hand, around the table of a connection
	Reference   string // of its actions, written from their declarations
	Wrong       string // pattern of runbooks that say on the line what is wrong with it
	Runbooks    string // pattern of our runbooks that use it

	// Inputs are, by the name of each of these runbooks, those with which it is drilled, as
	// "name=value" lines. Behind the name and a comma stands what tells one more drill of the same
	// runbook from the first: "k8s-node-upgrade.yaml, by hand".
	Inputs map[string]string
}

// Describe is what a plugin says of itself, which must be sound: each of its structs has a schema, and
// nothing is said twice.
func Describe[C any](t testing.TB, declared sdk.Plugin[C]) sdk.PluginDescription {
	t.Helper()
	served, err := declared.Served()
	if err != nil {
		t.Fatal(err)
	}
	return served.Description
}

// Run holds a plugin to all but its pages, which [InStep] does.
func Run(t *testing.T, p Plugin) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range c.faults(t, p) {
				t.Error(fault)
			}
		})
	}
	t.Run("what is wrong is found at its place", func(t *testing.T) {
		t.Parallel()
		p.findsWrong(t)
	})
}

// check finds what is wrong with one part of what a plugin owes.
type check struct {
	name   string
	faults func(testing.TB, Plugin) []string
}

func checks() []check {
	return []check{
		{"each action says what rights it needs", untoldRights},
		{"names are held to what things can be called", looseNames},
		{"rules can be read", unreadableRules},
		{"examples have nothing to mend", wrongExamples},
		{"our runbooks are where they are looked for", unfoundRunbooks},
		{"our runbooks have nothing to mend", wrongRunbooks},
		{"each of our runbooks is drilled", undrilled},
		{"our runbooks drill clean", uncleanDrills},
	}
}

// Engine is an engine with the built-in actions and those of the plugin. It starts nothing: to check a
// runbook, and to plan it offline, a plugin need not run.
func (p Plugin) Engine(t testing.TB) *engine.Engine {
	t.Helper()
	builtin, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := engine.New(engine.Config{
		Handlers: builtin, Plugins: here{p.Description}, State: t.TempDir(), Version: "0.1.0", Files: checktest.Beside,
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// here is the plugin in this process, and the only one that there is.
type here struct{ description sdk.PluginDescription }

func (h here) Open(_, source string, _ *semver.Constraints) (catalog.Provider, error) {
	if source != h.description.Name {
		return nil, fmt.Errorf("this test has the plugin %s alone", h.description.Name)
	}
	return h, nil
}

func (h here) Describe() sdk.PluginDescription { return h.description }

func (here) SHA256() string { return "00" }

func (here) Variables([]string) map[string]string { return nil }

func (here) Connect(string, json.RawMessage, []string, func([]byte), func(context.Context, sdk.Target) error) map[string]sdk.Handler {
	return nil
}

// aName is how the description of a name begins.
var aName = regexp.MustCompile(`^(Name|Namespace)\b`)

// looseNames are the names among the parameters that have no pattern, so that check would let pass what
// nothing can be called.
func looseNames(_ testing.TB, p Plugin) (found []string) {
	names := 0
	for _, action := range p.Description.Actions {
		walk(action.Input, func(field string, s *schema.Schema) {
			if !aName.MatchString(s.Description) {
				return
			}
			if names++; s.Pattern == "" {
				found = append(found, fmt.Sprintf("%s: %s is a name, and has no pattern", action.Name, field))
			}
		})
	}
	if names == 0 {
		found = append(found, "no action takes a name")
	}
	return found
}

// walk visits the fields of a schema, and what is below them.
func walk(s *schema.Schema, visit func(field string, s *schema.Schema)) {
	for _, property := range s.Properties {
		visit(property.Name, property.Schema)
		walk(property.Schema, visit)
	}
	for _, below := range []*schema.Schema{s.Items, s.Additional} {
		if below != nil {
			walk(below, visit)
		}
	}
}

// unreadableRules are the rules of actions and of the connection that are no expressions.
func unreadableRules(_ testing.TB, p Plugin) (found []string) {
	for _, d := range engine.PluginFaults(p.Description) {
		found = append(found, d.Detail)
	}
	return found
}
