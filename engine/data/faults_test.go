package data_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

func TestWhatAnActionSaysOfItselfIsHeldAgainstItsRules(t *testing.T) {
	t.Parallel()
	input := &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{
		{Name: "least", Schema: &schema.Schema{Type: schema.TypeInteger}},
		{Name: "most", Schema: &schema.Schema{Type: schema.TypeInteger}},
	}}
	between := schema.Rule{Expr: "!has(self.least) || !has(self.most) || self.least <= self.most", Message: "the least is at most the most."}
	example := func(with map[string]any) []schema.Example { return []schema.Example{{Title: "One", With: with}} }
	for name, test := range map[string]struct {
		rule     schema.Rule
		examples []schema.Example
		want     string // empty: nothing is wrong
	}{
		"all is well":    {between, example(map[string]any{"least": 1, "most": 2.0}), ""},
		"no parameters":  {between, example(nil), ""},
		"no CEL":         {schema.Rule{Expr: "self.least <", Message: "it is odd."}, nil, "A rule of the action scale cannot be read (self.least <): "},
		"no bool":        {schema.Rule{Expr: "self.least", Message: "it is odd."}, nil, "A rule of the action scale cannot be read (self.least): "},
		"not its fields": {schema.Rule{Expr: "self.last > 1", Message: "it is odd."}, nil, "self has no field last"},
		"not its own":    {schema.Rule{Expr: "inputs.least > 1", Message: "it is odd."}, nil, "A rule of the action scale cannot be read (inputs.least > 1): it names inputs.least, and a rule knows the parameters alone, as self."},
		"a loop":         {schema.Rule{Expr: "[1, 2].exists(n, n == self.least)", Message: "it is odd."}, example(map[string]any{"least": 1}), ""},
		"broken":         {between, example(map[string]any{"least": 3, "most": 2}), `The example "One" of the action scale breaks a rule of it: the least is at most the most.`},
		"no data":        {between, example(map[string]any{"least": make(chan int)}), `The example "One" of the action scale cannot be read: `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			action := catalog.Described(sdk.Description{Name: "scale", Input: input, Output: &schema.Schema{}, Rules: []schema.Rule{test.rule}, Examples: test.examples})
			found := data.NewUses(expr.NewCompiler()).Faults(action)
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("got %v", found)
			case test.want != "" && (len(found) != 1 || found[0].Rule != diag.FaultyAction || !strings.Contains(found[0].Detail, test.want)):
				t.Errorf("got %v\nwant %s", found, test.want)
			}
		})
	}
}
