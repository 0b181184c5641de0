package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// loud is a plugin in this process that hands out where its log goes.
type loud struct {
	*sdk.Served
	log func(line []byte)
}

func (l *loud) Describe() sdk.PluginDescription { return l.Description }

func (*loud) SHA256() string { return "00" }

func (*loud) Variables([]string) map[string]string { return nil }

func (l *loud) Connect(_ string, _ json.RawMessage, _ []string, log func(line []byte), _ func(context.Context, sdk.Target) error) map[string]sdk.Handler {
	l.log = log
	handler, _ := l.Handler("shout")
	return map[string]sdk.Handler{"shout": handler}
}

// What plugins log before anybody listens, as for a preview, is heard by who listens then,
// in its order; of too much of it, that there was more.
func TestLogsAreHeardFromTheirBeginning(t *testing.T) {
	t.Parallel()
	served, err := sdk.Plugin[struct{}]{Name: "loud", Version: "1.0.0", Summary: "Loud", Actions: []sdk.Declaration{
		sdk.Action[struct{}, struct{}]{
			Name: "shout", Summary: "Shout", Effect: sdk.Read,
			Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
		},
	}}.Served()
	if err != nil {
		t.Fatal(err)
	}
	empty, err := catalog.New()
	if err != nil {
		t.Fatal(err)
	}
	plugin := &loud{Served: served}
	catalogue, err := empty.With("l", plugin)
	if err != nil {
		t.Fatal(err)
	}
	made := mustPlan(t, checktest.Load(t, catalogue, "test.yaml", checktest.Head+"plugins: {l: {source: loud}}\nsteps: [{id: a, uses: l.shout}]\n"), "")
	line := bytes.Repeat([]byte("x"), 300<<10)
	for range 5 {
		plugin.log(line)
	}
	var heard []string
	made.Logs.To(func(l plan.LogLine) {
		heard = append(heard, fmt.Sprintf("%s %q %.30s", l.Plugin, l.Connection, l.Text))
	})
	line[0] = 'y' // its bytes are used again
	plugin.log([]byte("later"))
	want := slices.Repeat([]string{`loud "" ` + strings.Repeat("x", 30)}, 3)
	want = append(want, `loud "" … what came here before the ru`, `loud "" later`)
	if !slices.Equal(heard, want) {
		t.Errorf("got %q\nwant %q", heard, want)
	}
}
