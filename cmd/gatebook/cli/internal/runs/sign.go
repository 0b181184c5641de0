package runs

import (
	"context"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/keys"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/people/signature"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Signing is how a person signs an answer.
type Signing struct {
	Key      string // the file of the key; empty: the one of git, of the agent, or in ~/.ssh
	As       string // the person, as the file of allowed signers has them; empty: whose the key is
	Document string // the file into which what is to be signed is written, for somebody elsewhere
	Signed   string // the file of such a document, beside which its .sig lies
}

func (s Signing) given() bool { return s != Signing{} }

// signed has an answer signed where the policy wants that. Where what is to be signed was
// only written into a file, that is told, and there is nothing to hand in.
func (r *Runs) signed(ctx context.Context, a Answer, policy *people.Policy, s people.Statement) (signed *people.Signed, written bool, err error) {
	s.Answer, s.Time = people.Yes, r.Now().UTC()
	if !a.Approved {
		s.Answer = people.No
	}
	s.Comment = a.Reason
	switch {
	case !policy.Signed() && a.Sign.given():
		return nil, false, console.Usage("Answer without these flags.", "nothing is signed here: there is no %s with allowedSigners", people.FileName)
	case !policy.Signed():
		return nil, false, nil
	case a.Sign.Signed != "":
		signed, err = r.handIn(a, s)
		return signed, false, err
	case a.Sign.Document != "":
		return nil, true, r.writeDocument(a, s)
	}
	key, err := keys.Find(ctx, r.Console, a.Sign.Key, policy.Signers())
	if err != nil {
		return nil, false, err
	}
	if s.Person, err = a.Sign.person(key.Key(), policy.Signers()); err != nil {
		return nil, false, err
	}
	document, err := s.Document()
	if err != nil {
		return nil, false, err
	}
	armored, err := signature.Sign(document, key)
	if err != nil {
		return nil, false, err
	}
	return &people.Signed{Statement: s, Signature: string(armored)}, false, nil
}

// person is who signs: whom they say, else the one whose the key is.
func (s Signing) person(key signature.Key, signers signature.Signers) (string, error) {
	if s.As != "" {
		return s.As, nil
	}
	switch names := signers.Principals(key); len(names) {
	case 1:
		return names[0], nil
	case 0:
		return "", console.Usage("Say by which key, with --key FILE, or as whom, with --as PERSON.", "the file of allowed signers has no line for the key %s", key.Fingerprint())
	default:
		return "", console.Usage("Say as whom: --as "+names[0], "the key %s is that of %s", key.Fingerprint(), strings.Join(names, ", "))
	}
}

// writeDocument writes what is to be signed into a file, for a person elsewhere.
func (r *Runs) writeDocument(a Answer, s people.Statement) error {
	if a.Sign.As == "" {
		return console.Usage("Say who: --as ann@example.com", "who signs is a part of what is signed")
	}
	s.Person = a.Sign.As
	document, err := s.Document()
	if err != nil {
		return err
	}
	name := console.Quote(a.Sign.Document)
	if err := r.Put(a.Sign.Document, document, func(was []byte) error {
		if _, err := people.ParseStatement(was); err == nil {
			return nil
		}
		return console.Usage("Name another file.", "%s is there, and no answer that is to be signed", name)
	}); err != nil {
		return err
	}
	r.Note("Written to %s, and nothing was answered yet.", name)
	r.Note("To sign it, on whatever machine the key is: ssh-keygen -Y sign -n %s -f ~/.ssh/id_ed25519 %s", signature.Namespace, name)
	r.Note("To hand it in, with %s.sig beside it: gatebook %s %s %s --signed %s", name, a.verb(), console.Quote(a.Run), console.Quote(a.Step), name)
	return nil
}

// handIn reads a document that was signed, which must be the answer that is typed.
func (r *Runs) handIn(a Answer, typed people.Statement) (*people.Signed, error) {
	document, err := r.ReadFile(a.Sign.Signed, "what was signed")
	if err != nil {
		return nil, err
	}
	armored, err := r.ReadFile(a.Sign.Signed+".sig", "the signature")
	if err != nil {
		return nil, err
	}
	name := console.Quote(a.Sign.Signed)
	said, err := people.ParseStatement(document)
	switch {
	case err != nil:
		return nil, console.Usage("Write it anew, with --document FILE.", "%s: %v", name, err)
	case said.Step != typed.Step || said.Run != typed.Run || said.Serial != typed.Serial:
		return nil, console.Usage("Name what it answers.", "%s answers %s of %s", name, said.Step, said.Run+said.Serial)
	case said.Answer != typed.Answer:
		return nil, console.Usage("Hand it in with the other of approve and reject.", "%s says %s", name, said.Answer)
	case len(a.Fields) > 0 || len(a.Attach) > 0 || a.Reason != "" || a.Sign.As != "" || a.Sign.Key != "":
		return nil, console.Usage("Leave out the other flags.", "what is answered is in %s, and signed", name)
	}
	return &people.Signed{Statement: said, Signature: string(armored)}, nil
}

// tellWho says, of the questions of a run that are open, who may answer.
func (r *Runs) tellWho(planned *plan.Plan, status *standing.Status) {
	if planned == nil || planned.People == nil {
		return
	}
	policy, err := people.Again(planned.People)
	if err != nil {
		return // whoever answers is told
	}
	for _, step := range status.Steps {
		for _, one := range append(slices.Clone(step.Instances()), step) {
			if one.Ask == nil {
				continue
			}
			question := run.Question(planned, status.Run, one.ID, one.Ask.Part, sdk.Question{From: one.Ask.From})
			var have []string
			for _, voice := range one.Ask.Yes {
				have = append(have, voice.By)
			}
			one.Ask.May = policy.May(question, have, r.Now())
		}
	}
}

// refusal is why a run that nobody drives will refuse an answer; nil: it will not.
func (r *Runs) refusal(found *Run, policy *people.Policy, step *standing.Step, signed *people.Signed) error {
	if signed == nil || found.plan == nil {
		return nil
	}
	asked := sdk.Question{Message: step.Ask.Message, From: step.Ask.From}
	if !step.Ask.Until.IsZero() {
		asked.Expires = step.Ask.Until.Sub(step.Ask.Since)
	}
	_, err := policy.Judge(*signed, run.Question(found.plan, found.Status.Run, step.ID, step.Ask.Part, asked), r.Now())
	if err == nil {
		return nil
	}
	return console.Usage("See: gatebook status "+found.ID(), "it is left for run %s, which will refuse it: %s", found.ID(), layout.Line(err.Error()))
}
