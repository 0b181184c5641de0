package people_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/people/permission"
	"github.com/gatebook/gatebook/engine/people/signature"
)

// hand is somebody's key.
type hand struct {
	signer signature.Signer
	line   string // the public key
}

// handOf makes a key, the same each time for a letter.
func handOf(tb testing.TB, letter byte) hand {
	tb.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{letter}, ed25519.SeedSize))
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := signature.ParsePrivate(pem.EncodeToMemory(block), nil)
	if err != nil {
		tb.Fatal(err)
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		tb.Fatal(err)
	}
	return hand{signer, string(ssh.MarshalAuthorizedKey(public))}
}

func (h hand) signs(tb testing.TB, s people.Statement) people.Signed {
	tb.Helper()
	document, err := s.Document()
	if err != nil {
		tb.Fatal(err)
	}
	armored, err := signature.Sign(document, h.signer)
	if err != nil {
		tb.Fatal(err)
	}
	return people.Signed{Statement: s, Signature: string(armored)}
}

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// teams is a policy with two groups, and the hands of some people.
func teams(tb testing.TB) (policy *people.Policy, ann, bob, mallory hand) {
	ann, bob, mallory = handOf(tb, 'a'), handOf(tb, 'b'), handOf(tb, 'm')
	policy = reads(tb, head+`allowedSigners: signers
people: {bob@example.com: {accounts: [bob]}, cy@example.com: {accounts: [cy]}}
groups: {leads: [ann@example.com, bob@example.com, cy@example.com, dee@example.com], ops: [cy@example.com]}
neverApprove: [author, starter]
approve: {expr: "effect != 'destroy' || person.name != 'dee@example.com'", message: dee destroys nothing}
`, "ann@example.com,dee@example.com "+ann.line+"bob@example.com "+bob.line+
		`cy@example.com valid-before="20261101Z" `+bob.line)
	return policy, ann, bob, mallory
}

func asked() people.Question {
	return people.Question{
		Plan: "sha256:aa", Run: "r1", Serial: "s1", Step: "sign_off", Part: "do", Message: "Go on?", From: []string{"leads"}, Stands: time.Hour,
		Act: permission.Act{Runbook: "web", Effect: "destroy"}, Author: "bob", Starter: "cy",
	}
}

// given is the answer of ann to that question.
func given() people.Statement {
	return people.Statement{
		Plan: "sha256:aa", Run: "r1", Step: "sign_off", Part: "do", Message: "Go on?", Answer: people.Yes, Comment: "seen <it>",
		Fields: json.RawMessage(`{"b": 1.50, "a": "<x>"}`), Person: "ann@example.com", Time: noon().Add(-time.Minute),
	}
}

func TestAnswersThatCount(t *testing.T) {
	t.Parallel()
	policy, ann, _, _ := teams(t)
	first, err := policy.Judge(ann.signs(t, given()), asked(), noon())
	if err != nil || first.Key != ann.signer.Key().Fingerprint() || first.Answer.Person != "ann@example.com" {
		t.Fatalf("got %+v, %v", first, err)
	}
	// Whatever way it has taken: through JSON, which writes < in another way and knows no spaces.
	text, err := json.Marshal(ann.signs(t, given()))
	if err != nil {
		t.Fatal(err)
	}
	var crossed people.Signed
	if err := json.Unmarshal(text, &crossed); err != nil {
		t.Fatal(err)
	}
	again, err := policy.Judge(crossed, asked(), noon())
	if err != nil || again.Document != first.Document || string(again.Answer.Fields) != `{"a":"<x>","b":1.50}` {
		t.Errorf("got %+v, %v", again, err)
	}
	beforehand := given()
	beforehand.Run, beforehand.Serial, beforehand.Message = "", "s1", ""
	if _, err := policy.Judge(ann.signs(t, beforehand), asked(), noon()); err != nil {
		t.Errorf("an answer before the run: %v", err)
	}
	if got := policy.May(asked(), nil, noon()); fmt.Sprint(got) != "[ann@example.com]" {
		t.Errorf("it may be answered by %v", got)
	}
	if got := policy.May(asked(), []string{"ann@example.com"}, noon()); len(got) != 0 {
		t.Errorf("it may be answered once more by %v", got)
	}
}

// An answer that is forged, foreign, expired, or was given to something else, is refused, and it is
// said why.
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	policy, ann, bob, mallory := teams(t)
	other := func(change func(s *people.Statement)) people.Signed {
		s := given()
		change(&s)
		return ann.signs(t, s)
	}
	forged := ann.signs(t, given())
	forged.Statement.Answer = people.No
	unsigned := people.Signed{Statement: given()}
	for says, answer := range map[string]people.Signed{
		"it is not signed":                 unsigned,
		"is not of this document":          forged,
		"is not one of ann@example.com":    mallory.signs(t, given()),
		"eve is not in the file":           other(func(s *people.Statement) { s.Person = "eve" }),
		"the key has expired":              bob.signs(t, func() people.Statement { s := given(); s.Person = "cy@example.com"; return s }()),
		"the plan sha256:bb":               other(func(s *people.Statement) { s.Plan = "sha256:bb" }),
		"to the run r2":                    other(func(s *people.Statement) { s.Run = "r2" }),
		"another file of the plan":         other(func(s *people.Statement) { s.Run, s.Serial = "", "s2" }),
		"of the serial ":                   other(func(s *people.Statement) { s.Run = "" }),
		"to the step tell":                 other(func(s *people.Statement) { s.Step = "tell" }),
		"answers whether it is taken back": other(func(s *people.Statement) { s.Part = "undo" }),
		`it says "maybe"`:                  other(func(s *people.Statement) { s.Answer = "maybe" }),
		`another question: "Stop?"`:        other(func(s *people.Statement) { s.Message = "Stop?" }),
		"later than now":                   other(func(s *people.Statement) { s.Time = noon().Add(time.Hour) }),
		"it has expired":                   other(func(s *people.Statement) { s.Time = noon().Add(-2 * time.Hour) }),
		"bob@example.com is the author":    bob.signs(t, func() people.Statement { s := given(); s.Person = "bob@example.com"; return s }()),
		"dee destroys nothing":             other(func(s *people.Statement) { s.Person = "dee@example.com" }),
		"what was filled in is no JSON":    {Statement: people.Statement{Fields: json.RawMessage(`{`)}, Signature: forged.Signature},
	} {
		verdict, err := policy.Judge(answer, asked(), noon())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
		if verdict.Document == "" && says != "what was filled in is no JSON" {
			t.Errorf("%s: nothing tells it from another answer", says)
		}
	}
	question := asked()
	question.From = []string{"ops"}
	if _, err := policy.Judge(ann.signs(t, given()), question, noon()); err == nil || !strings.Contains(err.Error(), "in none of the groups that are asked: ops") {
		t.Errorf("of another group: %v", err)
	}
	question.From, question.Author, question.Starter = nil, "", "bob"
	mine := given()
	mine.Person = "bob@example.com"
	if _, err := policy.Judge(bob.signs(t, mine), question, noon()); err == nil || !strings.Contains(err.Error(), "is the starter of the run") {
		t.Errorf("of the starter: %v", err)
	}
}

// Whoever has a key that any line gives to the starter, or to the author, is that person, by
// whatever other name the key signs.
func TestAnotherNameOfTheStarterIsTheStarter(t *testing.T) {
	t.Parallel()
	ann, bob := handOf(t, 'a'), handOf(t, 'b')
	for name, c := range map[string]struct{ signers, as string }{
		"two names of one line":            {"ann,ann-adm " + ann.line, "ann-adm"},
		"two lines":                        {"ann " + ann.line + "ann-adm " + ann.line, "ann-adm"},
		"a pattern":                        {"*,!bob " + ann.line, "anybody"},
		"a line that has expired":          {`ann valid-before="20200101Z" ` + ann.line + "ann-adm " + ann.line, "ann-adm"},
		"a line that is for something":     {`ann namespaces="git" ` + ann.line + "ann-adm " + ann.line, "ann-adm"},
		"a line of a pattern, and another": {"a?n " + ann.line + "ann-adm " + ann.line, "ann-adm"},
	} {
		for _, rules := range []string{
			"neverApprove: [author, starter]\n", `approve: {expr: "!person.starter && !person.author", message: may not approve}` + "\n",
		} {
			policy := reads(t, head+"allowedSigners: signers\npeople: {ann: {accounts: [root]}}\n"+rules, c.signers+"bob "+bob.line)
			for _, q := range []people.Question{{Starter: "root"}, {Starter: "bob", Author: "root"}} {
				mine := given()
				q.Plan, q.Run, q.Step, q.Part, q.Message, mine.Person = mine.Plan, mine.Run, mine.Step, mine.Part, mine.Message, c.as
				if _, err := policy.Judge(ann.signs(t, mine), q, noon()); err == nil || !strings.Contains(err.Error(), "may not approve") {
					t.Errorf("%s: %v", name, err)
				}
				mine.Person = "bob"
				if _, err := policy.Judge(bob.signs(t, mine), q, noon()); err != nil {
					t.Errorf("%s: another person: %v", name, err)
				}
			}
		}
	}
	policy := reads(t, head+"allowedSigners: signers\npeople: {ann: {accounts: [root]}}\ngroups: {leads: [ann-adm, bob]}\nneverApprove: [starter]\n",
		"ann,ann-adm "+ann.line+"bob "+bob.line)
	if got := policy.May(people.Question{Starter: "root", From: []string{"leads"}}, nil, noon()); fmt.Sprint(got) != "[bob]" {
		t.Errorf("it may be answered by %v", got)
	}
}

// No member of a statement can be another one under the same signature.
func TestASignatureIsOfOneStatement(t *testing.T) {
	t.Parallel()
	policy, ann, _, _ := teams(t)
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.StringMatching(`[a-z"\\{},: \n]{0,6}`)
		draw := func() people.Statement {
			return people.Statement{
				Plan: word.Draw(r, "plan"), Run: word.Draw(r, "run"), Serial: word.Draw(r, "serial"), Step: word.Draw(r, "step"), Part: word.Draw(r, "part"),
				Message: word.Draw(r, "message"), Answer: word.Draw(r, "answer"), Comment: word.Draw(r, "comment"), Person: word.Draw(r, "person"),
				Time: noon().Add(time.Duration(rapid.IntRange(0, 2).Draw(r, "seconds")) * time.Second),
			}
		}
		one, two := draw(), draw()
		same := fmt.Sprint(one) == fmt.Sprint(two)
		signed := ann.signs(t, one)
		signed.Statement = two
		_, err := policy.Judge(signed, asked(), noon())
		if forged := err != nil && strings.Contains(err.Error(), "is not of this document"); forged == same {
			r.Fatalf("%+v\n%+v: %v", one, two, err)
		}
		document, err := one.Document()
		if err != nil {
			r.Fatal(err)
		}
		read, err := people.ParseStatement(document)
		if again, _ := read.Document(); err != nil || !bytes.Equal(document, again) {
			r.Fatalf("%s is read as %s, %v", document, again, err)
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	document, err := given().Document()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add(bytes.ReplaceAll(document, []byte(`"step"`), []byte(`"Step"`)))
	f.Add(append(bytes.Clone(document), ' '))
	f.Add([]byte(`{"format": "gatebook/answer/v1", "time": "2026-01-01T00:00:00Z", "fields": {"a": 1, "a": 2}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := people.ParseStatement(text)
		if err != nil {
			return
		}
		if again, err := read.Document(); err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q is read, and written as %q, %v", text, again, err)
		}
	})
}
