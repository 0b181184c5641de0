package runs

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/journal"
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
