package engine

import (
	"slices"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
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
	notes.From, notes.Act = seal.Asked(p.Plan), run.ActOf(p.Plan)
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
