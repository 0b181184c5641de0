package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// beforehand is what somebody signs about a sealed plan, by the key of somebody.
type beforehand struct {
	answer, person, key string // no key: it is not signed
	refused             string // why it does not count
}

// leaves has an account leave an answer to a sealed plan.
func (p *play) leaves(sealed *seal.Plan, policy *people.Policy, b beforehand) error {
	p.tb.Helper()
	time.Sleep(time.Second) // of the bubble's clock: each is later than the one before
	left := engine.Left{Step: "sign_off", Account: "carol", Answer: sdk.Answer{Approved: b.answer == people.Yes, By: b.person, At: p.process.Now()}}
	if b.key != "" {
		left.Signed = p.signs(people.Statement{
			Plan: sealed.Digest, Serial: sealed.Notes.Serial, Step: "sign_off", Part: string(event.Do), Answer: b.answer, Person: b.person, Time: p.process.Now(),
		}, b.key).Signed
	}
	return p.engine.LeaveAnswer(sealed, policy, left, p.process.Now())
}

// What does not count takes the place of nothing and is neither a yes nor a no, before the run
// as in it; and the run tells of it.
func TestWhatIsLeftBeforehandIsJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left    []beforehand
		counts  string // who, and what, before the run
		outcome event.Outcome
		refused int // in the journal
	}{
		"a forged yes, and the no that it would replace": {
			left:   []beforehand{{people.No, "bob", "bob", ""}, {people.Yes, "bob", "eve", "is not one of bob"}},
			counts: "[bob no]", outcome: event.OutcomeGateClosed, refused: 1,
		},
		"a forged no": {
			left:   []beforehand{{people.No, "bob", "eve", "is not one of bob"}, {people.Yes, "bob", "bob", ""}},
			counts: "[bob yes]", outcome: event.OutcomeSucceeded, refused: 1,
		},
		"one that nobody has signed": {
			left:   []beforehand{{people.No, "bob", "", "it is not signed"}, {people.Yes, "bob", "bob", ""}},
			counts: "[bob yes]", outcome: event.OutcomeSucceeded, refused: 1,
		},
		"one who is not asked": {
			left:   []beforehand{{people.No, "eve", "eve", "in none of the groups"}, {people.Yes, "bob", "bob", ""}},
			counts: "[bob yes]", outcome: event.OutcomeSucceeded, refused: 1,
		},
		"a no that is thought better of": {
			left:   []beforehand{{people.No, "bob", "bob", ""}, {people.Yes, "bob", "bob", ""}},
			counts: "[bob yes]", outcome: event.OutcomeSucceeded, refused: 1,
		},
		"a yes that is thought better of": {
			left:   []beforehand{{people.Yes, "bob", "bob", ""}, {people.No, "bob", "bob", ""}},
			counts: "[bob no]", outcome: event.OutcomeGateClosed, refused: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.team()
				planned, sealed := p.seal("s1", oneSigns)
				policy, err := p.engine.SealedPolicy(sealed)
				if err != nil || !policy.Signed() {
					t.Fatal(err)
				}
				for _, b := range c.left {
					err := p.leaves(sealed, policy, b)
					if _, void := errors.AsType[*engine.VoidError](err); void != (b.refused != "") || err != nil && !strings.Contains(err.Error(), b.refused) {
						t.Errorf("%+v: %v", b, err)
					}
				}
				answers, err := p.engine.Answers(sealed, policy, p.process.Now())
				var counts []string
				for _, one := range answers {
					if one.Void == "" {
						counts = append(counts, one.By+" "+map[bool]string{true: "yes", false: "no"}[one.Approved])
					}
				}
				if slices.Sort(counts); err != nil || fmt.Sprint(counts) != c.counts || len(answers) != len(c.left) {
					t.Errorf("%v count of %d, %v", counts, len(answers), err)
				}
				got := p.carryOut(planned, sealed)
				if got.err != nil || got.Outcome != c.outcome || len(p.inboxOf()) > 0 {
					t.Errorf("got %+v, %v, left %v", got, got.err, p.inboxOf())
				}
				refused := p.of(event.AnswerRefused)
				if len(refused) != c.refused {
					t.Errorf("refused %+v", refused)
				}
				for _, e := range refused {
					if e.By != "carol" {
						t.Errorf("%s is blamed for what carol left", e.By)
					}
				}
			})
		})
	}
}

// The policy of a sealed plan is the one that it was sealed with, and no other that is there by now.
func TestThePolicyOfASealedPlanIsItsOwn(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		_, sealed := p.seal("s1", oneSigns)
		team := p.books
		for _, other := range []books{
			{}, {policy: "start: {expr: \"true\"}\n"}, {policy: team.policy + "# more\n", signers: team.signers}, {policy: team.policy, signers: team.signers + "# more\n"},
		} {
			p.books = other
			if policy, err := p.engine.SealedPolicy(sealed); err == nil {
				t.Errorf("it is taken for its own: %+v", policy.Keep())
			}
		}
		p.books = books{}
		_, without := p.seal("s2", signOff)
		p.books = team
		if policy, err := p.engine.SealedPolicy(without); err != nil || policy != nil {
			t.Errorf("a plan without a policy has got one: %v", err)
		}
	})
}
