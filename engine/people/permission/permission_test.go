package permission_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/people/permission"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// rule compiles a condition, and returns the places of its faults.
func rule(t *testing.T, text, message string) (permission.Rule, []string) {
	t.Helper()
	tree, found := syntax.Parse(source.NewFile("p.yaml", []byte("expr: "+text+"\n")))
	if len(found) > 0 {
		t.Fatal(found)
	}
	made, found := permission.NewCompiler().Rule(tree.Get("expr"), message)
	var faults []string
	for _, f := range found {
		faults = append(faults, f.Range.String()+" "+f.Rule.Code)
	}
	return made, faults
}

func TestWhatRulesAllow(t *testing.T) {
	t.Parallel()
	act := permission.Act{Runbook: "web", Version: "1.2.0", Owners: []string{"team-web"}, Targets: []string{"prod"}, Effect: "change", Step: "sign_off", Window: "offpeak"}
	ann := permission.Person{Name: "ann", Groups: []string{"leads"}, Starter: true}
	sunday := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, says := range map[string]string{
		`person.name == 'ann' && 'leads' in person.groups`:                       "",
		`runbook.name == 'web' && runbook.version.startsWith('1.')`:              "",
		`runbook.owners.exists(o, o == 'team-web') && targets == ['prod']`:       "",
		`effect == 'change' && step == 'sign_off' && !person.author`:             "",
		`window in ['offpeak', 'night']`:                                         "",
		`now.getDayOfWeek() == 0`:                                                "",
		`person.starter == false`:                                                "does not let ann: person.starter == false",
		`runbook.owners[3] == 'x'`:                                               "it cannot be decided",
		`int(runbook.version) > 1`:                                               "it cannot be decided",
		`now < timestamp('2020-01-01T00:00:00Z') || targets.all(t, t != 'prod')`: "does not let ann",
	} {
		made, faults := rule(t, text, "")
		if len(faults) > 0 {
			t.Errorf("%s: %v", text, faults)
		}
		err := permission.Allows([]permission.Rule{made}, act, ann, sunday)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: want %q, got %v", text, says, err)
		}
	}
}

// A rule with a fault allows nothing, and the first rule that is not true is told, by its message.
func TestTheFirstRuleThatDoesNotHold(t *testing.T) {
	t.Parallel()
	yes, _ := rule(t, "true", "")
	no, _ := rule(t, "person.name != ''", "nobody whom it does not know")
	broken, faults := rule(t, "persn.name == 'ann'", "")
	if len(faults) != 1 || faults[0] != "p.yaml:1:7 GB0302" {
		t.Errorf("got %v", faults)
	}
	err := permission.Allows([]permission.Rule{yes, no, broken}, permission.Act{}, permission.Person{}, time.Time{})
	refusal, is := errors.AsType[*permission.Refusal](err)
	if !is || refusal.Rule != "nobody whom it does not know" || refusal.Cause != nil || !strings.Contains(err.Error(), "somebody whom it does not know: nobody") {
		t.Errorf("got %v", err)
	}
	if err := permission.Allows([]permission.Rule{yes, broken}, permission.Act{}, permission.Person{Name: "ann"}, time.Time{}); err == nil {
		t.Error("a rule with a fault lets somebody")
	}
	if err := permission.Allows(nil, permission.Act{}, permission.Person{}, time.Time{}); err != nil {
		t.Errorf("without rules: %v", err)
	}
}
