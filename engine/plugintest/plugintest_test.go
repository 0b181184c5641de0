package plugintest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/plugintest"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

type shelfInput struct {
	Shelf string `json:"shelf" required:"true" pattern:"^[a-z]+$" doc:"Name of the shelf."`
	Goods int    `json:"goods" min:"1" default:"1" doc:"How many goods to put there."`
	Label string `json:"label" doc:"What to write on it."`
}

type house struct {
	Address string `json:"address" doc:"Where it is."`
}

// shop is a plugin that owes nobody anything, once its pages are written.
func shop(t *testing.T, spoil func(*sdk.Action[shelfInput, struct{}])) plugintest.Plugin {
	t.Helper()
	stock := sdk.Action[shelfInput, struct{}]{
		Name: "stock", Summary: "Put goods on a shelf", Description: "Puts goods there.", Effect: sdk.Change, Idempotent: true,
		Rules:    []schema.Rule{{Expr: "self.goods < 10", Message: "A shelf bears nine goods."}},
		Examples: []schema.Example{{Title: "One", With: map[string]any{"shelf": "left", "label": "${{ inputs.text }}"}}},
		Apply:    func(context.Context, *sdk.Call[shelfInput]) (struct{}, error) { return struct{}{}, nil },
		Undo:     func(context.Context, *sdk.Call[shelfInput]) error { return nil },
	}
	spoil(&stock)
	dir := t.TempDir()
	p := plugintest.Plugin{
		Description: plugintest.Describe(t, sdk.Plugin[house]{Name: "shop", Version: "1.0.0", Summary: "Shelves", Actions: []sdk.Declaration{stock}}),
		Title:       "Shop", Alias: "s", Page: filepath.Join(dir, "shop.md"), Reference: filepath.Join(dir, "shop-actions.md"),
		Runbooks: filepath.Join(dir, "s-*.yaml"), Inputs: map[string]string{"s-fill.yaml": "shelf=left", "s-fill.yaml, more": "shelf=left\ngoods=2"},
	}
	write(t, p.Page, "# Shop\n\n<!-- table: connection -->\n<!-- end -->\n\n## Rights\n\n`stock` needs a key.\n")
	plugintest.InStep(t, p, true)
	write(t, filepath.Join(dir, "s-fill.yaml"), fill)
	return p
}

const fill = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: fill, version: 1.0.0}
plugins: {s: {source: shop}}
inputs: {shelf: {type: string}, goods: {type: integer, default: 1}}
steps:
  - {id: fill, uses: s.stock, with: {shelf: "${{ inputs.shelf }}", goods: "${{ inputs.goods }}"}}
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func sound(*sdk.Action[shelfInput, struct{}]) {}

func TestWhatIsAsItShouldBePasses(t *testing.T) {
	t.Parallel()
	p := shop(t, sound)
	plugintest.InStep(t, p, false)
	for _, name := range plugintest.Checks() {
		if found := plugintest.Faults(t, name, p); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// Each check can fail, which is seen of a plugin with one fault. Behind the name of a check and a comma
// stands what tells one more fault from the first.
func TestEachFaultIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*sdk.Action[shelfInput, struct{}])
		after func(*testing.T, plugintest.Plugin)
		says  string
	}{
		"each action says what rights it needs": {after: func(t *testing.T, p plugintest.Plugin) {
			t.Helper()
			write(t, p.Page, "# Shop\n\n## Rights\n\nNone.\n\n## Else\n\n`stock`\n")
		}, says: "does not say what stock needs"},
		"names are held to what things can be called": {after: func(_ *testing.T, p plugintest.Plugin) {
			p.Description.Actions[0].Input.Properties[0].Schema.Pattern = ""
		}, says: "stock: shelf is a name"},
		"rules can be read": {spoil: func(a *sdk.Action[shelfInput, struct{}]) {
			a.Rules[0].Expr = "self.goodies < 10"
		}, says: "goodies"},
		"examples have nothing to mend": {spoil: func(a *sdk.Action[shelfInput, struct{}]) {
			a.Examples[0].With["label"] = "${{ steps.fil.outputs.shelf }}"
		}, says: "steps.fil"},
		"examples have nothing to mend, of which there are none": {spoil: func(a *sdk.Action[shelfInput, struct{}]) {
			a.Examples = nil
		}, says: "no action has an example"},
		"our runbooks are where they are looked for": {after: func(t *testing.T, p plugintest.Plugin) {
			t.Helper()
			if err := os.Remove(filepath.Join(filepath.Dir(p.Page), "s-fill.yaml")); err != nil {
				t.Fatal(err)
			}
		}, says: "no runbook matches"},
		"our runbooks have nothing to mend": {after: func(t *testing.T, p plugintest.Plugin) {
			t.Helper()
			write(t, filepath.Join(filepath.Dir(p.Page), "s-fill.yaml"), strings.Replace(fill, "goods: {", "unused: {type: string, default: a}, goods: {", 1))
		}, says: "unused"},
		"each of our runbooks is drilled": {after: func(_ *testing.T, p plugintest.Plugin) {
			clear(p.Inputs)
		}, says: "s-fill.yaml is not drilled"},
		"our runbooks drill clean": {spoil: func(a *sdk.Action[shelfInput, struct{}]) {
			a.Undo = nil
		}, says: "fill"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spoil := c.spoil
			if spoil == nil {
				spoil = sound
			}
			p := shop(t, spoil)
			if c.after != nil {
				c.after(t, p)
			}
			check, _, _ := strings.Cut(name, ",")
			if found := strings.Join(plugintest.Faults(t, check, p), "\n"); !strings.Contains(found, c.says) {
				t.Errorf("got %q, want it to say %q", found, c.says)
			}
		})
	}
}
