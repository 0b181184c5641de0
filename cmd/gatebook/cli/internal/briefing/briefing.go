// Package briefing is what comes before a run: its plan is made, of a runbook or anew of a
// sealed plan, and whoever is there sees what it would do, and says whether it begins.
package briefing

import (
	"context"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/agreed"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Briefing is that of one run.
type Briefing struct {
	*house.House
	// Past says how long the steps of a runbook took in earlier runs.
	Past   house.Past
	File   string // of a runbook or of a sealed plan, as it was typed
	Inputs *given.Flags
	Verb   string        // by which the run begins: "run", "drill --live"
	Choice *event.Choice // the mode, and the part of a runbook that is wanted; nil: all of it, as it stands
	Part   []string      // that, as it stands in a command
	Step   bool          // the run is to ask before each change
	Here   bool          // a sealed plan is to work in this folder, though it was made for another
}

// Ready is a plan that can be carried out.
type Ready struct {
	*engine.Plan
	Sealed *seal.Plan // which it was sealed as; nil: it was not

	shown *plan.Plan // as it was previewed; nil: nobody has looked yet
}

// Prepare makes the plan of a runbook, or the one that was sealed, of everything as it is now.
func (b *Briefing) Prepare(ctx context.Context) (Ready, error) {
	file, err := b.ReadEither(b.File)
	if err != nil {
		return Ready{}, err
	}
	if seal.Is(file.Text()) {
		if b.Choice != nil && !b.isLive() {
			return Ready{}, console.Usage("Seal a plan of that part: gatebook plan RUNBOOK "+strings.Join(b.Part, " ")+" --out FILE",
				"%s is a sealed plan, which is carried out as it was approved", console.Quote(b.File))
		}
		return b.again(ctx, file)
	}
	if b.Here {
		return Ready{}, console.Usage("A runbook works in the folder in which it is run: leave out --here.", "--here is for a sealed plan, and %s is a runbook", console.Quote(b.File))
	}
	planned, found, err := b.PlanOf(file, b.Inputs, b.Choice)
	if err != nil {
		return Ready{}, err
	}
	if len(found) > 0 {
		b.Note("Warnings: %d; see: gatebook check %s", len(found), console.Quote(b.File))
	}
	return Ready{Plan: planned}, nil
}

// isLive reports whether it is of a drill for real, whose mode a sealed plan must have.
func (b *Briefing) isLive() bool { return b.Choice.ModeName() == event.Drill && !b.Choice.IsPart() }

// again makes a sealed plan again, which no run may have used.
func (b *Briefing) again(ctx context.Context, file *source.File) (Ready, error) {
	sealed, err := b.Unseal(file)
	if err != nil {
		return Ready{}, err
	}
	if err := b.Unused(sealed); err != nil {
		return Ready{}, err
	}
	planned, shown, err := b.Again(ctx, sealed, b.Inputs, b.Here)
	if err != nil {
		return Ready{}, err
	}
	if b.isLive() && planned.Choice.ModeName() != event.Drill {
		return Ready{}, console.Usage("To carry it out: gatebook run "+console.Quote(b.File), "%s is a sealed plan, and not of a drill", console.Quote(b.File))
	}
	answers, err := b.TellAnswers(sealed, planned)
	if err == nil {
		err = b.Refused(planned, answers, b.File)
	}
	return Ready{planned, sealed, shown}, err
}

// Confirm shows what the run will do, which the plan keeps, and asks whether to begin.
func (b *Briefing) Confirm(ctx context.Context, ready *Ready, prompter *console.Prompter) error {
	switch {
	case prompter == nil && ready.Sealed != nil:
		return console.Usage("To begin without a question: "+b.begin(),
			"a run changes things, and there is no terminal to ask at")
	case prompter == nil:
		return console.Usage("To see what it would do: gatebook plan "+b.typed()+"\nTo begin without a question: "+b.begin(),
			"a run changes things, and there is no terminal to ask at")
	}
	ctx, stop := b.Interruptible(ctx) // who ends it here has not said yes
	defer stop()
	preview, err := b.look(ctx, *ready)
	if err != nil {
		return b.refrain()
	}
	ready.shown = preview
	b.Originate(ctx, preview)
	if err := dossier.Summary(b.Stderr, preview, review.Of(preview, b.Past(preview.Runbook.Name)), b.Folding(true)); err != nil {
		return err
	}
	if ready.Sealed == nil {
		b.Note("\nThe whole plan: gatebook plan %s", b.typed())
	} else {
		b.Note("\nIt is as it was sealed: %s", ready.Sealed.Digest)
	}
	if yes, err := prompter.Confirm(ctx, "Begin?"); err != nil || !yes {
		return b.refrain() // who is not there any more has not said yes
	}
	if ready.Sealed == nil {
		return nil
	}
	return b.stillSo(ctx, *ready)
}

// Agreed is what the plan was made from that people agreed to: whoever approved its seal, or was
// shown it here and said yes. Who begins a runbook without that has agreed to no state of the
// world.
func (r Ready) Agreed(confirmed bool) map[string][]sdk.Seen {
	if r.shown == nil || r.Sealed == nil && !confirmed {
		return nil
	}
	return agreed.Seen(r.shown)
}

// stillSo compares a sealed plan once more when somebody has said yes, which may have taken
// them an hour, and looks whether somebody else has said no meanwhile.
func (b *Briefing) stillSo(ctx context.Context, ready Ready) error {
	sealed := ready.Sealed
	if b.Here {
		sealed = sealed.In(b.Dir)
	}
	if _, err := b.Compare(ctx, sealed, ready.Plan); err != nil {
		return err
	}
	answers, err := b.Answers(sealed, ready.Policy(), b.Now())
	if err == nil {
		err = b.Refused(ready.Plan, answers, b.File)
	}
	return err
}

// look is the plan as whoever is asked sees it: with what its actions would do, and what is
// so now.
func (b *Briefing) look(ctx context.Context, ready Ready) (*plan.Plan, error) {
	if ready.shown != nil {
		return b.LookAt(ctx, ready.shown, b.Past)
	}
	return b.Look(ctx, ready.Plan, b.Past)
}

// Foreseen is what the actions of a plan say that its limits count. They are asked where there
// are such limits, and nobody has asked them yet: what they say is kept for whoever looks.
func (b *Briefing) Foreseen(ctx context.Context, ready *Ready) (*event.Foreseen, error) {
	if ready.shown == nil && limit.Foresees(ready.Limits) {
		shown, err := b.Preview(ctx, ready.Plan)
		if err != nil {
			return nil, err
		}
		ready.shown = shown
	}
	if ready.shown == nil {
		return nil, nil
	}
	return review.Foreseen(ready.shown), nil
}

// Remaining estimates what run.remaining is to the steps of a plan that ask for it. Its actions
// are asked for their estimates only where there are such steps.
func (b *Briefing) Remaining(ctx context.Context, ready Ready, parallelism int) (map[string]event.Left, error) {
	past := b.Past(ready.Runbook.Name)
	if ready.shown == nil && review.Remaining(ready.Plan.Plan, past, parallelism) != nil {
		shown, err := b.Preview(ctx, ready.Plan)
		if err != nil {
			return nil, err
		}
		ready.shown = shown
	}
	if ready.shown == nil {
		return nil, nil
	}
	return review.Remaining(ready.shown, past, parallelism), nil
}

// typed is the runbook with its inputs, as they stand in a command.
func (b *Briefing) typed() string {
	return strings.Join(slices.Concat([]string{console.Quote(b.File)}, b.Inputs.Typed(), b.Part), " ")
}

// begin is what to type for the run to begin at once. One that was to go step by step still does.
func (b *Briefing) begin() string {
	command := "gatebook " + b.Verb + " " + b.typed()
	if b.Step {
		command += " --step"
	}
	return command + " --yes"
}

// refrain says that nothing was begun, as whoever was asked did not want it.
func (b *Briefing) refrain() error {
	b.Note("Nothing was begun.")
	return console.CodeError(event.OutcomeGateClosed.ExitCode())
}
