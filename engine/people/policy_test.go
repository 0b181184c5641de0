package people_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/people/permission"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

func fromTestdata(name string) (*source.File, error) {
	text, err := os.ReadFile(filepath.Join("testdata", filepath.Base(name)))
	if err != nil {
		return nil, errors.New("there is no file " + name)
	}
	return source.NewFile(name, text), nil
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	diagtest.Run(t, "testdata/*.yaml", func(file *source.File) diag.List {
		_, found := people.Read(file, fromTestdata, "1.2.0")
		return found
	})
}

// reads returns the policy of a text, which must have no errors.
func reads(tb testing.TB, text, signers string) *people.Policy {
	tb.Helper()
	policy, found := people.Read(source.NewFile("books/"+people.FileName, []byte(text)), func(name string) (*source.File, error) {
		return source.NewFile("books/"+name, []byte(signers)), nil
	}, "1.2.0")
	if len(found) > 0 {
		tb.Fatal(found)
	}
	return policy
}

const head = "apiVersion: gatebook/v1\nkind: Policy\n"

const annsLine = "ann ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqd8wqmEzuuGqLOXjR3Ldz1DlE/Qc2F1tQ+1OKGDkpB\n"

func TestALineOfAllowedSignersIsBlamedInItsFile(t *testing.T) {
	t.Parallel()
	_, found := people.Read(source.NewFile(people.FileName, []byte(head+"allowedSigners: keys/signers\n")), func(name string) (*source.File, error) {
		return source.NewFile(name, []byte(annsLine+"bob ssh-ed25519 AAAA\n")), nil
	}, "")
	if len(found) != 1 || found[0].Rule != diag.SignerLine || found[0].Range.String() != "keys/signers:2:1" {
		t.Errorf("got %v", found)
	}
}

// What a policy asks of gatebook holds for a run that goes on by it as well.
func TestAKeptPolicyAsksForAVersion(t *testing.T) {
	t.Parallel()
	kept := *reads(t, head+"requires: {gatebook: '>=1.1'}\n", "").Keep()
	again, err := people.Again(&kept)
	if err != nil {
		t.Fatal(err)
	}
	if again.Takes("1.2.0") != nil || again.Takes("(devel)") != nil || (*people.Policy)(nil).Takes("0.1.0") != nil {
		t.Error("a version that it asks for is refused")
	}
	if err := again.Takes("1.0.0"); err == nil || !strings.Contains(err.Error(), "asks for gatebook >=1.1, and this is 1.0.0") {
		t.Errorf("got %v", err)
	}
}

// Whoever takes a run up has not started it.
func TestWhoTakesUpIsNotTheStarter(t *testing.T) {
	t.Parallel()
	for rule, may := range map[string][3]bool{ // ann, who sealed the plan; bob, who started the run; cy
		"!person.author":  {false, true, true},
		"person.starter":  {false, true, false},
		"!person.starter": {true, false, true},
	} {
		policy := reads(t, head+"people: {ann: {accounts: [a]}, bob: {accounts: [b]}}\nstart: {expr: '"+rule+"'}\n", "")
		for i, account := range []string{"a", "b", "c"} {
			err := policy.MayStart(people.Beginning{Account: account, Author: "a", Starter: "b"}, noon())
			if (err == nil) != may[i] {
				t.Errorf("%s, %s: %v", rule, account, err)
			}
		}
	}
}

// What a run goes by is what its plan has kept, whatever the files say by then.
func TestAPolicyIsKept(t *testing.T) {
	t.Parallel()
	policy := reads(t, head+"allowedSigners: signers\ngroups: {leads: [ann]}\n", annsLine)
	kept := *policy.Keep()
	again, err := people.Again(&kept)
	if err != nil || !again.Signed() || *again.Keep().Signers != *kept.Signers || again.Keep().File != kept.File || !again.Signers().Names("ann") {
		t.Errorf("got %+v, %v", again.Keep(), err)
	}
	for name, change := range map[string]func(k *event.Policy){
		"another text":        func(k *event.Policy) { k.File.Text += "# more\n" },
		"a rule with a fault": func(k *event.Policy) { k.File.Text += "start: {expr: 'x'}\n" },
		"no signers":          func(k *event.Policy) { k.Signers = nil },
		"other signers": func(k *event.Policy) {
			k.Signers = &event.PolicyFile{Name: "signers", SHA256: k.Signers.SHA256, Text: "bob" + annsLine}
		},
		"what is no policy":       func(k *event.Policy) { k.File.Text = "[]" },
		"what is no file of YAML": func(k *event.Policy) { k.File.Text = "\t" },
	} {
		changed := kept
		change(&changed)
		if _, err := people.Again(&changed); err == nil {
			t.Errorf("%s: it is taken for the same", name)
		}
	}
}

func TestWhomARunbookAsks(t *testing.T) {
	t.Parallel()
	signed := reads(t, head+"allowedSigners: signers\ngroups: {leads: [ann, ann2, bob], ops: [ann]}\n", strings.ReplaceAll("ann,ann2,bob"+annsLine, "bobann", "bob"))
	unsigned := reads(t, head+"groups: {leads: [ann]}\n", "")
	for with, want := range map[string]struct{ none, unsigned, signed string }{
		"{message: Go}":                                   {},
		"{message: Go, quorum: 1}":                        {},
		"{message: Go, from: [leads]}":                    {"GB0905", "GB0905", ""},
		"{message: Go, quorum: 2}":                        {"GB0905", "GB0905", ""},
		"{message: Go, from: [leeds]}":                    {"GB0905", "GB0905", "GB0905 did you mean leads?"},
		"{message: Go, from: [leads], quorum: 3}":         {"GB0905", "GB0905", ""},
		"{message: Go, from: [leads, ops], quorum: 4}":    {"GB0905", "GB0905", "GB0906"},
		"{message: Go, from: [ops], quorum: 2}":           {"GB0905", "GB0905", "GB0906"},
		"{message: Go, from: ['${{ vars.g }}']}":          {"GB0905", "GB0905", ""},
		"{message: Go, from: '${{ vars.g }}', quorum: 9}": {"GB0905", "GB0905", ""},
	} {
		text := "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: web, version: 1.0.0}\nfinally:\n  - {id: a, uses: approve, with: " + with + "}\n"
		tree, found := syntax.Parse(source.NewFile("web.yaml", []byte(text)))
		if len(found) > 0 {
			t.Fatal(found)
		}
		runbook, _ := model.Decode(tree)
		for i, policy := range []*people.Policy{nil, unsigned, signed} {
			var got []string
			for _, finding := range policy.Check(runbook) {
				got = append(got, strings.TrimSpace(finding.Rule.Code+" "+finding.Hint))
			}
			if want := []string{want.none, want.unsigned, want.signed}[i]; strings.Join(got, ", ") != want {
				t.Errorf("%s, policy %d: got %v, want %s", with, i, got, want)
			}
		}
	}
}

func TestWhoMayStart(t *testing.T) {
	t.Parallel()
	policy := reads(t, head+`allowedSigners: signers
people: {ann: {accounts: [ann-pc]}}
groups: {leads: [ann]}
neverApprove: [author, starter]
start: {expr: "effect != 'destroy' || 'leads' in person.groups", message: only those who lead}
cancel: {expr: "person.starter"}
override: {expr: "'leads' in person.groups && window != 'freeze'"}
`, annsLine)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		begins people.Beginning
		says   string
	}{
		"one who leads":              {people.Beginning{Account: "ann-pc", Act: permission.Act{Effect: "destroy"}}, ""},
		"another, of a small thing":  {people.Beginning{Account: "root", Act: permission.Act{Effect: "change"}}, ""},
		"another":                    {people.Beginning{Account: "root", Act: permission.Act{Effect: "destroy"}}, "does not let somebody whom it does not know: only those who lead"},
		"a name that is no account":  {people.Beginning{Account: "ann", Act: permission.Act{Effect: "destroy"}}, "only those who lead"},
		"nobody, where it matters":   {people.Beginning{Account: "root", Asks: true}, "no person whose account is root"},
		"of nobody's plan":           {people.Beginning{Account: "ann-pc", Author: "ci", Asks: true}, "the author approve, and knows no person whose account is ci"},
		"of somebody's plan":         {people.Beginning{Account: "ann-pc", Author: "ann-pc", Asks: true}, ""},
		"of nobody's, asking nobody": {people.Beginning{Account: "root", Author: "ci"}, ""},
	} {
		if err := policy.MayStart(test.begins, at); (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: want %q, got %v", name, test.says, err)
		}
	}
	if err := policy.MayCancel(permission.Act{}, "ann-pc", "", "ann-pc", at); err != nil {
		t.Error(err)
	}
	if err := policy.MayCancel(permission.Act{}, "root", "", "ann-pc", at); err == nil {
		t.Error("somebody else may cancel")
	}
	for window, account := range map[string]string{"freeze": "ann-pc", "offpeak": "root"} {
		if err := policy.MayOverride(permission.Act{Window: window}, account, "", account, at); err == nil {
			t.Errorf("%s may override %s", account, window)
		}
	}
	if err := policy.MayOverride(permission.Act{Window: "offpeak"}, "ann-pc", "", "", at); err != nil {
		t.Error(err)
	}
	var none *people.Policy
	if err := errors.Join(none.MayStart(people.Beginning{}, at), none.MayCancel(permission.Act{}, "", "", "", at), none.MayOverride(permission.Act{}, "", "", "", at)); err != nil || none.Signed() || none.Keep() != nil || none.PersonOf("x") != "" {
		t.Errorf("without a policy: %v", err)
	}
	if members, err := policy.Of([]string{"leads"}); err != nil || !slices.Equal(members, []string{"ann"}) {
		t.Errorf("got %v, %v", members, err)
	}
	if _, err := none.Of([]string{"leads"}); err == nil || !strings.Contains(fmt.Sprint(err), "no policy that says who is in the group leads") {
		t.Errorf("got %v", err)
	}
}

// What the page about people shows is a policy without faults, and a step that fits it.
func TestTheExamplesOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "people.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for i, part := range strings.Split(string(page), "```yaml\n") {
		if i > 0 {
			block, _, _ := strings.Cut(part, "```")
			blocks = append(blocks, block)
		}
	}
	if len(blocks) != 2 {
		t.Fatalf("the page has %d examples", len(blocks))
	}
	policy := reads(t, blocks[0], strings.ReplaceAll("ann@x,bob@x "+strings.TrimPrefix(annsLine, "ann "), "@x", "@example.com"))
	tree, found := syntax.Parse(source.NewFile("web.yaml", []byte("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: web, version: 1.0.0}\nsteps:\n"+blocks[1])))
	runbook, more := model.Decode(tree)
	if found := append(append(found, more...), policy.Check(runbook)...); len(found) > 0 {
		t.Error(found)
	}
	friday := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	question := people.Question{From: []string{"leads"}, Act: people.Act{Targets: []string{"prod"}}}
	if may := policy.May(question, nil, friday); len(may) != 0 {
		t.Errorf("on a Friday %v may", may)
	}
	if may := policy.May(question, nil, friday.Add(-24*time.Hour)); len(may) != 2 {
		t.Errorf("on a Thursday %v may", may)
	}
}
