package catalog_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// update is the customary flag of golden files.
var update = flag.Bool("update", false, "write the golden files")

type input struct {
	Node    string            `json:"node" required:"true" pattern:"^[a-z]+$" doc:"Node to drain."`
	Grace   schema.Duration   `json:"grace" default:"30s" doc:"How long a pod has to end."`
	Retries int               `json:"retries" default:"3" min:"0" max:"10" doc:"How often to try."`
	Labels  map[string]string `json:"labels" doc:"Only pods with these."`
	Hooks   []hook            `json:"hooks" maxItems:"3" doc:"What to run | before."`
	Token   string            `json:"token" secret:"true" doc:"What lets one in."`
	Text    string            `json:"text" nosecret:"true" doc:"What to say."`
}

type hook struct {
	Kind string `json:"kind" required:"true" enum:"http,exec" doc:"What it is."`
}

type output struct {
	Evicted int `json:"evicted" required:"true" unit:"pods" doc:"How many were moved."`
}

func drain(t *testing.T, name string) sdk.Handler {
	t.Helper()
	handler, err := sdk.Action[input, output]{
		Name: name, Summary: "Move all pods away from a node", Effect: sdk.Change,
		Description: "Evicts each pod.\n\nWaits until they are gone.",
		Rules:       []schema.Rule{{Expr: "self.retries < 9", Message: "Nine is too many."}},
		Examples: []schema.Example{
			{Title: "Drain a node", With: map[string]any{"node": "alpha", "grace": "90s"}},
			{Title: "Everything", With: map[string]any{
				"retries": 3, "node": "on", "labels": map[string]any{"app": "web", "tier": "1"},
				"hooks": []any{map[string]any{"kind": "exec"}}, "text": "line one\nline: two\n",
			}},
		},
		Plan: func(context.Context, *sdk.Call[input]) (sdk.Preview, error) { return sdk.Preview{}, nil },
		Apply: func(context.Context, *sdk.Call[input]) (output, error) {
			return output{Evicted: 1}, nil
		},
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestLookupFindsActionsByName(t *testing.T) {
	t.Parallel()
	c, err := catalog.New(drain(t, "k8s.drain"), drain(t, "drain"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Names(); !slices.Equal(got, []string{"drain", "k8s.drain", catalog.Included}) {
		t.Errorf("got names %q", got)
	}
	if _, ok := c.Lookup("k8s.drian"); ok {
		t.Error("a name that nobody has was found")
	}
	entry, ok := c.Lookup("k8s.drain")
	if !ok || entry.Description.Name != "k8s.drain" {
		t.Fatalf("got %v, %t", entry, ok)
	}
	validator, err := entry.Input()
	if err != nil {
		t.Fatal(err)
	}
	if faults := validator.Validate(map[string]any{"node": "UPPER"}); len(faults) != 1 || faults[0].Keyword != "pattern" {
		t.Errorf("got %v, want the broken pattern", faults)
	}
	again, _ := entry.Input()
	if again != validator {
		t.Error("the validator was compiled twice")
	}
}

func TestTwoActionsOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	_, err := catalog.New(drain(t, "drain"), drain(t, "drain"))
	if err == nil || !strings.Contains(err.Error(), `two actions are called "drain"`) {
		t.Errorf("got %v", err)
	}
}

func TestMarkdownIsTheActionsPage(t *testing.T) {
	t.Parallel()
	c, err := catalog.New(drain(t, "k8s.drain"))
	if err != nil {
		t.Fatal(err)
	}
	entry, _ := c.Lookup("k8s.drain")
	got := entry.Markdown()
	golden := filepath.Join("testdata", "drain.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// described is a plugin of which its page is wanted.
type described struct {
	catalog.Provider
	description sdk.PluginDescription
}

func (d described) Describe() sdk.PluginDescription { return d.description }

func TestAPluginsPageSaysWhatItsConnectionsAreHeldTo(t *testing.T) {
	t.Parallel()
	type config struct {
		Within schema.Duration `json:"within" min:"1s" max:"1h" doc:"How long it may take."`
	}
	none, err := catalog.New()
	if err != nil {
		t.Fatal(err)
	}
	c, err := none.With("shop", described{description: sdk.PluginDescription{
		Name: "shop", Version: "1.0.0", Summary: "A shop", Connection: schema.For[config](),
		Rules: []schema.Rule{{Expr: "has(self.within)", Message: "say how long"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	plugin, _ := c.Plugin("shop")
	for _, want := range []string{"How long it may take. From 1s to 1h.", "## Rules of a connection\n\n- say how long (`has(self.within)`)\n"} {
		if page := plugin.Markdown(); !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
}

// TestExamplesAreReadBackAsTheyWere holds the simple writer against a real reader.
func TestExamplesAreReadBackAsTheyWere(t *testing.T) {
	t.Parallel()
	c, err := catalog.New(drain(t, "k8s.drain"))
	if err != nil {
		t.Fatal(err)
	}
	entry, _ := c.Lookup("k8s.drain")
	blocks := strings.Split(entry.Markdown(), "```")
	for i, example := range entry.Description.Examples {
		var steps []struct {
			ID, Uses string
			With     any
		}
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(blocks[2*i+1], "yaml\n")), &steps); err != nil {
			t.Fatalf("%s: %v", example.Title, err)
		}
		got, _ := json.Marshal(steps[0].With)
		want, _ := json.Marshal(example.With)
		if string(got) != string(want) || steps[0].Uses != "k8s.drain" || steps[0].ID != "drain" {
			t.Errorf("%s: got %s as %s, want %s", example.Title, got, steps[0].Uses, want)
		}
	}
}
