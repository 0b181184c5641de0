package review_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/plan"
)

// TestProblemsOfNow: what is false now stops a run, unless that waits for it; what could not
// be looked at is named; and what is known whatever is seen comes from there alone.
func TestProblemsOfNow(t *testing.T) {
	t.Parallel()
	unseen, waited := &plan.Seen{Error: "no route to host"}, &plan.Seen{Error: "it has no record", Waits: true}
	for name, c := range map[string]struct {
		gate plan.Condition
		seen *plan.Seen
		want []string
	}{
		"true":                {gate: plan.Condition{Now: &plan.Now{Truth: "true"}}},
		"unknown":             {gate: plan.Condition{Now: &plan.Now{Truth: "unknown"}}},
		"false":               {gate: plan.Condition{Now: &plan.Now{Truth: "false"}}, want: []string{`gate closed: "too few", now true, stops true`}},
		"false, and waited":   {gate: plan.Condition{Within: time.Minute, Now: &plan.Now{Truth: "false"}}, want: []string{`not yet: "too few", now true, stops false`}},
		"failed":              {gate: plan.Condition{Now: &plan.Now{Truth: "failed", Detail: "no item 3"}}, want: []string{`gate broken: "no item 3", now true, stops true`}},
		"failed, and waited":  {gate: plan.Condition{Within: time.Minute, Now: &plan.Now{Truth: "failed", Detail: "no item 3"}}, want: []string{`not yet: "too few", now true, stops false`}},
		"nothing observed":    {gate: plan.Condition{Now: &plan.Now{Truth: "failed", Detail: unseen.Error, Observed: unseen}}, want: []string{`look failed: "no route to host", now true, stops false`}},
		"observed again":      {gate: plan.Condition{Now: &plan.Now{Truth: "failed", Detail: waited.Error, Observed: waited}}, want: []string{`not yet: "it has no record", now true, stops false`}},
		"not waited for":      {seen: &plan.Seen{Error: "it had not ended after 10s", Cut: true}, want: []string{`cut off: "it had not ended after 10s", now true, stops false`}},
		"read again":          {seen: waited, want: []string{`not yet: "it has no record", now true, stops false`}},
		"nothing read":        {seen: unseen, want: []string{`look failed: "no route to host", now true, stops false`}},
		"false whatever":      {gate: plan.Condition{State: plan.State{Truth: "false"}}, want: []string{`gate closed: "too few", now false, stops true`}},
		"cannot, whatever is": {gate: plan.Condition{State: plan.State{Truth: "failed", Detail: "no"}}, want: []string{`gate broken: "no", now false, stops true`}},
	} {
		c.gate.Message = "too few"
		var got []string
		for _, p := range reviewed(t, nil, with(step("a"), func(s *plan.Step) { s.Gate, s.Seen = []*plan.Condition{&c.gate}, c.seen })).Problems {
			got = append(got, fmt.Sprintf("%s: %q, now %t, stops %t", p.Kind, p.Text, p.Now, p.Kind.Stops()))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A verify that is false, or that is so now, fails its step when that is done: worse than a
// gate that is closed, and no less known.
func TestProblemsOfAVerify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verify plan.Condition
		want   []string
	}{
		"unknown":           {},
		"true now":          {verify: plan.Condition{Now: &plan.Now{Truth: "true"}}},
		"false whatever":    {plan.Condition{State: plan.State{Truth: "false"}}, []string{`unverified: "too few", now false, stops true`}},
		"failed whatever":   {plan.Condition{State: plan.State{Truth: "failed", Detail: "no"}}, []string{`unverified: "no", now false, stops true`}},
		"false now":         {plan.Condition{Now: &plan.Now{Truth: "false"}}, []string{`unverified: "too few", now true, stops true`}},
		"false, and waited": {plan.Condition{Within: time.Minute, Now: &plan.Now{Truth: "false"}}, []string{`not yet: "too few", now true, stops false`}},
	} {
		c.verify.Message = "too few"
		var got []string
		for _, p := range reviewed(t, nil, with(step("a"), func(s *plan.Step) { s.Verify = []*plan.Condition{&c.verify} })).Problems {
			got = append(got, fmt.Sprintf("%s: %q, now %t, stops %t", p.Kind, p.Text, p.Now, p.Kind.Stops()))
			if !p.Verify {
				t.Errorf("%s: it is not said that it is a verify", name)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
