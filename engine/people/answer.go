package people

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people/permission"
	"github.com/gatebook/gatebook/engine/people/signature"
)

// Act is what somebody is about to do, as far as the plan says it.
type Act = permission.Act

// Signed is an answer with its signature.
type Signed struct {
	Statement Statement `json:"statement"`
	Signature string    `json:"signature"`
}

// Question is what an answer is held against.
type Question struct {
	Plan, Run, Serial string // of the run; Serial is empty where it carries out no sealed plan
	Step, Part        string
	Message           string
	From              []string // groups; empty: anybody whom the rules let
	Stands            time.Duration
	Act               Act
	Author, Starter   string // accounts; Author is empty where no plan was sealed
	// Since is when the question was asked again after the run had ended, which takes answers
	// that were signed later; zero: it was not.
	Since time.Time
	// Early is why nobody can say yes to it before it is asked; empty: anybody can.
	Early string
}

// Verdict is what was found out about an answer.
type Verdict struct {
	Key      string    // the fingerprint of the key that signed; empty: none has
	Document string    // SHA-256 of what was signed
	Answer   Statement // as it is to be taken
}

// aheadOf is how far the clock of whoever signs may be ahead.
const aheadOf = 5 * time.Minute

// Judge says why an answer does not count for a question. What it returns beside that tells
// the answer from others.
func (p *Policy) Judge(given Signed, q Question, now time.Time) (Verdict, error) {
	statement, err := given.Statement.canonical()
	if err != nil {
		return Verdict{}, err
	}
	document, err := statement.Document()
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Document: event.Digest(document), Answer: statement}
	if given.Signature == "" {
		return v, errors.New("it is not signed, and the policy takes signed answers alone")
	}
	key, err := signature.Verify(document, []byte(given.Signature))
	if err != nil {
		return v, err
	}
	v.Key = key.Fingerprint()
	if err := p.signers.Check(statement.Person, key, now); err != nil {
		return v, err
	}
	if err := statement.answers(q, now); err != nil {
		return v, err
	}
	return v, p.mayAnswer(statement.Person, q, now, func(other string) bool { return p.signers.Gives(key, other) })
}

// answers says why a statement is not about a question, or not now.
func (s Statement) answers(q Question, now time.Time) error {
	switch {
	case s.Plan != q.Plan:
		return fmt.Errorf("it was given to the plan %s, and the run carries out %s", s.Plan, q.Plan)
	case s.Run != q.Run && s.Run != "":
		return fmt.Errorf("it was given to the run %s, and this is %s", s.Run, q.Run)
	case s.Run == "" && (s.Serial == "" || s.Serial != q.Serial):
		return fmt.Errorf("it was given to another file of the plan, of the serial %s", s.Serial)
	case s.Step != q.Step:
		return fmt.Errorf("it was given to the step %s, and %s asks", s.Step, q.Step)
	case s.Part != q.Part:
		return fmt.Errorf("it answers %s, and what is asked is %s", About(s.Part), About(q.Part))
	case s.Answer != Yes && s.Answer != No:
		return fmt.Errorf("it says %q, which is neither %s nor %s", s.Answer, Yes, No)
	case s.Run != "" && s.Message != q.Message:
		return fmt.Errorf("it was given to another question: %q", s.Message)
	case s.Run == "" && s.Answer == Yes && q.Early != "":
		return fmt.Errorf("it was given before the question was asked, and nobody can say yes to it then: %s", q.Early)
	case s.Time.Before(q.Since):
		return fmt.Errorf("it was signed at %s, and the question was asked again at %s, after the run had ended: sign another", stamp(s.Time), stamp(q.Since))
	case s.Time.After(now.Add(aheadOf)):
		return fmt.Errorf("it was signed at %s, which is later than now, %s: set the clocks", stamp(s.Time), stamp(now))
	case q.Stands > 0 && now.Sub(s.Time) > q.Stands:
		return fmt.Errorf("it has expired: it was signed at %s, and counts for %s", stamp(s.Time), q.Stands)
	}
	return nil
}

// About says what the question of a part of a step is about.
func About(part string) string {
	switch part {
	case "undo":
		return "whether it is taken back"
	case "begin":
		return "whether it may begin"
	default:
		return "whether it is done"
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// mayAnswer says why a person may not answer a question. alias tells of another name whether it
// is that of the same person: whoever signs chooses by which of their names they do.
func (p *Policy) mayAnswer(name string, q Question, now time.Time, alias func(other string) bool) error {
	if len(q.From) > 0 {
		members, err := p.Of(q.From)
		if err != nil {
			return err
		}
		if !slices.Contains(members, name) {
			return fmt.Errorf("%s is in none of the groups that are asked: %s", name, strings.Join(q.From, ", "))
		}
	}
	is := func(account string) bool {
		whose := p.PersonOf(account)
		return whose != "" && (whose == name || alias(whose))
	}
	person := permission.Person{Name: name, Groups: p.groupsOf(name), Author: is(q.Author), Starter: is(q.Starter)}
	switch {
	case person.Author && slices.Contains(p.never, "author"):
		return fmt.Errorf("%s is the author of the plan, who may not approve it", name)
	case person.Starter && slices.Contains(p.never, "starter"):
		return fmt.Errorf("%s is the starter of the run, who may not approve it", name)
	}
	act := q.Act
	act.Step = q.Step
	return permission.Allows(p.approve, act, person, now)
}

// May returns who of the groups that are asked may answer, and has not yet; nil: there are no
// groups to tell by.
func (p *Policy) May(q Question, have []string, now time.Time) []string {
	members, err := p.Of(q.From)
	if err != nil || len(q.From) == 0 {
		return nil
	}
	return slices.DeleteFunc(members, func(name string) bool {
		return slices.Contains(have, name) || p.mayAnswer(name, q, now, func(other string) bool { return p.signers.Covers(other, name) }) != nil
	})
}
