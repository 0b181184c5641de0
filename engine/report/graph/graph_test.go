package graph_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

var update = flag.Bool("update", false, "write the golden files anew")

func read(id string) graph.Node { return graph.Node{ID: id, Action: "http.check", Effect: sdk.Read} }

func closing(id string) graph.Node {
	n := read(id)
	n.Finally = true
	return n
}

// graphs are one of each shape: with steps of finally, of which some wait for others,
// and without.
func graphs() map[string]graph.Graph {
	return map[string]graph.Graph{
		"steps": {
			Name: "web", Nodes: []graph.Node{read("look"), {ID: "upgrade", Action: "exec", Effect: sdk.Change, Gates: 2}, {ID: "wipe", Action: "exec", Effect: sdk.Destroy}},
			Edges: []graph.Edge{{From: "look", To: "upgrade", Reason: check.InOrder}, {From: "look", To: "wipe", Reason: check.Referenced}},
		},
		"finally": {
			Name: "web", Nodes: []graph.Node{
				read("look"), read("other"),
				{ID: "sign_off", Action: "approve", Effect: sdk.Read, Asks: true},
				closing("tell"), closing("clean"), closing("last"),
			},
			Edges: []graph.Edge{{From: "look", To: "sign_off", Reason: check.Needed}, {From: "tell", To: "last", Reason: check.InOrder}},
		},
		"alike": fleet(5),
		"hostile": {
			Name: "a \"b\" & c", Nodes: []graph.Node{
				{ID: "look", Title: "1. <b>Look</b> at \"it\" #12 *now*: http://x/\\N", Action: "http.check", Effect: sdk.Read},
				{ID: "ask", Title: "- `Go on`? a\\N &lt;", Action: "approve", Effect: sdk.Read, Asks: true},
				{ID: "wipe_all", Action: "exec", Effect: sdk.Destroy, Gates: 2, Closed: 1, NoReturn: "point of no return"},
			},
			Edges: []graph.Edge{{From: "look", To: "ask", Reason: check.InOrder}, {From: "ask", To: "wipe_all", Reason: check.Referenced}},
		},
		"when": {
			Name: "web", Nodes: []graph.Node{
				read("look"),
				{ID: "small", Action: "exec", Effect: sdk.Change, Gates: 1, Skip: graph.MayBeSkipped},
				{ID: "large", Action: "exec", Effect: sdk.Destroy, Skip: graph.MayBeSkipped},
				{ID: "ask", Action: "approve", Effect: sdk.Read, Asks: true, Gates: 2, Closed: 1, Skip: graph.Skipped},
			},
			Edges: []graph.Edge{{From: "look", To: "small", Reason: check.Needed}, {From: "look", To: "large", Reason: check.Needed}, {From: "small", To: "ask", Reason: check.Needed}},
		},
	}
}

func TestGraphsAreDrawn(t *testing.T) {
	t.Parallel()
	formats := map[string]func(io.Writer, graph.Graph) error{
		"txt":     func(w io.Writer, g graph.Graph) error { return graph.Text(w, g, layout.Style{}) },
		"mermaid": graph.Mermaid,
		"dot":     graph.DOT,
		"svg":     graph.SVG,
	}
	for name, g := range graphs() {
		for format, draw := range formats {
			t.Run(name+"."+format, func(t *testing.T) {
				t.Parallel()
				var drawn bytes.Buffer
				if err := draw(&drawn, g); err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("testdata", name+"."+format), drawn.Bytes())
			})
		}
	}
}

// golden holds a drawing against a file.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update writes it anew:\n%s", path, diff)
	}
}
