package engine_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Who locks a plugin is told of a rule about its connections that nobody could read.
func TestRulesOfAConnectionAreLookedAt(t *testing.T) {
	t.Parallel()
	type config struct {
		Inside bool   `json:"inside" doc:"Whether one is there already."`
		Token  string `json:"token" doc:"What lets one in."`
	}
	for expr, want := range map[string]string{
		`!(has(self.inside) && has(self.token))`: "",
		`!has(self.outside)`:                     "A rule of the plugin shop cannot be read",
		`!(`:                                     "A rule of the plugin shop cannot be read",
		`inputs.inside`:                          "A rule of the plugin shop cannot be read",
	} {
		found := engine.PluginFaults(sdk.PluginDescription{
			Name: "shop", Version: "1.0.0", Summary: "A shop", Connection: schema.For[config](),
			Rules: []schema.Rule{{Expr: expr, Message: "no."}},
		})
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].Detail, want)) {
			t.Errorf("%s: got %v, want %q", expr, found, want)
		}
	}
}
