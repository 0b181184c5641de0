package review_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// loop has a step done for each of some, in batches.
func loop(batches []int, keys ...string) func(*plan.Step) {
	return func(s *plan.Step) {
		s.Loop = &plan.Loop{Batches: batches, Instances: []*plan.Step{}}
		for _, key := range keys {
			s.Loop.Instances = append(s.Loop.Instances, s.Instance(key))
		}
	}
}

// What is so of several instances is said once, and of all of them as of the step; one that is
// skipped has no problem.
func TestProblemsOfInstancesAreSaidOnce(t *testing.T) {
	t.Parallel()
	closed := &plan.Condition{Message: "too far", State: plan.State{Truth: "false"}}
	s := with(step("a"), loop([]int{1, 1, 1, 1}, "w", "x", "y", "z"))
	s.Loop.Between = []*plan.Condition{{Message: "too slow", State: plan.State{Truth: "false"}}}
	for i, one := range s.Loop.Instances {
		one.Preview = &sdk.Preview{Warnings: []string{"it is old"}}
		if i > 1 {
			one.Gate = []*plan.Condition{closed}
		}
		if i == 0 {
			one.When, one.PreviewError = &plan.Condition{State: plan.State{Truth: "false"}}, "nobody will ask"
		}
	}
	var got []string
	for _, p := range reviewed(t, nil, s).Problems {
		got = append(got, fmt.Sprintf("%s %s %q others %d between %t", p.Kind, p.Step, p.Text, p.Others, p.Between))
	}
	want := []string{
		`gate closed a["y"] "too far" others 1 between false`,
		`gate closed a "too slow" others 0 between true`,
		`warning a "it is old" others 0 between false`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A loop takes as long as one of its instances for each round, and the time in between.
func TestALoopTakesAsLongAsItsRounds(t *testing.T) {
	t.Parallel()
	minute := func(s *plan.Step) { s.Timeout, s.Retry.Attempts = time.Minute, 2 }
	for name, c := range map[string]struct {
		change  func(*plan.Loop)
		past    map[string]review.Past
		takes   time.Duration
		rounds  int
		most    time.Duration // 0: nothing bounds it
		unknown []string
	}{
		"batch by batch": {takes: 3 * time.Minute, rounds: 3, most: 6 * time.Minute},
		"one at a time":  {change: func(l *plan.Loop) { l.MaxParallel = 1 }, takes: 5 * time.Minute, rounds: 5, most: 10 * time.Minute},
		"with pauses":    {change: func(l *plan.Loop) { l.Pause = 10 * time.Second }, takes: 3*time.Minute + 20*time.Second, rounds: 3, most: 6*time.Minute + 20*time.Second},
		"with looks in between": {change: func(l *plan.Loop) {
			l.Pause, l.Between = 10*time.Second, []*plan.Condition{{Hold: 5 * time.Second, Within: time.Minute}}
		}, takes: 3*time.Minute + 45*time.Second, rounds: 3, most: 9*time.Minute + 30*time.Second},
		"as the slowest":        {change: func(l *plan.Loop) { l.Instances[3].Preview = &sdk.Preview{Estimate: 2 * time.Minute} }, takes: 6 * time.Minute, rounds: 3, most: 6 * time.Minute},
		"as it took before":     {past: map[string]review.Past{"a": {Median: time.Second, P95: 2 * time.Second, Runs: 7}}, takes: 3 * time.Second, rounds: 3, most: 6 * time.Minute},
		"none":                  {change: func(l *plan.Loop) { l.Instances, l.Batches = l.Instances[:0], nil }},
		"nobody knows how many": {change: func(l *plan.Loop) { l.Instances, l.Batches = nil, nil }, takes: time.Minute, unknown: []string{"a"}},
	} {
		s := with(with(step("a"), minute), loop([]int{1, 2, 2}, "v", "w", "x", "y", "z"))
		if c.change != nil {
			c.change(s.Loop)
		}
		got := reviewed(t, c.past, s).Time
		rounds := 0
		for _, l := range got.Path {
			rounds = l.Rounds
		}
		if got.Most != c.most || (len(got.Unbounded) > 0) != (c.unknown != nil) {
			t.Errorf("%s: at most %s, want %s; nothing bounds %v", name, got.Most, c.most, got.Unbounded)
		}
		if got.Takes != c.takes || rounds != c.rounds {
			t.Errorf("%s: %s in %d rounds, want %s in %d", name, got.Takes, rounds, c.takes, c.rounds)
		}
		if diff := cmp.Diff(c.unknown, got.Unknown); diff != "" {
			t.Errorf("%s: unknown (-want +got)\n%s", name, diff)
		}
	}
}

// What instances touch is touched by each; what is done nobody knows how often touches what
// nobody knows.
func TestTheRadiusOfInstances(t *testing.T) {
	t.Parallel()
	s := with(step("a"), loop([]int{2}, "x", "y"))
	for _, one := range s.Loop.Instances {
		one.Preview = &sdk.Preview{Changes: []sdk.Delta{{Target: "Node " + one.Key, Kind: "Node", Op: "update"}, {Target: "drain", Kind: "command", Op: "run"}}}
	}
	open := with(step("b"), loop(nil))
	open.Loop.Instances = nil
	open.Preview = &sdk.Preview{Changes: []sdk.Delta{{Target: "drain", Kind: "command", Op: "run"}}}
	r := reviewed(t, nil, s, open)
	want := []review.Objects{
		{Kind: "Node", Op: "update", Targets: []string{"Node x", "Node y"}},
		{Kind: "command", Op: "run", Targets: []string{"drain", "drain"}},
	}
	if diff := cmp.Diff(want, r.Radius); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b"}, r.Silent); diff != "" {
		t.Errorf("silent (-want +got)\n%s", diff)
	}
}
