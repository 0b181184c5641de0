package names_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"inputs.a >":                             {"inputs.a"},
		"inputs.a + vars.b.c(":                   {"inputs.a", "vars.b.c"},
		`steps.x.outputs["re plicas"][0] = 3`:    {"steps.x.outputs.re plicas"},
		"steps?.x?.outputs ++":                   {"steps.x.outputs"},
		"inputs[vars.name] &&":                   {"inputs", "vars.name"},
		`"inputs.a" + 'vars.b' +`:                nil,
		"self.inputs.a && observed.vars":         nil,
		"myinputs.a":                             nil,
		"inputs. ":                               {"inputs"},
		"inputs[":                                {"inputs"},
		"run.outcome ==":                         {"run.outcome"},
		"inputs." + strings.Repeat("a", 100_000): {"inputs", "vars"},
		"":                                       nil,
	} {
		var got []string
		for _, ref := range names.Mentions(text) {
			got = append(got, ref.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.40s (-want +got):\n%s", text, diff)
		}
	}
}
