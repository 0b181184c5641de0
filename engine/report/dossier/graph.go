package dossier

import (
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/engine/review"
)

// Graph is the order of a plan's steps, to be drawn with what its review found.
func Graph(p *plan.Plan, r *review.Review) graph.Graph {
	g := graph.Graph{Format: graph.Format, Name: p.Runbook.Name, Nodes: []graph.Node{}, Edges: []graph.Edge{}}
	order := p.Order()
	for i, s := range p.Steps {
		g.Nodes = append(g.Nodes, graph.Node{
			ID: s.ID, Title: s.Title, Action: s.Action, Effect: s.Effect,
			Finally: s.Finally, Gates: len(s.Gate), Asks: s.Describe.Asks,
			Each: s.Loop != nil, Times: times(s), Skip: skip(s), Closed: closed(s), NoReturn: noReturn(r, s),
		})
		for _, e := range order[i] {
			g.Edges = append(g.Edges, graph.Edge{From: e.Step, To: s.ID, Reason: e.Reason})
		}
	}
	return g
}

// skip is what becomes of a step by its `when`, as far as that is known, or by a person's word.
func skip(s *plan.Step) graph.Skip {
	switch {
	case s.LeftOut != nil:
		return graph.LeftOut
	case s.Skipped():
		return graph.Skipped
	case s.When != nil && s.When.State.Truth == expr.Unknown.String():
		return graph.MayBeSkipped
	default:
		return ""
	}
}

// closed counts the conditions of a step's gate that are false as things are now.
func closed(s *plan.Step) (n int) {
	for _, one := range s.Each() {
		for _, c := range one.Gate {
			if c.Closes() && !one.Skipped() && !s.Skipped() {
				n++
			}
		}
	}
	return n
}
