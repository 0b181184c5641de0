package dossier_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/dossier"
	"github.com/gatebook/gatebook/engine/report/internal/example"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// told is a plan as text, with a review of it that is changed before.
func told(t *testing.T, change func(*review.Review)) string {
	t.Helper()
	p := example.Plan(t)
	r := review.Of(p, nil)
	change(r)
	var b bytes.Buffer
	if err := dossier.Text(&b, p, r, layout.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What it takes where all goes well is told from the most that it may take, and nothing is
// called the most that is not.
func TestWhatAPlanTakesAndTheMost(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	some := []string{"a"}
	for want, of := range map[string]review.Time{
		"about 14m of an objective of 30m, at most 1h1m":                     {Takes: 14 * minute, RTO: 30 * minute, Most: 60*minute + time.Second},
		"about 14m of an objective of 30m, with no bound":                    {Takes: 14 * minute, RTO: 30 * minute, Unbounded: some},
		"up to 14m of an objective of 30m if all goes well, at most 20m":     {Takes: 14 * minute, ByTimeout: minute, RTO: 30 * minute, Most: 20 * minute},
		"at most 14m of an objective of 30m":                                 {Takes: 14 * minute, ByTimeout: minute, RTO: 30 * minute, Most: 14 * minute},
		"up to 14m if all goes well, with no bound":                          {Takes: 14 * minute, ByTimeout: minute, Unbounded: some},
		"14m and more of an objective of 30m, as nothing is known of 1 step": {Takes: 14 * minute, RTO: 30 * minute, Unknown: some, Unbounded: some},
		"14m and more, as nothing is known of 1 step, at most 24h14m":        {Takes: 14 * minute, Unknown: some, Most: 24*time.Hour + 14*minute},
		"nobody knows how long it takes; the objective is 30m, at most 24h":  {RTO: 30 * minute, Unknown: some, Most: 24 * time.Hour},
		"nobody knows how long it takes":                                     {Unknown: some, Unbounded: some},
	} {
		text := told(t, func(r *review.Review) {
			r.Time = of
			r.Time.Path = []review.Lasting{{Step: "a", Takes: minute}}
		})
		if !strings.Contains(text, "how long it takes  "+want+"\n") {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

// Where each time is from is said, and what nothing bounds.
func TestWhereTimesAreFrom(t *testing.T) {
	t.Parallel()
	text := told(t, func(r *review.Review) {
		r.Time = review.Time{
			Takes: 4 * time.Minute, Most: time.Hour, Longest: []string{"c", "d"}, Unknown: []string{"x"}, Unbounded: []string{"x", "y"},
			Path: []review.Lasting{
				{Step: "a", Takes: time.Minute, Most: time.Minute, Basis: review.Timeout},
				{Step: "b", Takes: time.Minute, Most: time.Hour + time.Second, Basis: review.Timeout, Rounds: 3},
				{Step: "c", Takes: time.Minute, Basis: review.Timeout},
				{Step: "d", Takes: time.Minute, Most: time.Hour, Basis: review.Estimate},
			},
		}
	})
	want := `
├─ a  1m  at most, by its timeout
├─ b  1m  by the timeout of one attempt, 3 times in a row, in all at most 1h1m
├─ c  1m  by the timeout of one attempt
├─ d  1m  by its action's estimate, in all at most 1h
├─ it takes the most by c and d
├─ nothing is known of x
└─ nothing bounds y
`
	if !strings.Contains(text, want) {
		t.Errorf("it does not say %s\nbut\n%s", want, text)
	}
}

// What becomes of steps that may be done by then or not is said under that condition.
func TestWhatARollbackDoesPerhaps(t *testing.T) {
	t.Parallel()
	for want, chain := range map[string]review.Chain{
		"takes back a and b":                                     {Undo: []string{"a", "b"}},
		"nothing is to be taken back; leaves a":                  {Left: []string{"a"}},
		"nothing is to be taken back; if done by then, leaves a": {Beside: review.Beside{Left: []string{"a"}}},
		"if done by then, takes back a":                          {Beside: review.Beside{Undo: []string{"a"}}},
		"takes back a; stays b; leaves c; if done by then, takes back d and stays e": {
			Undo: []string{"a"}, Stays: []string{"b"}, Left: []string{"c"}, Beside: review.Beside{Undo: []string{"d"}, Stays: []string{"e"}},
		},
		"takes back promote and keep; if done by then, takes back left and leaves right and what it was built on: keep": {
			Undo: []string{"promote", "keep"}, Beside: review.Beside{Undo: []string{"left"}, Left: []string{"right", "keep"}},
		},
		"takes back a; if done by then, takes back b and leaves c and d and what each was built on, of a and b": {
			Undo: []string{"a"}, Beside: review.Beside{Undo: []string{"b"}, Left: []string{"c", "d", "a", "b"}},
		},
	} {
		text := told(t, func(r *review.Review) {
			chain.Step, chain.Policy = "z", plan.Rollback
			r.Chains = []review.Chain{chain}
		})
		if !strings.Contains(text, "└─ z: "+want+"\n") {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}
