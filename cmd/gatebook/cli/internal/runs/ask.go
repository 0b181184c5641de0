package runs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// How long the process that drives a run is given to answer a request, and how often
// is looked.
const (
	patience = 10 * time.Second
	interval = 50 * time.Millisecond
)

// leave asks something of the process that drives a run, and says what came of it.
func (r *Runs) leave(found *Run, wish Wish, reason string) error {
	later, err := r.post(found, run.Request{Type: event.Type(wish), Reason: reason})
	switch {
	case err != nil:
		return err
	case later:
		r.Note("Left for run %s, whose process has not answered yet. See: gatebook status %s", found.ID(), found.ID())
	default:
		said := wording.Describe(event.Event{Type: event.Type(wish)})
		r.Note("Run %s: %s. See: gatebook status %s", found.ID(), said.What, found.ID())
	}
	return nil
}

// Answer is what a person says to a question of a run.
type Answer struct {
	Run, Step string
	Approved  bool
	Reason    string
	Fields    []console.Pair
	Attach    []string // files that the run keeps
	Plan      string   // the digest that the answer is given to; empty: that of the run's plan
	Sign      Signing
	All       bool // whether a change may begin is asked no more
}

// word says what was answered.
func (a Answer) word() string {
	if a.Approved {
		return "Approved"
	}
	return "Rejected"
}

// verb is what is typed to answer so.
func (a Answer) verb() string {
	if a.Approved {
		return "approve"
	}
	return "reject"
}

// fits says why an answer is none to a question of that part of a step.
func (a Answer) fits(part event.Part) error {
	switch {
	case a.All && part != event.Begin:
		return console.Usage("Answer it without --all.", "--all is for a run that goes step by step, and %s asks for more than whether it may begin", a.Step)
	case part == event.Begin && !a.Approved && strings.TrimSpace(a.Reason) == "":
		return console.Usage("As in: gatebook reject RUN STEP --reason \"it was made by hand\".", "a change that is left out takes a --reason, which the journal keeps")
	}
	return nil
}

// untimely says when or where to answer what cannot be answered now in the file of a name,
// as a run carries out the plan or the step must ask first, and returns any other error as it is.
func (a Answer) untimely(err error, name string) error {
	if _, is := errors.AsType[*seal.EarlyError](err); is {
		return console.Usage("Run it, and answer when it asks. A no can be said now: gatebook reject "+name+" "+console.Quote(a.Step), "%v", err)
	}
	if used, is := errors.AsType[*ledger.UsedError](err); is {
		return console.Usage("Where it asks, answer it: gatebook "+a.verb()+" "+used.Run+" "+console.Quote(a.Step), "%v", used)
	}
	return err
}

// Beforehand answers a question that the run of a sealed plan will ask, in the file of a name.
func (r *Runs) Beforehand(ctx context.Context, a Answer, sealed *seal.Plan, name string) error {
	again := console.Quote(name)
	if err := r.Engine.Used(sealed); err != nil {
		return a.untimely(err, again)
	}
	for _, id := range slices.Backward(meant(a.Step)) {
		if slices.Contains(sealed.Notes.Asks, id) {
			a.Step = id
		}
	}
	switch {
	case !slices.Contains(sealed.Notes.Asks, a.Step):
		return console.Usage("It has: "+cmp.Or(layout.Steps(sealed.Notes.Asks), "none that ask"), "the plan in %s has no step %q that asks people", again, a.Step)
	case a.Plan != "" && a.Plan != sealed.Digest:
		return console.Usage("Look at what is in the file before you say yes to it.", "the plan in %s is %s, and not %s", again, sealed.Digest, a.Plan)
	case len(a.Fields) > 0:
		return console.Usage("Answer it when it asks.", "what is filled in with --field is known when the run asks for it")
	case len(a.Attach) > 0:
		return console.Usage("Answer it when it asks.", "a file is kept with a run, and there is none yet")
	}
	if err := sealed.Early(a.Step); a.Approved && err != nil {
		return a.untimely(err, again)
	}
	policy, err := r.Engine.SealedPolicy(sealed)
	if err != nil {
		return err
	}
	signed, written, err := r.signed(ctx, a, policy, people.Statement{Plan: sealed.Digest, Serial: sealed.Notes.Serial, Step: a.Step, Part: string(event.Do)})
	if err != nil || written {
		return err
	}
	left := engine.Left{
		Step: a.Step, Signed: signed, Account: r.User,
		Answer: sdk.Answer{Approved: a.Approved, Comment: a.Reason, By: r.User, At: r.Now().UTC()},
	}
	if signed != nil {
		left.By, left.At, left.Comment = signed.Statement.Person, signed.Statement.Time, signed.Statement.Comment
	}
	err = r.Engine.LeaveAnswer(sealed, policy, left, r.Now())
	if void, is := errors.AsType[*engine.VoidError](err); is {
		return console.Usage("Its run says so in its journal. It is no yes and no no.", "%v", void)
	}
	if err != nil {
		return a.untimely(err, again)
	}
	r.Note("%s %s of the plan %s.", a.word(), a.Step, sealed.Digest)
	r.Note("Its run takes the answer: gatebook run %s", again)
	return nil
}

// Answer answers a question of a run.
func (r *Runs) Answer(ctx context.Context, a Answer) error {
	found, err := r.Open(a.Run)
	if err != nil {
		return err
	}
	step, err := found.step(a.Step)
	if err != nil {
		return err
	}
	a.Step = step.ID
	answer, part, err := r.answer(found, step, a)
	if err != nil {
		return err
	}
	if err := a.fits(part); err != nil {
		return err
	}
	policy, err := found.policy()
	if err != nil {
		return err
	}
	if err := policy.Takes(r.Build.Version); err != nil {
		return console.Usage("Nothing was answered. Answer with that version.", "%v", err)
	}
	if part == event.Begin {
		policy = nil // that a change may begin approves nothing, and is not signed
	}
	signed, written, err := r.signed(ctx, a, policy, people.Statement{
		Plan: found.Status.Run.AnswersTo(), Run: found.ID(), Step: a.Step, Part: string(part), Message: step.Ask.Message, Fields: answer.Fields, Attachments: answer.Attachments,
	})
	if err != nil || written {
		return err
	}
	request := run.Request{
		Type: event.Answered, Step: a.Step, Part: part, Answer: answer, Signed: signed, Reason: a.Reason, Plan: found.Status.Run.AnswersTo(),
		Before: found.heard.Words(a.Step),
	}
	if a.All {
		request = run.Request{Type: event.SteppingEnded, Reason: a.Reason}
	}
	later, err := r.post(found, request)
	if err == nil && later {
		err = r.refusal(found, step, signed)
	}
	if err != nil {
		return err
	}
	word := a.word()
	switch {
	case !later:
		r.Note("%s %s of run %s.", word, a.Step, found.ID())
	case found.Status.Drive == standing.Driven:
		r.Note("%s %s. The answer is left for run %s, whose process has not answered yet. See: gatebook status %s",
			word, a.Step, found.ID(), found.ID())
	default:
		r.Note("%s %s. Nobody drives the run now; it sees the answer when it goes on: gatebook resume %s", word, a.Step, found.ID())
	}
	return nil
}

// whoAsk are those of some steps that ask now.
func whoAsk(steps []*standing.Step) []string {
	var ids []string
	for _, step := range steps {
		if step.Ask != nil {
			ids = append(ids, step.ID)
		}
	}
	return ids
}

// answer makes the answer, says to which question of the step it is, and refuses one that the
// question does not want.
func (r *Runs) answer(found *Run, step *standing.Step, a Answer) (*sdk.Answer, event.Part, error) {
	switch asking := whoAsk(step.Instances()); {
	case len(asking) > 0:
		return nil, "", console.Usage("Say which, as in: gatebook "+a.verb()+" "+found.ID()+" "+console.Quote(asking[0]),
			"step %s of run %s is done for many, and each is answered for itself: %s", a.Step, found.ID(), layout.Steps(asking))
	case a.Plan != "" && a.Plan != found.Status.Run.AnswersTo():
		return nil, "", console.Usage("See: gatebook status "+found.ID(), "run %s carries out the plan %s, and not %s", found.ID(), found.Status.Run.AnswersTo(), a.Plan)
	case step.Ask == nil || found.Status.Result != nil && found.Status.Result.Outcome != event.OutcomePaused:
		return nil, "", console.Usage("See: gatebook status "+found.ID(), "step %s of run %s asks nothing now; it is %s",
			a.Step, found.ID(), layout.Word(step.Status))
	}
	answer := &sdk.Answer{Approved: a.Approved, Comment: a.Reason, By: r.User, At: r.Now().UTC()}
	if a.Sign.Signed != "" {
		return answer, step.Ask.Part, nil
	}
	var err error
	if a.Approved {
		if answer.Fields, err = console.FillIn(sdk.Question{Message: step.Ask.Message, Fields: step.Ask.Fields}, a.Fields); err != nil {
			return nil, "", console.Usage("Fill in with --field NAME=VALUE. The question: "+layout.Line(step.Ask.Message), "%v", err)
		}
		if len(a.Attach) < step.Ask.Attachments {
			return nil, "", console.Usage("Give them with --attach FILE. The question: "+layout.Line(step.Ask.Message),
				"%s must come with a yes to %s at least", layout.Plural(step.Ask.Attachments, "file"), a.Step)
		}
	}
	answer.Attachments, err = r.attach(found, a.Attach)
	return answer, step.Ask.Part, err
}

// attach keeps files with a run, for an answer.
func (r *Runs) attach(found *Run, names []string) ([]sdk.Attachment, error) {
	var files []sdk.Attachment
	for _, name := range names {
		content, err := r.ReadFile(name, "the file to attach")
		if err != nil {
			return nil, err
		}
		file, err := run.Attach(found.Run, name, content)
		if err != nil {
			return nil, console.Usage("Nothing was answered.", "%s: %v", console.Quote(name), err)
		}
		files = append(files, file)
	}
	return files, nil
}

// post leaves a request for the process that drives the run, and waits until it was
// taken in. An error says that it was refused. Where nobody drives the run, or its
// process does not answer, the request is kept and later is true.
func (r *Runs) post(folder *Run, request run.Request) (later bool, err error) {
	request.By = r.User
	id, err := run.Post(folder.Run, r.Now(), r.Random(), request)
	if err != nil {
		return false, err
	}
	if folder.Status.Drive != standing.Driven {
		return true, nil
	}
	for deadline := r.Now().Add(patience); ; {
		taken, refusal, err := folder.answer(id)
		switch {
		case err != nil:
			return false, err
		case refusal != "":
			return false, console.Usage("See: gatebook status "+folder.ID(), "run %s refused: %s", folder.ID(), refusal)
		case taken:
			return false, nil
		case r.Now().After(deadline):
			return true, nil
		}
		time.Sleep(interval)
	}
}

// errFound ends the reading of a journal early.
var errFound = errors.New("found")

// answer looks for what became of a request in what was journaled since the journal was
// read last. A refusal by the machine stands right behind it.
func (r *Run) answer(id string) (taken bool, refusal string, err error) {
	r.read, err = r.ReplayOn(r.read, func(record journal.Record) error {
		e, err := decode(record.Payload)
		switch {
		case err != nil:
			return err
		case taken && e.Type == event.RequestRefused:
			refusal = e.Reason
			return errFound
		case taken:
			return errFound
		case e.Request == id:
			taken = true
			if e.Type == event.AnswerRefused {
				refusal = e.Reason
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return taken, refusal, err
}
