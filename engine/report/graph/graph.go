// Package graph draws the steps of a runbook and the order that they depend on each
// other in: as text, for Mermaid, for Graphviz, and as JSON. It knows no plan: a graph
// needs no inputs. Floor 5.
package graph

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Format names the JSON form of a graph.
const Format = "gatebook/graph/v1"

// Graph is the steps of a runbook and the order that they depend on each other in.
type Graph struct {
	Format string `json:"format" enum:"gatebook/graph/v1"`
	Name   string `json:"name" doc:"The runbook's name."`
	Nodes  []Node `json:"nodes" doc:"The steps, each after all that it needs."`
	Edges  []Edge `json:"edges"`
}

// Node is one step of a [Graph].
type Node struct {
	ID      string     `json:"id"`
	Title   string     `json:"title,omitempty"`
	Action  string     `json:"action"`
	Effect  sdk.Effect `json:"effect" enum:"read,change,destroy"`
	Finally bool       `json:"finally,omitempty"`
	Gates   int        `json:"gates,omitempty" doc:"How many conditions its gate has."`
	Asks    bool       `json:"asks,omitempty" doc:"It is done by people, who are asked."`
}

// Edge says that one step of a [Graph] waits for another.
type Edge struct {
	From   string       `json:"from" doc:"The step that is waited for."`
	To     string       `json:"to" doc:"The step that waits."`
	Reason check.Reason `json:"reason" enum:"order,needs,reference"`
}

// Of returns the graph of a checked runbook.
func Of(r *check.Runbook) Graph {
	g := Graph{Format: Format, Name: r.Model.Metadata.Name.Value, Nodes: []Node{}, Edges: []Edge{}}
	for _, place := range r.Order {
		s := r.Steps[place]
		about := s.Use.Action.Description
		g.Nodes = append(g.Nodes, Node{
			ID: s.ID(), Title: s.Model.Title.Value, Action: about.Name, Effect: about.Effect,
			Finally: s.Finally, Gates: len(s.Gate), Asks: about.Asks,
		})
		for _, e := range s.Needs {
			g.Edges = append(g.Edges, Edge{From: r.Steps[e.Step].ID(), To: s.ID(), Reason: e.Reason})
		}
	}
	return g
}

// JSON writes a graph as one JSON document.
func JSON(w io.Writer, g Graph) error { return layout.JSON(w, g) }

// Mermaid writes a graph as a Mermaid flowchart.
func Mermaid(w io.Writer, g Graph) error {
	out := &layout.Page{}
	out.Linef("flowchart TD")
	for i, n := range g.Nodes {
		before, after := `["`, `"]`
		if n.Asks {
			before, after = `{{"`, `"}}`
		}
		out.Linef("  s%d%s%s%s:::%s", i, before, mermaidText(n.label("<br/>")), after, n.Effect)
	}
	place := g.places()
	for _, e := range g.Edges {
		out.Linef("  s%d %s s%d", place[e.From], e.stroke("-->", "-.->"), place[e.To])
	}
	out.Linef("  classDef read fill:#eef,stroke:#557")
	out.Linef("  classDef change fill:#fec,stroke:#a70")
	out.Linef("  classDef destroy fill:#fcc,stroke:#a00")
	return out.Print(w)
}

// stroke tells the edges that somebody wrote down from those that follow from the
// order or from a reference.
func (e Edge) stroke(written, implied string) string {
	if e.Reason == check.Referenced {
		return implied
	}
	return written
}

func (n Node) label(separator string) string {
	label := n.ID + separator + n.Action
	if n.Gates > 0 {
		label += separator + layout.Plural(n.Gates, "gate")
	}
	if n.Finally {
		label += separator + "finally"
	}
	return label
}

// mermaidText keeps what Mermaid would read as its own syntax out of a label.
func mermaidText(text string) string {
	return strings.NewReplacer(`"`, "#quot;", "#", "#35;").Replace(layout.Line(text))
}

func (g Graph) places() map[string]int {
	place := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		place[n.ID] = i
	}
	return place
}

// DOT writes a graph for Graphviz.
func DOT(w io.Writer, g Graph) error {
	out := &layout.Page{}
	out.Linef("digraph %s {", strconv.Quote(g.Name))
	out.Linef("  rankdir=TB; node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];")
	for _, n := range g.Nodes {
		shape := ""
		if n.Asks {
			shape = ", shape=hexagon"
		}
		out.Linef("  %s [label=%s, fillcolor=%q%s];", strconv.Quote(n.ID), strconv.Quote(n.label("\n")), fill(n.Effect), shape)
	}
	for _, e := range g.Edges {
		out.Linef("  %s -> %s [style=%s, tooltip=%q];", strconv.Quote(e.From), strconv.Quote(e.To), e.stroke("solid", "dashed"), string(e.Reason))
	}
	out.Linef("}")
	return out.Print(w)
}

func fill(effect sdk.Effect) string {
	switch effect {
	case sdk.Change:
		return "#ffeecc"
	case sdk.Destroy:
		return "#ffcccc"
	case sdk.Read:
		return "#eeeeff"
	default:
		return "#ffffff"
	}
}

// Text writes a graph as lines: each step below those that it waits for, in
// layers of steps that may run at one time.
func Text(w io.Writer, g Graph, style layout.Style) error {
	out := &layout.Page{Style: style}
	needs := map[string][]string{}
	for _, e := range g.Edges {
		needs[e.To] = append(needs[e.To], e.From)
	}
	layer, layers := map[string]int{}, [][]Node{}
	for _, n := range g.Nodes {
		depth := 0
		for _, need := range needs[n.ID] {
			depth = max(depth, layer[need]+1)
		}
		layer[n.ID] = depth
		for len(layers) <= depth {
			layers = append(layers, nil)
		}
		layers[depth] = append(layers[depth], n)
	}
	for i, nodes := range layers {
		out.Linef("%s", out.Bold(fmt.Sprintf("%d", i+1)))
		for _, n := range nodes {
			text := fmt.Sprintf("  %s  %s", n.ID, out.Dim(n.Action+" "+string(n.Effect)))
			if len(needs[n.ID]) > 0 {
				text += out.Dim("  after ") + layout.Steps(needs[n.ID])
			}
			out.Linef("%s", text)
		}
	}
	return out.Print(w)
}
