package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/ledger"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Left is an answer that is left for the run of a sealed plan.
type Left struct {
	Step string
	sdk.Answer
	Signed  *people.Signed // nil: it is not signed
	Account string         // of who has left it
	// Void is why it does not count, as far as that can be told before its run; empty: it does.
	// Such an answer takes the place of no other, and is no yes and no no.
	Void string

	request run.Request
	text    string // of the request, as it is kept
}

// VoidError says that an answer was left for a run, which will refuse it.
type VoidError struct{ Why string }

// Error says why.
func (e *VoidError) Error() string {
	return "it is left for the plan's run, which will refuse it: " + e.Why
}

// SealedPolicy returns the policy that a sealed plan was made with, which must be where it was
// then, and as it was; nil: there was none.
func (e *Engine) SealedPolicy(p *seal.Plan) (*people.Policy, error) {
	files := p.Essence.Files
	if len(files) < 2 || files[1].Name != people.FileName {
		return nil, nil //nolint:nilnil // a nil policy is one that asks for nothing
	}
	runbook := p.Notes.Runbook
	if !filepath.IsAbs(runbook) {
		runbook = filepath.Join(p.Essence.Dir, runbook)
	}
	policy, err := e.PolicyOf(runbook)
	if err != nil {
		return nil, err
	}
	kept := policy.Keep()
	if kept == nil || kept.File.SHA256 != files[1].SHA256 || kept.Signers != nil && (len(files) < 3 || kept.Signers.SHA256 != files[2].SHA256) {
		return nil, fmt.Errorf("the policy of %s is not as it was when the plan was sealed, so that nobody can carry the plan out: put it back, or make the plan again", runbook)
	}
	return policy, nil
}

// LeaveAnswer keeps an answer for the run that carries out a sealed plan: this one, or
// another of the same digest. A later answer to the same step takes the place of an earlier, of
// signed ones that of the same person, where it counts. The error is a [ledger.UsedError] where
// a run carries out this one already, or has, a [seal.EarlyError] where it is a yes to what
// nobody can say yes to before the step asks, and a [VoidError] where it was left and does not
// count.
//
// policy is the plan's own, see [Engine.SealedPolicy].
func (e *Engine) LeaveAnswer(p *seal.Plan, policy *people.Policy, left Left, now time.Time) error {
	if left.Approved {
		if err := p.Early(left.Step); err != nil {
			return err
		}
	}
	text, err := json.Marshal(run.Request{
		Type: event.Answered, Step: left.Step, Part: event.Do, Answer: &left.Answer, Signed: left.Signed, By: cmp.Or(left.Account, left.By), Plan: p.Digest,
	})
	if err != nil {
		return fmt.Errorf("write the answer to step %s: %w", left.Step, err)
	}
	mark := ""
	if left.Signed != nil {
		mark = shortDigest([]byte(left.Signed.Statement.Person)) + "." + shortDigest(text)
	}
	if err := ledger.Of(e.store).Leave(p.Notes.Serial, p.Digest, left.Step, mark, text); err != nil {
		return err
	}
	answers, err := e.Answers(p, policy, now)
	for _, one := range answers {
		if one.Void != "" && one.text == string(text) {
			return &VoidError{one.Void}
		}
	}
	return err
}

func shortDigest(text []byte) string { return event.Digest(text)[len("sha256:"):][:16] }

// Answers returns what people have answered to the steps of a sealed plan, in the order of the
// steps' names, and of each whether it counts, as far as that can be told before its run.
func (e *Engine) Answers(p *seal.Plan, policy *people.Policy, now time.Time) ([]Left, error) {
	files, err := ledger.Of(e.store).Answers(p.Digest)
	if err != nil {
		return nil, err
	}
	return judged(files, p, policy, "", now)
}

// judged reads answers in the order of their steps, and of their files, each of which says
// itself to which step it is, and says of each whether it counts. starter is the account of who
// begins the run; empty: nobody has.
func judged(files map[string][]byte, p *seal.Plan, policy *people.Policy, starter string, now time.Time) ([]Left, error) {
	answers := make([]Left, 0, len(files))
	for _, file := range slices.Sorted(maps.Keys(files)) {
		var request run.Request
		if err := json.Unmarshal(files[file], &request); err != nil {
			return nil, fmt.Errorf("read the answer to step %s of the plan: %w", file, err)
		}
		request.Step = cmp.Or(request.Step, file)
		one := Left{Step: request.Step, Signed: request.Signed, Account: request.By, request: request, text: string(files[file])}
		if request.Answer != nil {
			one.Answer = *request.Answer
		}
		if policy.Signed() {
			one.judge(p, policy, starter, now)
		}
		answers = append(answers, one)
	}
	for i := range answers {
		for _, other := range answers {
			if answers[i].yieldsTo(other) {
				answers[i].Void = fmt.Sprintf("%s has answered again since, at %s", other.By, other.At.UTC().Format(time.RFC3339))
				answers[i].request.Void = answers[i].Void
				break
			}
		}
	}
	slices.SortStableFunc(answers, func(a, b Left) int { return cmp.Compare(a.Step, b.Step) })
	return answers, nil
}

// judge says whether a signed answer counts. What it says is what was signed, whatever stands
// beside that.
func (l *Left) judge(p *seal.Plan, policy *people.Policy, starter string, now time.Time) {
	if l.Signed == nil {
		l.Void = "it is not signed, and the policy takes signed answers alone"
		return
	}
	said := l.Signed.Statement
	l.Answer = sdk.Answer{Approved: said.Answer == people.Yes, By: said.Person, At: said.Time, Comment: said.Comment}
	if _, err := policy.Judge(*l.Signed, people.Question{
		Plan: p.Digest, Serial: p.Notes.Serial, Step: l.Step, Part: string(event.Do), From: p.Notes.From[l.Step], Act: p.Notes.Act,
		Author: p.Notes.By, Starter: starter, Early: p.Notes.Later[l.Step],
	}, now); err != nil {
		l.Void = err.Error()
	}
}

// yieldsTo reports whether another answer takes the place of this one: it is a later one of the
// same person to the same step, or a no of the same moment.
func (l *Left) yieldsTo(other Left) bool {
	if l.Void != "" || other.Void != "" || l.Signed == nil || other.Signed == nil || l.Step != other.Step || l.By != other.By {
		return false
	}
	return other.At.After(l.At) || other.At.Equal(l.At) && l.Approved && !other.Approved
}

// once is a sealed plan that one run uses up.
type once struct {
	*Engine
	plan    *seal.Plan
	policy  *people.Policy
	starter string
	now     func() time.Time
	random  uint64
}

var _ run.Once = (*once)(nil)

// Claim makes the plan the run's own, and puts into its inbox what people have answered
// beforehand. Those answers count for no other run. What does not count the run refuses itself.
func (o *once) Claim(folder *journal.Run) error {
	files, err := ledger.Of(o.store).Claim(o.plan.Notes.Serial, o.plan.Digest, folder)
	if err != nil {
		return err
	}
	answers, err := judged(files, o.plan, o.policy, o.starter, o.now())
	if err != nil {
		return err
	}
	for _, one := range answers {
		if _, err := run.Post(folder, o.now(), o.random, one.request); err != nil {
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
