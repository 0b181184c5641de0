package run

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run/internal/hearing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Hearing is what the journal of a run says of its questions, by which an answer in it is held
// against the policy that the run goes by.
type Hearing = hearing.Hearing

// HearingOf returns the hearing of a run before its first record.
func HearingOf(p *plan.Plan, policy *people.Policy) *Hearing { return hearing.Of(p, policy) }

// ForgedError says that an answer in the journal of a run does not count by the policy that the
// run began with, so that nobody must go on with it.
type ForgedError = hearing.ForgedError

// ActOf is what the rules of a policy see of a plan.
func ActOf(p *plan.Plan) people.Act { return hearing.ActOf(p) }

// Question is what an answer to a step of a run is held against.
func Question(p *plan.Plan, began event.Run, step string, part event.Part, asked sdk.Question) people.Question {
	return hearing.Question(p, began, step, part, asked)
}

// vouched returns the answer in a request, by whom it is, and the proof of that where the policy
// wants one. The error says why it does not count.
func (d *driver) vouched(a *ask, request Request) (sdk.Answer, *event.Proof, error) {
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
	op, now := a.command.Op, d.process.Now().UTC()
	verdict, err := d.heard.Judge(*request.Signed, op, now)
	proof := &event.Proof{Key: verdict.Key, Document: verdict.Document, Signature: request.Signed.Signature}
	said := verdict.Answer
	if err == nil && said.Answer == people.Yes { // whoever has said yes may think better of it
		err = d.heard.Twice(verdict, op, d.earlier(op.Step))
	}
	if err == nil && request.Void != "" {
		err = errors.New(request.Void)
	}
	if err == nil {
		proof.Judged = now
		proof.Statement, err = json.Marshal(said)
	}
	if err == nil && d.secrets.In(proof.Statement) {
		err = errors.New("a secret of the run is in what was signed, which the journal would keep in clear: answer without")
	}
	if err != nil {
		proof.Statement = nil
	}
	return sdk.Answer{Approved: said.Answer == people.Yes, By: said.Person, At: said.Time, Comment: said.Comment, Fields: said.Fields, Attachments: said.Attachments}, proof, err
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
	if d.policy.Signed() && question.Fields != nil && data.HoldsSecret(question.Fields) {
		return errors.New("a secret is to be filled in, and the journal keeps what people sign: make it a secret input of the runbook")
	}
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
