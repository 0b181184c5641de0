package house

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
)

// Seal puts a plan into a file that a person named, as it was previewed or as it is offline.
// An earlier plan there is replaced; anything else only by force, and what the plan was made
// of, as those files of inputs, never.
func (h *House) Seal(planned *engine.Plan, shown *plan.Plan, name string, force bool, inputs []string) (*seal.Plan, error) {
	replaces := func(was []byte) error {
		if force || seal.Is(was) {
			return nil
		}
		return console.Usage("To replace it all the same: --force", "%s is there, and no sealed plan", name)
	}
	sealed, text, err := h.Engine.Seal(planned, shown, seal.Notes{
		Serial: fmt.Sprintf("%s-%016x", h.Now().UTC().Format("20060102-150405"), h.Random()),
		Made:   h.Now().UTC().Round(time.Second), By: h.User,
	})
	if err != nil {
		return nil, err
	}
	for _, source := range sealed.Notes.Sources {
		if path, is := strings.CutPrefix(source, "file:"); is {
			inputs = append(inputs, path)
		}
	}
	for _, read := range append(inputs, sealed.Notes.Runbook) {
		if h.Same(name, read) {
			return nil, console.Usage("Choose another name. Nothing was written.", "%s stays: the plan was made of what is in it", name)
		}
	}
	return sealed, h.Put(name, text, replaces)
}

// TellSealed says what was sealed in a file, and what to type next.
func (h *House) TellSealed(sealed *seal.Plan, planned *engine.Plan, file string) {
	name := console.Quote(file)
	h.Note("Sealed in %s: %s", name, sealed.Digest)
	if sealed.Essence.Offline {
		h.Note("Nothing was looked at for it, so that its run does not notice what has changed there. Without --offline it does.")
	}
	answered, err := h.TellAnswers(sealed, planned)
	if err != nil {
		h.Complain(err.Error()) // the plan is sealed all the same
	}
	for _, step := range sealed.Notes.Asks {
		early := sealed.Early(step)
		switch {
		case slices.ContainsFunc(answered, func(a engine.Left) bool { return a.Step == step && a.Void == "" }):
		case early != nil:
			said := early.Error()
			h.Note("%s", strings.ToUpper(said[:1])+said[1:]+".")
		default:
			h.Note("To answer %s before it is run: gatebook approve %s %s", step, name, console.Quote(step))
		}
	}
	h.Note("To carry out exactly this, once: gatebook run %s", name)
}

// Unseal reads a sealed plan that must be as it was sealed. What is wrong with it goes to
// standard error.
func (h *House) Unseal(file *source.File) (*seal.Plan, error) {
	sealed, found, err := h.Engine.Unseal(file)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, h.Invalid(found)
	}
	return sealed, nil
}

// Unused refuses a sealed plan that a run has carried out, or does.
func (h *House) Unused(sealed *seal.Plan) error {
	err := h.Used(sealed)
	if used, is := errors.AsType[*ledger.UsedError](err); is {
		return console.Usage("To do it again, look at what it would do now and seal that: gatebook plan "+
			console.Quote(sealed.Notes.Runbook)+" --out FILE", "nothing was begun: %v", used)
	}
	return err
}

// TellAnswers says what people have answered to a sealed plan beforehand, and how long ago,
// as nothing takes an answer back but another one. It returns the answers.
func (h *House) TellAnswers(sealed *seal.Plan, planned *engine.Plan) ([]engine.Left, error) {
	answers, err := h.Answers(sealed, planned.Policy(), h.Now())
	for _, answer := range answers {
		word := "approved"
		if !answer.Approved {
			word = "rejected"
		}
		if answer.Void != "" {
			h.Note("An answer to %s that %s has left does not count: %s.", answer.Step, layout.Line(answer.Account), layout.Line(answer.Void))
			continue
		}
		ago := max(0, h.Now().Sub(answer.At)).Round(time.Second)
		h.Note("%s was %s beforehand by %s, %s ago.", answer.Step, word, answer.By, layout.Span(ago))
	}
	return answers, err
}

// Refused refuses to begin what a person has said no to, as the changes before the question
// would be made and taken back for nothing. Where a step may fail and the run goes on, a no
// is one of the ways that the runbook knows.
func (h *House) Refused(planned *engine.Plan, answers []engine.Left, name string) error {
	for _, answer := range answers {
		step, there := planned.Step(answer.Step)
		if !there || answer.Approved || answer.Void != "" || step.OnFailure == plan.Continue {
			continue
		}
		said := answer.By + " said no to " + step.ID
		if answer.Comment != "" {
			said += ": " + answer.Comment
		}
		h.Complain("nothing was begun: " + layout.Line(said))
		who := ""
		if answer.Signed != nil {
			who = layout.Line(answer.By) + " can "
		}
		h.Note("Where that is settled, %ssay so: gatebook approve %s %s", who, console.Quote(name), console.Quote(step.ID))
		return console.CodeError(event.OutcomeGateClosed.ExitCode())
	}
	return nil
}

// sealedInputs says what there is to do where a sealed plan is given inputs.
const sealedInputs = "A sealed plan has its inputs; only where a secret is now can be said, with -i. For other inputs make another plan."

// Again makes a sealed plan again, of everything as it is now, and returns it with what its
// actions say of it. Where anything is not as it was when it was sealed, all of that goes to
// standard error, and the error carries the exit code. here says that a person means the plan
// to work in the folder in which it is run now.
func (h *House) Again(ctx context.Context, sealed *seal.Plan, flags *given.Flags, here bool) (*engine.Plan, *plan.Plan, error) {
	if was := sealed.Essence.Dir; here && was != h.Dir {
		h.Note("It was sealed in %s, and works in %s.", was, h.Dir)
		sealed = sealed.In(h.Dir)
	}
	reader := &given.Reader{Console: h.Console}
	secret, err := reader.AgainFrom(sealed.Notes.Sources, flags, "the sealed plan", sealedInputs)
	if err != nil {
		return nil, nil, err
	}
	file, err := h.Read(sealed.Notes.Runbook)
	if err != nil {
		return nil, nil, h.drifted(sealed, h.Changed(sealed, nil), err.Error()+".")
	}
	planned, err := h.plannedAgain(sealed, file, secret)
	if code, refused := err.(console.CodeError); refused { //nolint:errorlint // it is never wrapped
		if changed := h.Changed(sealed, file.Text()); len(changed) > 0 {
			return nil, nil, h.drifted(sealed, changed, "As they are now, no plan can be made of it.")
		}
		return nil, nil, code
	}
	if err != nil {
		return nil, nil, err
	}
	shown, err := h.Compare(ctx, sealed, planned)
	return planned, shown, err
}

// Compare has the actions of a plan look at the world once more, and returns what they say.
// Where it is not as it was when the plan was sealed, that is told as by [House.Again].
func (h *House) Compare(ctx context.Context, sealed *seal.Plan, planned *engine.Plan) (*plan.Plan, error) {
	shown := plan.Offline(planned.Plan)
	if !sealed.Essence.Offline {
		var err error
		if shown, err = h.Preview(ctx, planned); err != nil {
			return nil, err
		}
	}
	found, err := h.Drift(sealed, planned, shown)
	if err == nil && len(found) > 0 {
		err = h.drifted(sealed, found, "")
	}
	return shown, err
}

// plannedAgain makes the plan of a runbook's file with the inputs of a sealed one.
func (h *House) plannedAgain(sealed *seal.Plan, file *source.File, secret engine.ReadSecret) (*engine.Plan, error) {
	runbook, _, err := h.sound(file)
	if err != nil {
		return nil, err
	}
	inputs, err := engine.SealedInputs(sealed, secret)
	if err != nil {
		return nil, err
	}
	planned, found, err := h.PlanPart(runbook, inputs, sealed.Essence.Choice)
	if err == nil && found.HasErrors() {
		err = h.Invalid(found)
	}
	return planned, err
}

// drifted says what is not as it was when a plan was sealed, and what else there is to say,
// and gives the exit code.
func (h *House) drifted(sealed *seal.Plan, found []seal.Drift, more string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "nothing was begun, as not everything is as it was when the plan was sealed, at %s:\n", sealed.Notes.Made.Format(time.RFC3339))
	for _, drift := range found {
		fmt.Fprintf(&text, "  - %s\n", drift)
	}
	if sealed.Essence.Dir != h.Dir {
		text.WriteString("It was made for another folder. To have it work in this one all the same: --here.\n")
	}
	text.WriteString(more)
	h.Complain(text.String())
	h.Note("Look at what it would do now, and seal that: gatebook plan %s --out FILE", console.Quote(sealed.Notes.Runbook))
	return console.CodeError(event.OutcomeGateClosed.ExitCode())
}
