package review_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

func TestTheTimeIsThatOfTheCriticalPath(t *testing.T) {
	t.Parallel()
	r := reviewed(t, map[string]review.Past{"b": {Median: 2 * time.Minute, P95: 5 * time.Minute, Runs: 7}},
		with(step("a"), takes(time.Minute)),
		with(step("b", "a"), takes(time.Hour)),
		with(step("c", "a"), takes(time.Second)),
		with(step("d", "b", "c"), func(s *plan.Step) {
			s.Timeout = 10 * time.Minute
			s.Gate = []*plan.Condition{{Within: 5 * time.Minute, Hold: time.Minute}}
		}),
		with(step("f"), closes),
	)
	want := review.Time{
		Path: []review.Lasting{
			{Step: "a", Takes: time.Minute, Basis: review.Estimate},
			{Step: "b", Takes: 2 * time.Minute, P95: 5 * time.Minute, Runs: 7, Basis: review.History},
			{Step: "d", Takes: 11 * time.Minute, Most: 15 * time.Minute, Basis: review.Timeout, Waits: time.Minute},
		},
		Takes: 14 * time.Minute, ByTimeout: 10 * time.Minute, P95: 17 * time.Minute, Unknown: []string{"f"}, Unbounded: []string{"a", "b", "c", "f"}, RTO: time.Hour,
	}
	if diff := cmp.Diff(want, r.Time); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if fits, known := r.Time.Fits(); !fits || known {
		t.Errorf("fits %t, known %t: of f nobody knows", fits, known)
	}
}

// tried is a step with a timeout that is attempted so often.
func tried(id string, timeout time.Duration, retry plan.Retry, needs ...string) *plan.Step {
	return with(step(id, needs...), func(s *plan.Step) { s.Timeout, s.Retry = timeout, retry })
}

// asks has a step ask people, and its question expire as its parameter says, or after a day.
func asks(expires ...value.Value) func(*plan.Step) {
	return func(s *plan.Step) {
		s.Describe.Asks = true
		s.Describe.Input = &schema.Schema{Type: schema.TypeObject, Properties: []schema.Property{
			{Name: "expires", Schema: &schema.Schema{Type: schema.TypeString, Format: schema.FormatDuration, Default: "24h"}},
		}}
		for _, v := range expires {
			s.Params = value.Object(value.Member{Name: "expires", Value: v})
		}
	}
}

// What a step may take at most is all that the runbook lets it be tried again and waited for,
// and nothing is the most where something has no bound.
func TestTheMostThatAStepMayTake(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	within := func(d time.Duration) []*plan.Condition {
		return []*plan.Condition{{}, {Within: d}, {Within: d / 2, Hold: d / 3}}
	}
	ten := plan.Retry{Attempts: 10, Delay: time.Second, MaxDelay: 8 * time.Second, Factor: 2} // 1+2+4+8*6
	for name, c := range map[string]struct {
		step *plan.Step
		most time.Duration // 0: there is none
	}{
		"one attempt":              {tried("a", minute, plan.Retry{Attempts: 1, Delay: minute}), minute},
		"attempts and waits":       {tried("a", minute, ten), 10*minute + 55*time.Second},
		"as a review found it":     {with(tried("a", 10*minute, plan.Retry{Attempts: 6, Delay: 5 * minute, MaxDelay: 5 * minute, Factor: 2}), func(s *plan.Step) { s.Gate, s.Verify = within(2*time.Hour), within(time.Hour) }), 2*time.Hour + 60*minute + 25*minute + time.Hour},
		"few of which time out":    {tried("a", minute, plan.Retry{Attempts: 3, Timeouts: 1}), 3 * minute},
		"so many that nobody asks": {tried("a", minute, plan.Retry{Attempts: 1 << 40, Delay: time.Hour, Factor: 1}), 0},
		"without waits":            {tried("a", time.Millisecond, plan.Retry{Attempts: 60_000, Factor: 3}), minute},
		"waits that grow":          {tried("a", minute, plan.Retry{Attempts: 2000, Delay: time.Second, Factor: 2}), 0},
		"no timeout":               {with(step("a"), func(s *plan.Step) { s.Retry = ten }), 0},
		"no timeout, and history":  {step("old"), 0},
		"a question":               {with(tried("a", minute, ten), asks()), 24 * time.Hour},
		"that stands for an hour":  {with(step("a"), asks(value.String("1h"))), time.Hour},
		"that stands for ever":     {with(step("a"), asks(value.String("0s"))), 0},
		"nobody knows how long":    {with(step("a"), asks(value.Unknown(value.Cause{Step: "b"}))), 0},
		"nobody tells how long":    {with(step("a"), asks(value.String("1h").Secret())), 0},
		"what is skipped":          {with(step("a"), isSkipped), 0},
	} {
		got := reviewed(t, map[string]review.Past{"old": {Median: minute, P95: minute, Runs: 7}}, c.step).Time
		var unbounded []string
		if c.most == 0 && !c.step.Skipped() {
			unbounded = []string{c.step.ID}
		}
		if diff := cmp.Diff(unbounded, got.Unbounded); got.Most != c.most || diff != "" {
			t.Errorf("%s: at most %s, want %s; unbounded (-want +got)\n%s", name, got.Most, c.most, diff)
		}
		for _, l := range got.Path {
			if l.Most != c.most {
				t.Errorf("%s: the step takes at most %s, want %s", name, l.Most, c.most)
			}
		}
	}
}

// The steps that take the most may be others than those that take the longest where all goes
// well, and what is of finally comes behind them.
func TestTheMostIsThatOfALongestPath(t *testing.T) {
	t.Parallel()
	r := reviewed(t, nil,
		tried("a", time.Minute, plan.Retry{Attempts: 1}),
		tried("b", 9*time.Minute, plan.Retry{Attempts: 1}, "a"),
		tried("c", time.Minute, plan.Retry{Attempts: 30}, "a"),
		with(tried("f", time.Minute, plan.Retry{Attempts: 2}), closes),
	).Time
	if r.Takes != 11*time.Minute || r.Most != 33*time.Minute || r.FitsAtMost() != true {
		t.Errorf("it takes %s, and at most %s", r.Takes, r.Most)
	}
	if diff := cmp.Diff([]string{"a", "c", "f"}, r.Longest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	r.RTO = 30 * time.Minute
	if fits, known := r.Fits(); !fits || !known || r.FitsAtMost() {
		t.Errorf("where all goes well it fits %t (known %t), and at most %t", fits, known, r.FitsAtMost())
	}
	alone := reviewed(t, nil, tried("a", time.Minute, plan.Retry{Attempts: 2})).Time
	if alone.Longest != nil || alone.Most != 2*time.Minute {
		t.Errorf("%+v", alone)
	}
}

// Nothing is too long to be counted.
func TestTimesDoNotRunOver(t *testing.T) {
	t.Parallel()
	const years = 250 * 365 * 24 * time.Hour
	huge := with(tried("a", years, plan.Retry{Attempts: 1 << 40, Delay: years, Factor: 1e9}), loop([]int{1, 1, 1}, "x", "y", "z"))
	huge.Loop.Pause = years
	last := with(step("c", "b"), takes(years))
	got := reviewed(t, nil, huge, tried("b", years, plan.Retry{Attempts: 1}, "a"), last).Time
	if got.Takes <= 0 || got.Most != 0 || len(got.Unbounded) != 3 {
		t.Errorf("%+v", got)
	}
}
