package review_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
)

// That a plan takes longer than its objective is said in words: a colour is not always there.
func TestAPlanThatIsTooLongIsAProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rto  time.Duration
		want string
	}{
		"longer":       {30 * time.Second, "where all goes well it takes about 40s, and may take 30s"},
		"just as long": {40 * time.Second, ""},
		"no objective": {0, ""},
	} {
		p, err := plan.New(plan.Plan{RTO: c.rto, Steps: []*plan.Step{step("a"), step("b", "a")}})
		if err != nil {
			t.Fatal(err)
		}
		past := map[string]review.Past{"a": {Median: 15 * time.Second, Runs: 3}, "b": {Median: 25 * time.Second, Runs: 3}}
		got := ""
		for _, problem := range review.Of(p, past).Problems {
			if problem.Kind == review.TooLong {
				got += problem.Text
				if problem.Kind.Stops() {
					t.Errorf("%s: it stops a run", name)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
