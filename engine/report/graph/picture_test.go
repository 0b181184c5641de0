package graph_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// fleet is a graph of which two steps for each of so many nodes are alike.
func fleet(nodes int) graph.Graph {
	g := graph.Graph{Name: "fleet", Nodes: []graph.Node{read("look")}}
	for i := range nodes {
		drain, upgrade := fmt.Sprint("drain_", i), fmt.Sprint("upgrade_", i)
		g.Nodes = append(g.Nodes, graph.Node{ID: drain, Action: "k8s.drain", Effect: sdk.Change}, graph.Node{ID: upgrade, Action: "exec", Effect: sdk.Change, Gates: 1})
		g.Edges = append(g.Edges, graph.Edge{From: "look", To: drain, Reason: check.Needed}, graph.Edge{From: drain, To: upgrade, Reason: check.InOrder})
	}
	return g
}

// random makes a graph of steps that differ in all that a picture can show, and of which
// some are alike by chance.
func random(seed uint64) graph.Graph {
	var g graph.Graph
	by := rand.New(rand.NewPCG(seed, seed))
	steps := int(seed) * 9
	closing := steps - by.IntN(steps/4+1)
	for i := range steps {
		g.Nodes = append(g.Nodes, graph.Node{
			ID: fmt.Sprint("step_", i), Action: []string{"exec", "k8s.drain"}[by.IntN(2)],
			Effect:  []sdk.Effect{sdk.Read, sdk.Change, sdk.Destroy}[by.IntN(3)],
			Finally: i >= closing, Asks: by.IntN(9) == 0, Gates: by.IntN(2),
			Skip: []graph.Skip{"", "", graph.MayBeSkipped, graph.Skipped}[by.IntN(4)],
		})
		first := 0
		if i >= closing {
			first = closing
		}
		for range min(i-first, by.IntN(4)) {
			edge := graph.Edge{
				From: fmt.Sprint("step_", first+by.IntN(i-first)), To: fmt.Sprint("step_", i),
				Reason: []check.Reason{check.InOrder, check.Needed, check.Referenced}[by.IntN(3)],
			}
			if !slices.ContainsFunc(g.Edges, func(e graph.Edge) bool { return e.From == edge.From && e.To == edge.To }) {
				g.Edges = append(g.Edges, edge)
			}
		}
	}
	return g
}

// Whatever the steps are: the picture is sound XML, and each step is in it by name. In a page,
// each leads to its section: by its box, by its name in a box of several, or by its name in
// the list that a box of many leads to.
func TestPicturesHaveEachStepOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			g := random(seed)
			var drawn bytes.Buffer
			if err := graph.SVG(&drawn, g); err != nil {
				t.Fatal(err)
			}
			picture, err := graph.Draw(g)
			if err != nil {
				t.Fatal(err)
			}
			listed := map[string]bool{}
			for _, group := range picture.Groups {
				if !strings.Contains(picture.Markup, `href="#`+group.Anchor+`"`) {
					t.Errorf("nothing leads to %s", group.Anchor)
				}
				for _, n := range slices.Concat(group.Levels...) {
					listed[n.ID] = true
				}
			}
			titles := titlesOf(t, drawn.String())
			for _, n := range g.Nodes {
				named := slices.DeleteFunc(slices.Clone(titles), func(title string) bool {
					return !strings.HasPrefix(title, n.ID+" · "+n.Action+" · "+string(n.Effect))
				})
				if len(named) != 1 {
					t.Errorf("%s is drawn %d times", n.ID, len(named))
				}
				if leads := strings.Contains(picture.Markup, `href="#`+graph.Anchor(n.ID)+`"`); leads == listed[n.ID] {
					t.Errorf("%s is drawn: %t, and listed: %t", n.ID, leads, listed[n.ID])
				}
			}
		})
	}
}

// Steps that are side by side are drawn as one only where all of them are skipped, or none;
// where many are one box it says how many of them may not be done.
func TestPicturesSayWhichStepsAreSkipped(t *testing.T) {
	t.Parallel()
	alike := fleet(8)
	chain := graph.Graph{Nodes: []graph.Node{read("step_0")}}
	for i := range 999 {
		chain.Nodes = append(chain.Nodes, graph.Node{ID: fmt.Sprint("step_", i+1), Action: "exec", Effect: sdk.Destroy, Gates: 1})
		chain.Edges = append(chain.Edges, graph.Edge{From: fmt.Sprint("step_", i), To: fmt.Sprint("step_", i+1), Reason: check.InOrder})
	}
	for i := range alike.Nodes {
		if n := &alike.Nodes[i]; i%2 == 1 {
			n.Skip = []graph.Skip{graph.MayBeSkipped, graph.Skipped}[i/8]
		}
	}
	for i := range chain.Nodes {
		switch {
		case i > 900:
			chain.Nodes[i].Skip = graph.Skipped
		case i > 890:
			chain.Nodes[i].Skip = graph.MayBeSkipped
		}
	}
	for name, c := range map[string]struct {
		g    graph.Graph
		want []string
	}{
		"alike": {alike, []string{"k8s.drain × 4</text>", `>may be skipped</text>`, `>skipped</text>`, `class="node change maybe many"`, `class="node change skipped many"`}},
		"many":  {chain, []string{`class="node destroy skipped many"`, ">50 steps on levels 951–1000</text>", "901–950: 1 destroy</text>", ">1 may be skipped · 49 skipped · 1 gate</text>", ">9 may be skipped · 50 gates</text>"}},
	} {
		var drawn bytes.Buffer
		if err := graph.SVG(&drawn, c.g); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(drawn.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, drawn.String())
			}
		}
	}
}

// However many steps there are, few boxes are drawn, so that it takes no time and fits.
func TestPicturesOfManyStepsHaveFewBoxes(t *testing.T) {
	t.Parallel()
	chain := graph.Graph{Nodes: []graph.Node{read("step_0")}}
	for i := range 1999 {
		chain.Nodes = append(chain.Nodes, read(fmt.Sprint("step_", i+1)))
		for _, from := range []int{i, i / 2} {
			if from == i || from < i-1 {
				chain.Edges = append(chain.Edges, graph.Edge{From: fmt.Sprint("step_", from), To: fmt.Sprint("step_", i+1), Reason: check.Referenced})
			}
		}
	}
	for name, g := range map[string]graph.Graph{"side by side": fleet(1000), "one after the other": chain} {
		picture, err := graph.Draw(g)
		if err != nil {
			t.Fatal(err)
		}
		if boxes := strings.Count(picture.Markup, `class="shape"`); boxes > 30 {
			t.Errorf("%s: %d boxes", name, boxes)
		}
	}
}

// Titles come from files that somebody else wrote.
func TestTextInAPictureIsNoMarkup(t *testing.T) {
	t.Parallel()
	for _, title := range []string{`</title><script>alert(1)</script>`, "a\x1b[31mb\x00c\nd\u202e", `" onload="alert(1)`, "]]>&amp;"} {
		g := graph.Graph{Name: title, Nodes: []graph.Node{{ID: "one", Title: title, Action: "exec", Effect: sdk.Change}}}
		var drawn bytes.Buffer
		if err := graph.SVG(&drawn, g); err != nil {
			t.Fatal(err)
		}
		titlesOf(t, drawn.String())
	}
}

// titlesOf reads a picture as XML and returns what it says of its boxes and lines. Nothing in
// it may act.
func titlesOf(t *testing.T, drawn string) (titles []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(drawn))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return titles
		}
		if err != nil {
			t.Fatalf("%v in %q", err, drawn[:min(decoder.InputOffset(), int64(len(drawn)))])
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local == "script" || slices.ContainsFunc(start.Attr, func(a xml.Attr) bool { return strings.HasPrefix(a.Name.Local, "on") }) {
			t.Fatalf("it has a script: %v", start)
		}
		if start.Name.Local == "title" {
			var text string
			if err := decoder.DecodeElement(&text, &start); err != nil {
				t.Fatalf("%v", err)
			}
			titles = append(titles, text)
		}
	}
}

// A dozen steps fit a screen also where they are side by side: then the picture goes from left
// to right.
func TestADozenStepsFitAScreen(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]bool{"a fan": true, "roots": false} {
		var g graph.Graph
		for i := range 10 {
			id := fmt.Sprint("s", i)
			g.Nodes = append(g.Nodes, graph.Node{ID: id, Title: fmt.Sprintf("Step number %d of all", i), Action: fmt.Sprint("action.", i), Effect: sdk.Read, Gates: i % 2})
			if ends {
				g.Edges = append(g.Edges, graph.Edge{From: "first", To: id, Reason: check.Needed}, graph.Edge{From: id, To: "last", Reason: check.Needed})
			}
		}
		if ends {
			g.Nodes = slices.Concat([]graph.Node{read("first")}, g.Nodes, []graph.Node{read("last")})
		}
		drawn, err := graph.Draw(g)
		if err != nil {
			t.Fatal(err)
		}
		if drawn.Width > 1160 || drawn.Height > 1000 {
			t.Errorf("%s: it is %d by %d", name, drawn.Width, drawn.Height)
		}
		if !strings.Contains(drawn.Markup, "waits for the one to the left") {
			t.Errorf("%s: the legend does not say where to look", name)
		}
	}
}
