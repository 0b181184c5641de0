package world

import (
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
)

// reads are the steps that expressions of a plan refer to.
type reads struct {
	steps map[string]bool
	all   bool // of something nobody can tell to what it refers
}

// Reads reports whether an expression may see what a step, or an instance of one, has returned.
func (w *World) Reads(id string) bool { return w.reads.all || w.reads.steps[event.Template(id)] }

// readsOf finds the steps that expressions refer to. Of a runbook that is taken in all are, as
// its expressions call them by other names.
func readsOf(p *plan.Plan) reads {
	r := reads{steps: make(map[string]bool)}
	for _, s := range p.Steps {
		r.all = r.all || s.Runbook != nil
		r.source(s.Source)
		r.conditions(s.Gate)
		r.conditions(s.Verify)
		r.conditions([]*plan.Condition{s.When})
		r.program(s.Retry.If)
		if back := s.Rollback; back != nil {
			r.program(back.Retry.If)
			if back.Use != nil {
				r.source(back.Use.Source)
			}
		}
		if s.Loop != nil {
			r.source(s.Loop.Source)
			r.conditions(s.Loop.Between)
			r.conditions([]*plan.Condition{s.Loop.When})
		}
	}
	return r
}

func (r *reads) conditions(conditions []*plan.Condition) {
	for _, c := range conditions {
		if c == nil {
			continue
		}
		r.program(c.Program)
		if c.Observe != nil {
			r.source(c.Observe.Source)
		}
	}
}

func (r *reads) program(of plan.Program) {
	switch tells := of.(type) {
	case nil:
	case interface{ Refs() []expr.Ref }:
		for _, ref := range tells.Refs() {
			r.ref(ref)
		}
	default:
		r.all = true
	}
}

func (r *reads) source(of plan.Source) {
	switch tells := of.(type) {
	case nil:
	case *data.Use:
		r.tree(tells.With)
	case *data.Tree:
		r.tree(tells)
	default:
		r.all = true
	}
}

func (r *reads) tree(of *data.Tree) {
	for reference := range of.References() {
		r.ref(reference.Ref)
	}
}

// ref takes in what an expression refers to: of all steps, where it does not say which.
func (r *reads) ref(of expr.Ref) {
	if id, ok := of.Step(); ok {
		r.steps[id] = true
	} else if of.Root == expr.RootSteps {
		r.all = true
	}
}
