package event_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
)

func TestRunVouchesForWhatItBeganWith(t *testing.T) {
	t.Parallel()
	began := event.Run{Digest: event.Digest([]byte("runbook")), PlanDocument: event.Digest([]byte("plan"))}
	if err := errors.Join(began.Vouches([]byte("runbook")), began.VouchesForPlan([]byte("plan"))); err != nil {
		t.Error(err)
	}
	if err := began.Vouches([]byte("plan")); err == nil || !strings.Contains(err.Error(), "runbook.yaml is not the one") {
		t.Errorf("another runbook: %v", err)
	}
	if err := began.VouchesForPlan([]byte("runbook")); err == nil || !strings.Contains(err.Error(), "plan.json is not the one") {
		t.Errorf("another plan: %v", err)
	}
	if err := (event.Run{}).VouchesForPlan([]byte("plan")); !errors.Is(err, event.ErrUnvouched) {
		t.Errorf("a run of an older gatebook: %v", err)
	}
}
