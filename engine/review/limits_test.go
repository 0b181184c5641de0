package review_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// limitedPlan has three changes for sure, the one of finally among them, one that may be skipped, one that is, and one for
// nobody knows how many.
func limitedPlan(t *testing.T, limits event.Limits) *plan.Plan {
	t.Helper()
	step := func(id string, effect sdk.Effect, changes ...sdk.Delta) *plan.Step {
		return &plan.Step{ID: id, OnFailure: plan.Stop, Use: plan.Use{Action: "test", Effect: effect, Preview: &sdk.Preview{Changes: changes}}}
	}
	when := func(s *plan.Step, truth expr.Truth) *plan.Step {
		s.When = &plan.Condition{State: plan.State{Truth: truth.String()}}
		return s
	}
	web, db := sdk.Delta{Kind: "Deployment", Target: "web", Op: "update"}, sdk.Delta{Kind: "Deployment", Target: "db", Op: "delete"}
	first := step("first", sdk.Change, web)
	first.Preview.Cost = sdk.Cost{"usd": 2, "eur": 9}
	open := step("open", sdk.Change)
	open.Loop = &plan.Loop{Over: value.Unknown(value.Cause{Step: "list", Reason: "it is known after that"})}
	last := step("last", sdk.Change)
	last.Finally = true
	p, err := plan.New(plan.Plan{OnFailure: plan.Stop, Limits: &limits, Steps: []*plan.Step{
		step("list", sdk.Read), first, step("again", sdk.Destroy, web, db), when(step("perhaps", sdk.Change, db), expr.Unknown),
		when(step("never", sdk.Destroy), expr.False), open, last,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The run keeps room for a step of finally that may be skipped, so that a change before it is not
// begun where that is the last room. Where nothing surely changes, nothing is refused for it.
func TestWhatFinallyMayNeedCountsBehindAChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first sdk.Effect
		most  int
		over  []string
	}{
		"behind a change":     {sdk.Change, 1, []string{"that makes 2 changes, and maxChanges is 1"}},
		"behind what is read": {sdk.Read, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := plan.New(plan.Plan{OnFailure: plan.Stop, Limits: &event.Limits{Changes: &c.most}, Steps: []*plan.Step{
				{ID: "first", OnFailure: plan.Stop, Use: plan.Use{Action: "test", Effect: c.first}},
				{ID: "tell", OnFailure: plan.Stop, Finally: true, Use: plan.Use{Action: "test", Effect: sdk.Change}, When: &plan.Condition{State: plan.State{Truth: expr.Unknown.String()}}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.over, review.Over(p, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPlanIsCountedAgainstItsLimits(t *testing.T) {
	t.Parallel()
	three, one := 3, 1
	limits := event.Limits{Changes: &three, Destroys: &one, Targets: &one, Duration: time.Hour, Cost: sdk.Cost{"usd": 1.5}}
	p := limitedPlan(t, limits)
	until := []string{"list"}
	want := []review.Limited{
		{Line: limit.Line{Limit: limit.Changes, Max: 3, Used: 3}, Most: 4, Until: until},
		{Line: limit.Line{Limit: limit.Destroys, Max: 1, Used: 1}, Most: 1, Until: until},
		{Line: limit.Line{Limit: limit.Targets, Max: 1, Used: 3}, Most: 3, Until: until},
		{Line: limit.Line{Limit: limit.Duration, Max: float64(time.Hour), Used: float64(time.Minute)}, Most: float64(time.Minute)},
		{Line: limit.Line{Limit: limit.Cost, Unit: "usd", Max: 1.5, Used: 2}, Most: 2, Until: []string{"list", "again", "perhaps", "last"}},
	}
	if diff := cmp.Diff(want, review.Limits(p, review.Foreseen(p), review.Time{Takes: time.Minute})); diff != "" {
		t.Error(diff)
	}
	over := []string{"that touches 3 targets, and maxTargets is 1", "that costs 2 usd, and maxCost is 1.5 usd"}
	if diff := cmp.Diff(over, review.Over(p, review.Foreseen(p))); diff != "" {
		t.Error(diff)
	}
	// Where no action was asked, what they would say is not held against the plan.
	p.Offline = true
	if over := review.Over(p, review.Foreseen(p)); len(over) > 0 {
		t.Errorf("offline: %q", over)
	}
}

func TestAPlanThatGoesOverItsLimitsSaysSoFirst(t *testing.T) {
	t.Parallel()
	two := 2
	found := review.Of(limitedPlan(t, event.Limits{Changes: &two}), nil).Problems
	if len(found) == 0 || found[0].Kind != review.OverLimit || !found[0].Kind.Stops() || found[0].Text != "that makes 3 changes, and maxChanges is 2" {
		t.Errorf("got %+v", found)
	}
}

// How long it takes is an estimate, which stops nothing.
func TestAPlanThatTakesLongerThanItsLimitIsWarnedOf(t *testing.T) {
	t.Parallel()
	p := limitedPlan(t, event.Limits{Duration: time.Minute})
	p.Steps[1].Preview.Estimate = time.Hour
	var found []string
	for _, problem := range review.Of(p, nil).Problems {
		if problem.Kind == review.TooLong {
			found = append(found, problem.Text)
		}
	}
	want := []string{"where all goes well it takes about 1h, and begins no change after 1m (maxDuration)"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	if over := review.Over(p, nil); len(over) > 0 {
		t.Errorf("refused: %q", over)
	}
}
