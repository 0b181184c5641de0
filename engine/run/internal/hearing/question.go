package hearing

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// ActOf is what the rules of a policy see of a plan. What only happens where it is taken back
// counts as what is done.
func ActOf(p *plan.Plan) people.Act {
	act := people.Act{Runbook: p.Runbook.Name, Version: p.Runbook.Version, Owners: p.Runbook.Owners, Effect: string(sdk.Read), Mode: p.ModeInForce()}
	for _, c := range p.Connections {
		act.Targets = append(act.Targets, c.Called())
	}
	for _, step := range p.Steps {
		if step.LeftOut != nil {
			continue
		}
		effects := []sdk.Effect{step.Effect}
		if step.Rollback != nil && step.Rollback.Use != nil {
			effects = append(effects, step.Rollback.Use.Effect)
		}
		for _, effect := range effects {
			switch {
			case effect == sdk.Destroy:
				act.Effect = string(sdk.Destroy)
			case effect == sdk.Change && act.Effect == string(sdk.Read):
				act.Effect = string(sdk.Change)
			}
		}
	}
	return act
}

// Question is what an answer to a step of a run is held against.
func Question(p *plan.Plan, began event.Run, step string, part event.Part, asked sdk.Question) people.Question {
	return people.Question{
		Plan: began.AnswersTo(), Run: began.ID, Serial: began.Serial, Step: step, Part: string(part), Message: asked.Message,
		From: asked.From, Stands: asked.Expires, Act: ActOf(p), Author: began.Author, Starter: began.By, Early: early(p, step, part),
	}
}

// early is why nobody can say yes to a question before it is asked; empty: anybody can.
func early(p *plan.Plan, id string, part event.Part) string {
	if part == event.Undo {
		return "it asks whether something is taken back that is not done yet"
	}
	for step := range p.All() {
		if step.ID == id {
			return step.Early()
		}
	}
	for at := id; at != ""; {
		of, _, isInstance := event.SplitInstance(at)
		if !isInstance {
			at, _, _ = event.SplitInside(at)
			continue
		}
		if many, ok := p.Step(of); ok && many.Loop != nil && !many.Loop.Known() {
			return many.Early() // nobody knew what it is done for
		}
		at = of
	}
	return ""
}
