package run

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type nothing struct{}

// handler returns an action that takes a second.
func handler(tb testing.TB, effect sdk.Effect) sdk.Handler {
	tb.Helper()
	h, err := sdk.Action[nothing, nothing]{
		Name: "test." + string(effect), Summary: "take a second", Effect: effect,
		Apply: func(context.Context, *sdk.Call[nothing]) (nothing, error) {
			time.Sleep(time.Second)
			return nothing{}, nil
		},
	}.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

type noParams struct{}

func (noParams) Eval(expr.Scope) (value.Value, error) { return value.Object(), nil }

// anything is what an action may return whose outputs nobody checks.
func anything(json.RawMessage) error { return nil }

// planOf is a plan of n steps that all have the effect.
func planOf(tb testing.TB, n int, effect sdk.Effect, chain bool) *plan.Plan {
	tb.Helper()
	h := handler(tb, effect)
	var steps []*plan.Step
	for i := range n {
		s := &plan.Step{
			ID: fmt.Sprintf("s%d", i), OnFailure: plan.Stop, Retry: plan.Retry{Attempts: 1},
			Use: plan.Use{Action: "test", Effect: effect, Handler: h, Describe: h.Describe(), Fits: anything, Source: noParams{}},
		}
		if chain && i > 0 {
			s.Needs = []plan.Edge{{Step: steps[i-1].ID, Reason: plan.Needed}}
		}
		steps = append(steps, s)
	}
	p, err := plan.New(plan.Plan{OnFailure: plan.Stop, Steps: steps})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// The constant part is what the start and the end of a run cost.
func TestSyncs(t *testing.T) {
	t.Parallel()
	const n = 40
	for name, c := range map[string]struct {
		effect sdk.Effect
		chain  bool
		least  uint64
		most   uint64
	}{
		"a chain of changes has one a step":   {sdk.Change, true, n, n + 2},
		"a chain of reads has none but these": {sdk.Read, true, 1, 2},
		"a wide layer of changes shares one":  {sdk.Change, false, 1, 4},
		"a wide layer of reads has none":      {sdk.Read, false, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stats := drive(t, planOf(t, n, c.effect, c.chain))
				if stats.Syncs < c.least || stats.Syncs > c.most {
					t.Errorf("%d syncs, want %d to %d", stats.Syncs, c.least, c.most)
				}
				if stats.Records < 3*n {
					t.Errorf("%d records", stats.Records)
				}
			})
		})
	}
}

func drive(tb testing.TB, pl *plan.Plan) journal.Stats {
	tb.Helper()
	folder, err := journal.NewStore(tb.TempDir()).Create("run")
	if err != nil {
		tb.Fatal(err)
	}
	d := newDriver(context.Background(), Process{Now: time.Now}, pl, nil, folder)
	locks, err := folder.Lock(tb.Context(), journal.Owner{})
	if err != nil {
		tb.Fatal(err)
	}
	defer locks.Close()
	if d.journal, err = folder.CreateJournal(); err != nil {
		tb.Fatal(err)
	}
	d.begin(event.Run{Parallelism: len(pl.Steps)}, locks)
	result, err := d.drive(locks)
	if err != nil || result.Outcome != event.OutcomeSucceeded {
		tb.Fatalf("%+v, %v", result, err)
	}
	if len(d.work) > 0 || len(d.hosts.open) > 0 || len(d.ended) > 0 {
		tb.Errorf("left behind: %d operations, %d hosts, %d results", len(d.work), len(d.hosts.open), len(d.ended))
	}
	return d.journal.Stats()
}
