package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Seal makes the file of a plan, by the key of the engine's state folder. shown is the plan
// as it was previewed, or as it is offline. Of the notes, those are filled in here that
// follow from the plan.
func (e *Engine) Seal(p *Plan, shown *plan.Plan, notes seal.Notes) (*seal.Plan, []byte, error) {
	key, err := ledger.Of(e.store).Key()
	if err != nil {
		return nil, nil, err
	}
	made, err := e.essence(p, shown, key)
	if err != nil {
		return nil, nil, err
	}
	notes.Runbook, notes.Text = p.Runbook.File, string(p.text)
	notes.Sources = p.secrets
	notes.Asks, notes.Later = seal.Asking(p.Plan)
	return seal.Seal(made, notes, key)
}

// essence is what a plan is made of here and now.
func (e *Engine) essence(p *Plan, shown *plan.Plan, key seal.Key) (seal.Essence, error) {
	made, err := seal.Of(p.Plan, shown, e.version, key)
	made.Dir = e.dir
	return made, err
}

// Unseal reads the file of a sealed plan. It is nil where there are findings: the file is
// not as it was sealed, or not by the key of the engine's state folder.
func (e *Engine) Unseal(file *source.File) (*seal.Plan, diag.List, error) {
	key, err := ledger.Of(e.store).Key()
	if err != nil {
		return nil, nil, err
	}
	read, found := seal.Read(file, key)
	return read, found, nil
}

// Used returns a [ledger.UsedError] where a run has carried out a sealed plan, or does.
func (e *Engine) Used(p *seal.Plan) error { return ledger.Of(e.store).Used(p.Notes.Serial) }

// SealedInputs gives the inputs of a sealed plan again, each secret read from its source.
func SealedInputs(p *seal.Plan, secret ReadSecret) ([]input.Given, error) {
	return givenAgain(p.Essence.Inputs, p.Notes.Sources, "the sealed plan", secret)
}

// Drift says what is not as it was when a plan was sealed. now is the plan that is made of
// the runbook as it is now, and shown the same as it is previewed.
func (e *Engine) Drift(was *seal.Plan, now *Plan, shown *plan.Plan) ([]seal.Drift, error) {
	key, err := ledger.Of(e.store).Key()
	if err != nil {
		return nil, err
	}
	is, err := e.essence(now, shown, key)
	if err != nil {
		return nil, err
	}
	return was.Drift(is, string(now.text), seal.Hidden(shown)...), nil
}

// Changed says what is not as it was when a plan was sealed, of what can be told without
// making the plan again: gatebook's version, the folder that it works in, and the runbook, whose text is nil where it is
// not there any more.
func (e *Engine) Changed(was *seal.Plan, text []byte) []seal.Drift {
	is := was.Essence
	is.Gatebook, is.Dir, is.Files = e.version, e.dir, nil
	if text != nil && len(was.Essence.Files) > 0 {
		is.Files = slices.Clone(was.Essence.Files) // of which only the runbook is looked at here
		is.Files[0].SHA256 = event.Digest(text)
	}
	return was.Drift(is, string(text))
}

// Left is an answer that was left for the run of a sealed plan.
type Left struct {
	Step string
	sdk.Answer
}

// LeaveAnswer keeps an answer for the run that carries out a sealed plan: this one, or
// another of the same digest. A later answer to the same step takes the place of an earlier, of
// signed ones that of the same person. signed is nil where it is not signed.
// The error is a [ledger.UsedError] where a run carries out this one already, or has, and a
// [seal.EarlyError] where it is a yes to what nobody can say yes to before the step asks.
func (e *Engine) LeaveAnswer(p *seal.Plan, step string, answer sdk.Answer, signed *people.Signed) error {
	if answer.Approved {
		if err := p.Early(step); err != nil {
			return err
		}
	}
	text, err := json.Marshal(run.Request{
		Type: event.Answered, Step: step, Part: event.Do, Answer: &answer, Signed: signed, By: answer.By, Plan: p.Digest,
	})
	if err != nil {
		return fmt.Errorf("write the answer to step %s: %w", step, err)
	}
	if signed != nil {
		step += "." + event.Digest([]byte(signed.Statement.Person))[len("sha256:"):][:16]
	}
	return ledger.Of(e.store).Leave(p.Notes.Serial, p.Digest, step, text)
}

// Answers returns what people have answered to the steps of a sealed plan, in the order of the
// steps' names. Whether a signed one counts, its run will say.
func (e *Engine) Answers(p *seal.Plan) ([]Left, error) {
	left, err := ledger.Of(e.store).Answers(p.Digest)
	if err != nil {
		return nil, err
	}
	requests, err := requestsOf(left)
	if err != nil {
		return nil, err
	}
	var answers []Left
	for _, request := range requests {
		if request.Answer != nil {
			answers = append(answers, Left{request.Step, *request.Answer})
		}
	}
	return answers, nil
}

// requestsOf reads answers in the order of their steps, and of their files, each of which says
// itself to which step it is.
func requestsOf(left map[string][]byte) ([]run.Request, error) {
	requests := make([]run.Request, 0, len(left))
	for _, file := range slices.Sorted(maps.Keys(left)) {
		var request run.Request
		if err := json.Unmarshal(left[file], &request); err != nil {
			return nil, fmt.Errorf("read the answer to step %s of the plan: %w", file, err)
		}
		request.Step = cmp.Or(request.Step, file)
		requests = append(requests, request)
	}
	slices.SortStableFunc(requests, func(a, b run.Request) int { return cmp.Compare(a.Step, b.Step) })
	return requests, nil
}

// once is a sealed plan that one run uses up.
type once struct {
	*Engine
	plan   *seal.Plan
	now    func() time.Time
	random uint64
}

var _ run.Once = (*once)(nil)

// Claim makes the plan the run's own, and puts into its inbox what people have answered
// beforehand. Those answers count for no other run.
func (o *once) Claim(folder *journal.Run) error {
	left, err := ledger.Of(o.store).Claim(o.plan.Notes.Serial, o.plan.Digest, folder)
	if err != nil {
		return err
	}
	requests, err := requestsOf(left)
	if err != nil {
		return err
	}
	for _, request := range requests {
		if _, err := run.Post(folder, o.now(), o.random, request); err != nil {
			return err
		}
		o.random++ // two in one instant are told apart by it
	}
	return nil
}

// Release gives the plan back where the run did not begin.
func (o *once) Release(folder *journal.Run) error {
	return ledger.Of(o.store).Release(o.plan.Notes.Serial, folder)
}
