package run

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func folderFor(t *testing.T) *journal.Run {
	t.Helper()
	folder, err := journal.NewStore(t.TempDir()).Create("run")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// What a connection reaches at its first use is on the disk before it is used.
func TestATargetIsKeptBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	prod, red := &plan.Connection{Name: "prod", Plugin: "k"}, sdk.Target{ID: "1", Title: "red"}
	full := errors.New("the disk is full")
	for _, saving := range []error{full, nil} {
		judged := make(chan error, 1)
		go func() { judged <- d.judge(t.Context(), prod, red) }()
		told := <-d.arrived
		if diff := cmp.Diff(&event.Target{Connection: "prod", Plugin: "k", Target: red}, told.fact.Target); told.fact.Type != event.TargetReached || !told.urgent || diff != "" {
			t.Errorf("told: %+v\n%s", told, diff)
		}
		told.saved <- saving
		if err := <-judged; !errors.Is(err, saving) {
			t.Errorf("judged: %v, want %v", err, saving)
		}
	}
	if err := d.judge(t.Context(), prod, red); err != nil || len(d.arrived) > 0 {
		t.Errorf("the same is judged %v, and told of %d times more", err, len(d.arrived))
	}
}

// What was never known of a connection needs nobody's word to be another.
func TestNewTargetIsOfAConnectionWhoseTargetIsKnown(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	d.plan = &plan.Plan{Connections: []*plan.Connection{{Name: "here", Plugin: "k"}}}
	for over, want := range map[string]string{
		"here":  "run run: what its connection here reached is not known, so that it may reach another without --new-target",
		"there": "run run: it has no connection there",
	} {
		_, err := d.sameTargets(t.Context(), Resumption{NewTargets: []string{over}})
		if _, refused := errors.AsType[*RefusedError](err); !refused || err.Error() != want {
			t.Errorf("%s: %v, want %s", over, err, want)
		}
	}
}
