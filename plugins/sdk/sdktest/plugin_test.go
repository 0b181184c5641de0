package sdktest_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
)

type door struct {
	Address string `json:"address" required:"true" doc:"Where it is."`
	Token   string `json:"token" secret:"true" doc:"What lets one in."`
}

// doors is a plugin that keeps the contract, as often as it is declared.
func doors() sdk.Plugin[door] {
	var at door
	return sdk.Plugin[door]{
		Name: "doors", Version: "1.0.0", Summary: "Doors that open",
		Rules: []schema.Rule{{Expr: "self.address != ''", Message: "A door is somewhere."}},
		Configure: func(ctx context.Context, config door) error {
			at = config
			return ctx.Err()
		},
		Target: func(context.Context) (sdk.Target, error) {
			return sdk.Target{ID: at.Address, Title: "the door " + at.Address}, nil
		},
		Actions: []sdk.Declaration{double()},
	}
}

func behindTheDoor() map[string]any {
	return map[string]any{"address": "front", "token": "opensesame"}
}

func TestAPluginThatKeepsTheContractPasses(t *testing.T) {
	t.Parallel()
	sdktest.RunPlugin(t, doors, behindTheDoor())
}

// TestEachBreachOfAPluginIsFound runs one check at a time on a plugin with one fault.
func TestEachBreachOfAPluginIsFound(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	for name, test := range map[string]struct {
		change func(*sdk.Plugin[door])
		check  string
		want   string
	}{
		"not sound":       {func(p *sdk.Plugin[door]) { p.Version = "one" }, "description", "the plugin is not sound"},
		"a rule's reason": {func(p *sdk.Plugin[door]) { p.Rules[0].Message = "no" }, "description", "a message that is a whole sentence"},
		"an error shows the secret": {func(p *sdk.Plugin[door]) {
			p.Configure = func(_ context.Context, config door) error {
				return sdk.Errorf(sdk.Denied, "%s does not open it", config.Token)
			}
		}, "the target stays the same", "a secret is in the error"},
		"an error has no class": {func(p *sdk.Plugin[door]) {
			p.Configure = func(context.Context, door) error { _, err := strconv.Atoi("it"); return err }
		}, "cancel is prompt", "the error has no class"},
		"the target shows the secret": {func(p *sdk.Plugin[door]) {
			p.Target = func(context.Context) (sdk.Target, error) {
				return sdk.Target{ID: "front", Title: "the door with opensesame"}, nil
			}
		}, "the target stays the same", "a secret is in the target"},
		"each time another target": {func(p *sdk.Plugin[door]) {
			p.Target = func(context.Context) (sdk.Target, error) {
				return sdk.Target{ID: strconv.FormatInt(reached.Add(1), 10), Title: "a door"}, nil
			}
		}, "the target stays the same", "when it is reached again it is"},
		"a target without a title": {func(p *sdk.Plugin[door]) {
			p.Target = func(context.Context) (sdk.Target, error) { return sdk.Target{ID: "front"}, nil }
		}, "the target stays the same", "no title"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			declared := func() sdk.Plugin[door] {
				plugin := doors()
				test.change(&plugin)
				return plugin
			}
			faults := sdktest.CheckPlugin(t, test.check, declared, behindTheDoor())
			if !strings.Contains(strings.Join(faults, "\n"), test.want) {
				t.Errorf("%q finds %q", test.check, faults)
			}
		})
	}
	faults := sdktest.CheckPlugin(t, "description", doors, map[string]any{"address": "front"})
	if len(faults) != 1 || !strings.Contains(faults[0], "does not give the secrets [token]") {
		t.Errorf("got %q", faults)
	}
}

type careless struct {
	Name string `json:"name"`
}

func TestAFieldWithoutASentenceIsFound(t *testing.T) {
	t.Parallel()
	declared := func() sdk.Plugin[careless] {
		return sdk.Plugin[careless]{Name: "careless", Version: "1.0.0", Summary: "Little said", Actions: []sdk.Declaration{double()}}
	}
	if faults := sdktest.CheckPlugin(t, "description", declared, nil); len(faults) != 1 || !strings.Contains(faults[0], "with.name needs a description") {
		t.Errorf("got %q", faults)
	}
}
