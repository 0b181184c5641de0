package run

import (
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// ActOf is what the rules of a policy see of a plan.
func ActOf(p *plan.Plan) people.Act {
	act := people.Act{Runbook: p.Runbook.Name, Version: p.Runbook.Version, Owners: p.Runbook.Owners, Effect: string(sdk.Read)}
	for _, c := range p.Connections {
		act.Targets = append(act.Targets, c.Called())
	}
	for _, step := range p.Steps {
		switch {
		case step.LeftOut != nil:
		case step.Effect == sdk.Destroy:
			act.Effect = string(sdk.Destroy)
		case step.Effect == sdk.Change && act.Effect == string(sdk.Read):
			act.Effect = string(sdk.Change)
		}
	}
	return act
}

// Question is what an answer to a step of a run is held against.
func Question(p *plan.Plan, began event.Run, step string, part event.Part, asked sdk.Question) people.Question {
	return people.Question{
		Plan: began.AnswersTo(), Run: began.ID, Serial: began.Serial, Step: step, Part: string(part), Message: asked.Message,
		From: asked.From, Stands: asked.Expires, Act: ActOf(p), Author: began.Author, Starter: began.By,
	}
}

// vouched returns the answer in a request, by whom it is, and the proof of that where the policy
// wants one. The error says why it does not count.
func (d *driver) vouched(a *ask, question sdk.Question, request Request) (sdk.Answer, *event.Proof, error) {
	steps := a.command.Op.Part == event.Begin
	if steps {
		if err := d.mayStep(request.By); err != nil {
			return sdk.Answer{}, nil, err
		}
	}
	if steps || !d.policy.Signed() {
		if request.Answer == nil {
			return sdk.Answer{}, nil, errors.New("it is signed, and no policy says whose the key is")
		}
		answer := *request.Answer
		answer.By = request.By
		return answer, nil, nil
	}
	if request.Signed == nil {
		return sdk.Answer{}, nil, errors.New("it is not signed, and the policy takes signed answers alone")
	}
	op, now := a.command.Op, d.process.Now()
	verdict, err := d.policy.Judge(*request.Signed, Question(d.plan, d.began, op.Step, op.Part, question), now)
	proof := &event.Proof{Key: verdict.Key, Document: verdict.Document, Signature: request.Signed.Signature}
	said := verdict.Answer
	if err == nil {
		err = d.onlyOnce(op.Step, said, *proof)
	}
	return sdk.Answer{Approved: said.Answer == people.Yes, By: said.Person, At: said.Time, Comment: said.Comment, Fields: said.Fields, Attachments: said.Attachments}, proof, err
}

// onlyOnce says that an answer was given before, by the same document, person or key.
func (d *driver) onlyOnce(step string, said people.Statement, proof event.Proof) error {
	if d.spent[proof.Spends()] {
		return errors.New("it was given already, and an answer is taken once: sign another")
	}
	if said.Answer != people.Yes {
		return nil // whoever has said yes may think better of it
	}
	for _, voice := range d.machine.Voices(step, d.now) {
		switch {
		case voice.By == said.Person:
			return fmt.Errorf("%s has said yes already, and counts once", said.Person)
		case voice.Key == proof.Key:
			return fmt.Errorf("%s has said yes already by the same key, which counts once", voice.By)
		}
	}
	return nil
}

// earlier are those who have said yes to an open question.
func (d *driver) earlier(step string) []sdk.Voice {
	var voices []sdk.Voice
	for _, voice := range d.machine.Voices(step, d.now) {
		voices = append(voices, sdk.Voice{By: voice.By, At: voice.At, Comment: voice.Comment})
	}
	return voices
}

// canBeAnswered says why nobody could answer a question.
func (d *driver) canBeAnswered(question sdk.Question) error {
	if len(question.From) == 0 && question.Quorum <= 1 {
		return nil
	}
	if !d.policy.Signed() {
		return fmt.Errorf("it asks %d of some people, and no %s with allowedSigners says who they are", max(question.Quorum, 1), people.FileName)
	}
	members, err := d.policy.Of(question.From)
	if err == nil && len(question.From) > 0 && len(members) < question.Quorum {
		err = fmt.Errorf("it asks %d people, and there are %d in the groups that it names", question.Quorum, len(members))
	}
	return err
}

// mayStop says why an account may not have the run paused, cancelled or rolled back.
func (d *driver) mayStop(account string) error {
	return d.policy.MayCancel(ActOf(d.plan), account, d.began.Author, d.began.By, d.process.Now())
}

// mayStep says why an account may not let a change of a run that goes step by step begin: it
// may where it may have the run go on. That approves nothing, so that nobody signs it.
func (d *driver) mayStep(account string) error {
	return d.policy.MayStart(people.Beginning{Act: ActOf(d.plan), Account: account}, d.process.Now())
}

// quorumOf is how many people a question takes where it is more than one.
func quorumOf(question sdk.Question) int {
	if question.Quorum <= 1 {
		return 0
	}
	return question.Quorum
}
