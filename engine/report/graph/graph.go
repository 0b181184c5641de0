// Package graph draws the steps of a runbook and the order that they depend on each
// other in: as text, as a picture, for Mermaid, for Graphviz, and as JSON. The steps of
// `finally` are a part of their own behind all others. It knows no plan: a graph needs no
// inputs. Floor 5.
package graph

import (
	"cmp"
	"io"
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/event"
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
	Finally bool       `json:"finally,omitempty" doc:"It runs when all other steps have ended, however they ended; no edge says so."`
	Gates   int        `json:"gates,omitempty" doc:"How many conditions its gate has."`
	Asks    bool       `json:"asks,omitempty" doc:"It is done by people, who are asked."`
	Each    bool       `json:"each,omitempty" doc:"It is done once for each of many."`
	Skip    Skip       `json:"skip,omitempty" enum:"may be skipped,skipped,left out" doc:"Whether its when may skip it, or is known to, or a person has left it out; absent: it is done."`

	// What only a plan knows, for a picture: in words for how many it is done that is done for
	// many, how many conditions of the gate are false now, and in words whether this is the
	// first step behind which not all can be as it was.
	Times    string `json:"-"`
	Closed   int    `json:"-"`
	NoReturn string `json:"-"`
}

// Skip says, in the words of a picture, what becomes of a step by its `when`, or by a person's
// word.
type Skip string

// What `when` may do; without it a step is not skipped.
const (
	MayBeSkipped Skip = "may be skipped" // it is not known yet
	Skipped      Skip = "skipped"        // it is false
	LeftOut      Skip = "left out"       // a person wants it so, whatever `when` says
)

// skips are all of them, in the order in which a picture tells what they mean.
func skips() []Skip { return []Skip{MayBeSkipped, Skipped, LeftOut} }

// never reports whether it is known that the step is not done.
func (s Skip) never() bool { return s == Skipped || s == LeftOut }

// why says in a sentence what [Skip] means.
func (s Skip) why() string {
	switch s {
	case LeftOut:
		return string(s) + ": a person, or the mode, wants it so"
	case Skipped:
		return string(s) + ": its when is false"
	default:
		return string(s) + ": its when is not known yet"
	}
}

// class is what a picture calls a box of such steps.
func (s Skip) class() string {
	switch s {
	case Skipped, LeftOut:
		return " skipped"
	case MayBeSkipped:
		return " maybe"
	default:
		return ""
	}
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
	g.add(r, Node{})
	return g
}

// add adds the steps of a runbook, which outer takes in, and returns those that are done last.
func (g *Graph) add(r *check.Runbook, outer Node) []string {
	ends, waited := make([][]string, len(r.Steps)), make([]bool, len(r.Steps))
	for _, place := range r.Order {
		s := r.Steps[place]
		n := nodeOf(s, outer)
		g.Nodes = append(g.Nodes, n)
		for _, e := range s.Needs {
			waited[e.Step] = true
			g.join(ends[e.Step], n, e.Reason)
		}
		switch {
		case len(s.Needs) > 0 || outer.ID == "":
		case s.Finally:
			g.join(last(r, ends, waited, false), n, check.InOrder)
		default:
			g.join([]string{outer.ID}, n, check.Needed)
		}
		ends[place] = []string{n.ID}
		if s.Runbook != nil {
			ends[place] = g.add(s.Runbook, n)
		}
	}
	if ids := last(r, ends, waited, true); len(ids) > 0 {
		return ids
	}
	return last(r, ends, waited, false)
}

func (g *Graph) join(from []string, to Node, reason check.Reason) {
	for _, id := range from {
		g.Edges = append(g.Edges, Edge{From: id, To: to.ID, Reason: reason})
	}
}

// last are the steps for which no other of the runbook waits: of its finally, or of the others.
func last(r *check.Runbook, ends [][]string, waited []bool, finally bool) (ids []string) {
	for i, s := range r.Steps {
		if s.Finally == finally && !waited[i] {
			ids = append(ids, ends[i]...)
		}
	}
	return ids
}

func nodeOf(s *check.Step, outer Node) Node {
	about := s.Use.Action.Description
	n := Node{
		ID: s.ID(), Title: s.Model.Title.Value, Action: about.Name, Effect: about.Effect,
		Finally: s.Finally, Gates: len(s.Gate), Asks: about.Asks, Each: s.Loop != nil,
	}
	if outer.ID != "" {
		n.ID, n.Finally = event.InsideID(outer.ID, n.ID), outer.Finally
	}
	if s.Runbook != nil {
		n.Effect = sdk.Read // each of its steps has its own
	}
	if s.When != nil {
		n.Skip = MayBeSkipped
	}
	return n
}

// times says for how many a step is done that is done for many.
func (n Node) times() string {
	if n.Each {
		return cmp.Or(n.Times, "for each")
	}
	return ""
}

// JSON writes a graph as one JSON document.
func JSON(w io.Writer, g Graph) error { return layout.JSON(w, g) }

// closing is what stands over the steps of finally.
const closing = "finally, however it went"

// parts returns the steps, and those of finally.
func (g Graph) parts() (steps, finally []Node) {
	i := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.Finally })
	if i < 0 {
		return g.Nodes, nil
	}
	return g.Nodes[:i], g.Nodes[i:]
}
