package runs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// The journal of a gatebook that did not write down the digest of the plan is sound, and
// the audit does not pretend to more.
func TestAuditSaysWhatNothingVouchesFor(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	all, folder := asking(t, &said)
	if err := errors.Join(folder.SaveRunbook(nil), folder.SavePlan([]byte("{}"))); err != nil {
		t.Fatal(err)
	}
	trail, err := all.Audit(journal.Latest)
	if err != nil || !trail.Intact {
		t.Errorf("%+v, %v", trail, err)
	}
	if want := "plan.json is not vouched for"; !strings.Contains(said.String(), want) {
		t.Errorf("it says %q, want %q", said.String(), want)
	}
}

// An answer that nobody has signed is no answer where answers are signed, though the journal's
// hashes are as they must be.
func TestAuditHoldsAnswersAgainstTheirSignatures(t *testing.T) {
	t.Parallel()
	for signers, want := range map[string]string{
		"allowedSigners: signers\n": "record 4: the answer of bob to step sign_off does not count: nothing proves that it was signed",
		"":                          "",
	} {
		var said strings.Builder
		all, folder := asking(t, &said)
		policy, found := people.Read(source.NewFile(people.FileName, []byte("apiVersion: gatebook/v1\nkind: Policy\n"+signers)), func(name string) (*source.File, error) {
			return source.NewFile(name, []byte("bob ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqd8wqmEzuuGqLOXjR3Ldz1DlE/Qc2F1tQ+1OKGDkpB\n")), nil
		}, "")
		document, err := json.Marshal(map[string]any{"policy": policy.Keep()})
		if err != nil || found.HasErrors() {
			t.Fatalf("%v, %v", found, err)
		}
		log, _, err := folder.OpenJournal(func(journal.Record) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		payload, err := json.Marshal(event.Event{
			Type: event.Answered, Op: &event.Op{Step: "sign_off", Part: event.Do}, By: "bob", Answer: &sdk.Answer{Approved: true, By: "bob"},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = log.Append(payload)
		if err := errors.Join(err, log.Close(), folder.SaveRunbook(nil), folder.SavePlan(document)); err != nil {
			t.Fatal(err)
		}
		trail, err := all.Audit(journal.Latest)
		if err != nil || trail.Intact != (want == "") || !strings.Contains(trail.Fault, want) {
			t.Errorf("%+v, %v", trail, err)
		}
	}
}
